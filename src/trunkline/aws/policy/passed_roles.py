"""iam:PassRole: who hands a role to a service must be allowed to, or whoever may create a task could act as any role.

The roles are found in requests by this table, in one place, so that no service can forget to ask.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Iterator
from typing import Any

# (botocore's service, operation) -> (the service that will act, where the role stands in the request)
_PLACES: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}


def _add(service: str, operations: str, principal: str, *places: str) -> None:
    for operation in operations.split():
        _PLACES[service, operation] = (f"{principal}.amazonaws.com", places)


_ECS_TASK = ("taskRoleArn", "executionRoleArn", "overrides.taskRoleArn", "overrides.executionRoleArn")
_add("apprunner", "CreateService UpdateService", "tasks.apprunner", "InstanceConfiguration.InstanceRoleArn")
_add(
    "cloudformation",
    "CreateStack UpdateStack DeleteStack CreateChangeSet RollbackStack ContinueUpdateRollback",
    "cloudformation",
    "RoleARN",
)
_add("cloudformation", "CreateStackSet UpdateStackSet", "cloudformation", "AdministrationRoleARN")
_add("cloudtrail", "CreateTrail UpdateTrail", "cloudtrail", "CloudWatchLogsRoleArn")
_add("cloudwatch", "PutMetricStream", "streams.metrics.cloudwatch", "RoleArn")
_add("codebuild", "CreateProject UpdateProject", "codebuild", "serviceRole")
_add("codebuild", "StartBuild", "codebuild", "serviceRoleOverride")
_add("codedeploy", "CreateDeploymentGroup UpdateDeploymentGroup", "codedeploy", "serviceRoleArn")
_add(
    "codepipeline",
    "CreatePipeline UpdatePipeline",
    "codepipeline",
    "pipeline.roleArn",
    "pipeline.stages[].actions[].roleArn",
)
_add("ec2", "CreateFlowLogs", "vpc-flow-logs", "DeliverLogsPermissionArn")
_add("ecs", "RegisterTaskDefinition RunTask StartTask", "ecs-tasks", *_ECS_TASK)
_add("ecs", "CreateService", "ecs", "role")
_add("eks", "CreateCluster", "eks", "roleArn")
_add("eks", "CreateNodegroup", "ec2", "nodeRole")
_add("events", "PutTargets", "events", "Targets[].RoleArn")
_add("events", "PutRule", "events", "RoleArn")
_add("iam", "AddRoleToInstanceProfile", "ec2", "RoleName")
_add("lambda", "CreateFunction UpdateFunctionConfiguration", "lambda", "Role")
_add("logs", "PutSubscriptionFilter PutDestination", "logs", "roleArn")


def passed_roles(service: str, operation: str, request: dict[str, Any], account: str) -> list[tuple[str, str]]:
    """The roles that a request hands over: (role's ARN, the service that will act as it)."""
    known = _PLACES.get((service, operation))
    if known is None:
        return []
    principal, places = known
    names = {name for place in places for name in _values(request, place.split("."))}
    prefix = f"arn:aws:iam::{account}:role/"
    return [(name if name.startswith("arn:") else prefix + name, principal) for name in sorted(names)]


def _values(value: Any, path: list[str]) -> Iterator[str]:
    if not path:
        if isinstance(value, str) and value:
            yield value
        return
    name, rest = path[0].removesuffix("[]"), path[1:]
    inner = value.get(name) if isinstance(value, dict) else None
    if path[0].endswith("[]"):
        for item in inner or ():
            yield from _values(item, rest)
    elif inner is not None:
        yield from _values(inner, rest)
