"""Stack sets in the shapes of the answers."""

from datetime import UTC, datetime

from trunkline.aws.service import Call, Doc
from trunkline.services.cloudformation.stacksets.model import Instance, SetOperation, StackSet


def drift_details(found: StackSet) -> Doc | None:
    if not found.drift:
        return None
    return {
        **found.drift,
        "LastDriftCheckTimestamp": datetime.fromtimestamp(found.drift["LastDriftCheckTimestamp"], UTC),
    }


def stack_set(found: StackSet, call: Call, regions: list[str]) -> Doc:
    return {
        "StackSetName": found.name,
        "StackSetId": found.id,
        "Description": found.description or None,
        "Status": found.status,
        "TemplateBody": found.body,
        "Parameters": found.parameters,
        "Capabilities": found.capabilities,
        "Tags": found.tags,
        "StackSetARN": call.arn(f"stackset/{found.id}"),
        "AdministrationRoleARN": found.administration_role or None,
        "ExecutionRoleName": found.execution_role,
        "StackSetDriftDetectionDetails": drift_details(found),
        "PermissionModel": "SELF_MANAGED",
        "ManagedExecution": {"Active": found.managed_execution},
        "Regions": regions,
    }


def summary(found: StackSet) -> Doc:
    details = drift_details(found) or {}
    return {
        "StackSetName": found.name,
        "StackSetId": found.id,
        "Description": found.description or None,
        "Status": found.status,
        "PermissionModel": "SELF_MANAGED",
        "DriftStatus": details.get("DriftStatus", "NOT_CHECKED"),
        "LastDriftCheckTimestamp": details.get("LastDriftCheckTimestamp"),
        "ManagedExecution": {"Active": found.managed_execution},
    }


def instance(one: Instance) -> Doc:
    return {
        "StackSetId": one.set_id,
        "Region": one.region,
        "Account": one.account,
        "StackId": one.stack_id or None,
        "Status": one.status,
        "StackInstanceStatus": {"DetailedStatus": one.detailed},
        "StatusReason": one.reason or None,
        "DriftStatus": one.drift,
        "LastDriftCheckTimestamp": one.drift_checked,
        "LastOperationId": one.operation or None,
    }


def operation_summary(one: SetOperation) -> Doc:
    failed = sum(result["Status"] == "FAILED" for result in one.results)
    return {
        "OperationId": one.id,
        "Action": one.action,
        "Status": one.status,
        "CreationTimestamp": one.created,
        "EndTimestamp": one.ended,
        "StatusReason": one.reason or None,
        "StatusDetails": {"FailedStackInstancesCount": failed},
        "OperationPreferences": one.preferences or None,
    }


def operation(one: SetOperation, found: StackSet) -> Doc:
    return {
        **operation_summary(one),
        "StackSetId": one.set_id,
        "RetainStacks": one.retain if one.action == "DELETE" else None,
        "AdministrationRoleARN": found.administration_role or None,
        "ExecutionRoleName": found.execution_role,
        "DeploymentTargets": {"Accounts": sorted({account for account, _ in one.targets})},
        "StackSetDriftDetectionDetails": drift_details(found) if one.action == "DETECT_DRIFT" else None,
    }
