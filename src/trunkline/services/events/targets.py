"""The kinds of targets: which ARNs they are, what PutTargets demands of them, and the call that reaches them.

A target is called as its role where it has one, else as EventBridge itself. Tokens derived from the event make a call
that is repeated after a crash the same call, where the target's API has such tokens (CodePipeline, CodeBuild).
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Caller, Kit
from trunkline.services.events.input import InputError, check, made
from trunkline.services.events.model import Delivery

PRINCIPAL = "events.amazonaws.com"
_PARAMETERS = {
    "KinesisParameters",
    "RunCommandParameters",
    "EcsParameters",
    "BatchParameters",
    "SqsParameters",
    "HttpParameters",
    "RedshiftDataParameters",
    "SageMakerPipelineParameters",
    "AppSyncParameters",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of target. `needs_role`: AWS demands a RoleArn."""

    invoke: Callable[[Kit, Caller, arns.Arn, str, Delivery], Awaitable[None]]
    needs_role: bool


def checked(target: dict[str, Any]) -> None:
    """Refuse a target that could not be served, with the error PutTargets gives."""
    name = target["Arn"]
    try:
        arn = arns.parse(name)
    except ValueError:
        raise _invalid(f"Parameter {name} is not valid. Reason: Provided Arn is not in correct format.") from None
    kind = _kind(arn)
    if kind is None or _PARAMETERS & target.keys():
        raise Refused(
            f"Trunkline's rules cannot reach {arn.service} targets yet ({name}); "
            "they reach CodePipeline, CodeBuild, SNS and CloudWatch Logs.",
            code="ValidationException",
            status=400,
        )
    if "DeadLetterConfig" in target:
        raise Refused("Trunkline's rules have no dead-letter queues.", code="ValidationException", status=400)
    if kind.needs_role and not target.get("RoleArn"):
        raise _invalid(f"RoleArn is required for target {name}.")
    if sum(way in target for way in ("Input", "InputPath", "InputTransformer")) > 1:
        raise _invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}.")
    try:
        check(target)
        if "Input" in target:
            orjson.loads(target["Input"])
    except (InputError, orjson.JSONDecodeError) as error:
        raise _invalid(f"Invalid input for target {target['Id']}: {error}.") from None


async def invoke(kit: Kit, delivery: Delivery) -> None:
    """Hand the event to its target; raises the target's AwsError."""
    arn = arns.parse(delivery.target["Arn"])
    kind = _kind(arn)
    if kind is None:
        raise AwsError("ResourceNotFoundException", f"{arn} is no target")
    role = delivery.target.get("RoleArn")
    if role:
        caller = await kit.call.assume(role, service=PRINCIPAL, region=arn.region or delivery.region)
    else:
        caller = Caller.service(PRINCIPAL, arn.account or delivery.account, arn.region or delivery.region)
    text = made(delivery.target, delivery.event, delivery.rule_arn)
    await kind.invoke(kit, caller, arn, text, delivery)


def _kind(arn: arns.Arn) -> Kind | None:
    kind = _KINDS.get(arn.service)
    if arn.service == "codebuild" and not arn.resource.startswith("project/"):
        return None
    if arn.service == "logs" and not arn.resource.startswith("log-group:"):
        return None
    return kind


def _token(delivery: Delivery) -> str:
    name = f"{delivery.event_id} {delivery.rule_arn} {delivery.target_id}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _given(delivery: Delivery, text: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Members of the target's request that a constant or transformed input may set."""
    if "Input" not in delivery.target and "InputTransformer" not in delivery.target:
        return {}
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return {name: document[name] for name in names if name in document} if isinstance(document, dict) else {}


async def _pipeline(kit: Kit, caller: Caller, arn: arns.Arn, text: str, delivery: Delivery) -> None:
    request = _given(delivery, text, ("variables", "sourceRevisions"))
    request |= {"name": arn.resource, "clientRequestToken": _token(delivery)}
    await kit.call("codepipeline", "StartPipelineExecution", request, as_=caller)


_BUILD_OVERRIDES = (
    "sourceVersion",
    "environmentVariablesOverride",
    "buildspecOverride",
    "artifactsOverride",
    "imageOverride",
    "timeoutInMinutesOverride",
    "privilegedModeOverride",
    "computeTypeOverride",
)


async def _build(kit: Kit, caller: Caller, arn: arns.Arn, text: str, delivery: Delivery) -> None:
    request = _given(delivery, text, _BUILD_OVERRIDES)
    request |= {"projectName": arn.resource.removeprefix("project/"), "idempotencyToken": _token(delivery)}
    await kit.call("codebuild", "StartBuild", request, as_=caller)


async def _topic(kit: Kit, caller: Caller, arn: arns.Arn, text: str, _delivery: Delivery) -> None:
    await kit.call("sns", "Publish", {"TopicArn": str(arn), "Message": text}, as_=caller)


async def _logs(kit: Kit, caller: Caller, arn: arns.Arn, text: str, delivery: Delivery) -> None:
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    stream = delivery.rule_arn.rpartition("/")[2]
    event = {"timestamp": int(kit.clock.time() * 1000), "message": text}
    request = {"logGroupName": group, "logStreamName": stream, "logEvents": [event]}
    try:
        await kit.call("logs", "PutLogEvents", request, as_=caller)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        names = {"logGroupName": group, "logStreamName": stream}
        try:
            await kit.call("logs", "CreateLogStream", names, as_=caller)
        except AwsError as taken:
            if taken.code != "ResourceAlreadyExistsException":
                raise
        await kit.call("logs", "PutLogEvents", request, as_=caller)


_KINDS = {
    "codepipeline": Kind(_pipeline, needs_role=True),
    "codebuild": Kind(_build, needs_role=True),
    "sns": Kind(_topic, needs_role=False),
    "logs": Kind(_logs, needs_role=False),
}


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message, status=400)
