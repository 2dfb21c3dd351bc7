"""Deploying one sample: create, update, delete, and what came of it."""

import os
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError, WaiterError
from tests.support.server import wait_until
from tests.wire.templates.site import NETWORK, Site, listed

_ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("TRUNKLINE_TEMPLATES", _ROOT.parent / "shared" / "templates"))
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_WAIT = {"Delay": 0.3, "MaxAttempts": 500}

# Others import these stacks' exports by name; the rest get a name of their own.
_NAMES = {
    NETWORK: "production",
    "aws-cloudformation__aws-cloudformation-templates/Solutions/CodeBuildAndCodePipeline/"
    "cloudformation-codebuild-template.json": "samples-codebuild",
}
SHARED = tuple(_NAMES)


@dataclass(frozen=True)
class Outcome:
    """`reason` is empty when the template was created, updated and deleted."""

    path: str
    reason: str = ""


def samples() -> list[str]:
    """The templates' paths below the folder, those that others build on first."""
    if not FOLDER.is_dir():
        return []
    found = sorted(
        str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/**/*") if path.is_file() and path.suffix != ".md"
    )
    return sorted(found, key=lambda path: path not in _NAMES)


def region(path: str) -> str:
    """Where a template is deployed: some know a few regions only."""
    return "ap-northeast-2" if "FindInMapAZs" in path else "us-east-1"


def lane(path: str) -> str:
    """Templates of one lane give the same names to what they make, so they are deployed one after the other."""
    if "/services/ECS" in path or "LaunchType" in path or "service-stacks" in path:
        return path
    return Path(path).stem[:9]


def rehearse(client, site: Site, path: str, name: str) -> Outcome:
    """Create, update and delete. A stack that failed is deleted too, so that the others find what they expect."""
    deployed = deploy(client, site, path, name)
    deleted = delete(client, path, name)
    return deployed if deployed.reason else deleted


def deploy(client, site: Site, path: str, name: str) -> Outcome:
    """Create the stack and update it; it stays when others need it."""
    cloudformation = client("cloudformation", region=region(path))
    body = (FOLDER / path).read_text()
    name = _NAMES.get(path, name)
    try:
        declared = cloudformation.validate_template(TemplateBody=body)["Parameters"]
        given = {
            "TemplateBody": body,
            "Parameters": listed(site.parameters(path, name, {one["ParameterKey"] for one in declared})),
            "Capabilities": _CAPABILITIES,
        }
        cloudformation.create_stack(StackName=name, **given)
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=_WAIT)
        if drifted := _drifted(cloudformation, name):
            return Outcome(path, f"drift after the create: {drifted}")
        cloudformation.update_stack(StackName=name, **given, Tags=[{"Key": "round", "Value": "two"}])
        cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig=_WAIT)
        if drifted := _drifted(cloudformation, name):
            return Outcome(path, f"drift after the update: {drifted}")
    except (ClientError, WaiterError) as error:
        return Outcome(path, _why(cloudformation, name) or str(error))
    return Outcome(path)


def _drifted(cloudformation, name: str) -> str:
    """What differs from the template straight after it was applied: nothing, if all is well."""
    started = cloudformation.detect_stack_drift(StackName=name)["StackDriftDetectionId"]

    def ended():
        found = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=started)
        return found if found["DetectionStatus"] != "DETECTION_IN_PROGRESS" else None

    found = wait_until(ended, what="the drift detection")
    if found.get("DetectionStatusReason"):
        return found["DetectionStatusReason"]
    filters = ["MODIFIED", "DELETED"]
    drifts = cloudformation.describe_stack_resource_drifts(StackName=name, StackResourceDriftStatusFilters=filters)
    told = []
    for one in drifts["StackResourceDrifts"]:
        paths = [difference["PropertyPath"] for difference in one.get("PropertyDifferences", ())]
        told.append(f"{one['LogicalResourceId']} {one['StackResourceDriftStatus']} {paths}")
    return "; ".join(told)


def delete(client, path: str, name: str) -> Outcome:
    """Delete the stack."""
    cloudformation = client("cloudformation", region=region(path))
    name = _NAMES.get(path, name)
    try:
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=_WAIT)
    except (ClientError, WaiterError) as error:
        return Outcome(path, _why(cloudformation, name) or str(error))
    return Outcome(path)


def _why(cloudformation, name: str) -> str:
    """The first failure that the stack's events tell of."""
    try:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    except ClientError:
        return ""
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
    return f"{failed[0]['LogicalResourceId']}: {failed[0].get('ResourceStatusReason', '')}" if failed else ""
