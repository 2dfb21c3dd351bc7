"""Stacks, resources and events in the shapes of the answers."""

from typing import Any

import orjson

from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.cloudformation.model import Resource, Stack, StackEvent, Version

HIDDEN = "****"


def parameters(version: Version | None) -> list[Doc]:
    """A template version's parameters; secret ones are not shown."""
    if version is None:
        return []
    return [
        {
            "ParameterKey": name,
            "ParameterValue": HIDDEN if name in version.no_echo else value,
            "ResolvedValue": None if name in version.no_echo else version.resolved.get(name),
        }
        for name, value in version.given.items()
    ]


def stack(one: Stack, version: Version | None) -> Doc:
    return {
        "StackId": one.id,
        "StackName": one.name,
        "ChangeSetId": one.change_set_id or None,
        "Description": one.description or None,
        "Parameters": parameters(version) or None,
        "CreationTime": one.created,
        "LastUpdatedTime": one.updated,
        "DeletionTime": one.deleted,
        "RollbackConfiguration": one.rollback,
        "StackStatus": one.status.value,
        "StackStatusReason": one.reason or None,
        "DisableRollback": one.disable_rollback or one.on_failure == "DO_NOTHING",
        "DeploymentConfig": one.deployment or None,
        "NotificationARNs": one.notification_arns,
        "TimeoutInMinutes": one.timeout_min,
        "Capabilities": one.capabilities or None,
        "Outputs": [
            {
                "OutputKey": output.key,
                "OutputValue": output.value,
                "Description": output.description or None,
                "ExportName": output.export or None,
            }
            for output in one.outputs
        ]
        or None,
        "RoleARN": one.role_arn or None,
        "Tags": pairs(one.tags),
        "EnableTerminationProtection": one.protected,
        "ParentId": one.parent_id or None,
        "RootId": one.root_id or None,
        "DriftInformation": drift(one),
        "RetainExceptOnCreate": one.retain_except_on_create or None,
        "DeletionMode": one.deletion_mode or None,
        "DetailedStatus": one.detailed or None,
        "LastOperations": one.operations,
    }


def drift(one: Stack) -> Doc:
    return {"StackDriftStatus": one.drift_status, "LastCheckTimestamp": one.drift_checked}


def resource_drift(one: Resource) -> Doc:
    return {"StackResourceDriftStatus": one.drift_status, "LastCheckTimestamp": one.drift_checked}


def summary(one: Stack) -> Doc:
    return {
        "StackId": one.id,
        "StackName": one.name,
        "TemplateDescription": one.description or None,
        "CreationTime": one.created,
        "LastUpdatedTime": one.updated,
        "DeletionTime": one.deleted,
        "StackStatus": one.status.value,
        "StackStatusReason": one.reason or None,
        "ParentId": one.parent_id or None,
        "RootId": one.root_id or None,
        "DriftInformation": drift(one),
        "LastOperations": one.operations,
    }


def resource(one: Resource, owner: Stack) -> Doc:
    return {
        "StackName": owner.name,
        "StackId": owner.id,
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id or None,
        "ResourceType": one.type,
        "Timestamp": one.updated,
        "ResourceStatus": one.status,
        "ResourceStatusReason": one.reason or None,
        "DriftInformation": resource_drift(one),
    }


def resource_detail(one: Resource, owner: Stack, metadata: Any) -> Doc:
    found = resource(one, owner)
    found["LastUpdatedTimestamp"] = found.pop("Timestamp")
    found["Metadata"] = orjson.dumps(metadata).decode()
    return found


def resource_summary(one: Resource, owner: Stack) -> Doc:
    found = resource(one, owner)
    found["LastUpdatedTimestamp"] = found.pop("Timestamp")
    del found["StackName"], found["StackId"]
    return found


def event(one: StackEvent) -> Doc:
    return {
        "StackId": one.stack_id,
        "EventId": one.id,
        "StackName": one.stack_name,
        "OperationId": one.operation or None,
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id,
        "ResourceType": one.type,
        "Timestamp": one.at,
        "ResourceStatus": one.status,
        "ResourceStatusReason": one.reason or None,
        "ResourceProperties": one.properties or None,
        "ClientRequestToken": one.token or None,
        "DetailedStatus": one.detailed or None,
        **one.hook,
    }
