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
from trunkline.aws import queues
from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Caller, Kit
from trunkline.services.events import store
from trunkline.services.events.input import InputError, check, made
from trunkline.services.events.model import DEFAULT_BUS, Delivery

PRINCIPAL = "events.amazonaws.com"
_PARAMETERS = {
    "KinesisParameters",
    "RunCommandParameters",
    "BatchParameters",
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
            "they reach CodePipeline, CodeBuild, SNS, SQS, Lambda, ECS, event buses and CloudWatch Logs.",
            code="ValidationException",
            status=400,
        )
    if target.get("DeadLetterConfig", {}).get("Arn", "arn:aws:sqs:").split(":")[2:3] != ["sqs"]:
        raise _invalid(f"Parameter DeadLetterConfig of target {target['Id']} is not the ARN of an SQS queue.")
    if arn.service == "ecs" and "EcsParameters" not in target:
        raise _invalid(f"Parameter EcsParameters is required for target {name}.")
    if arn.service == "sqs" and arn.resource.endswith(".fifo") and "SqsParameters" not in target:
        raise _invalid(f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
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
    if arn.service == "ecs" and not arn.resource.startswith("cluster/"):
        return None
    if arn.service == "events" and not arn.resource.startswith("event-bus/"):
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


async def _queue(kit: Kit, caller: Caller, arn: arns.Arn, text: str, delivery: Delivery) -> None:
    group = delivery.target.get("SqsParameters", {}).get("MessageGroupId")
    token = _token(delivery) if group and arn.resource.endswith(".fifo") else None
    source = delivery.rule_arn
    await queues.send(
        kit.call, str(arn), text, as_=caller, source=source, MessageGroupId=group, MessageDeduplicationId=token
    )


async def _function(kit: Kit, caller: Caller, arn: arns.Arn, text: str, delivery: Delivery) -> None:
    request = {"FunctionName": str(arn), "InvocationType": "Event", "Payload": text.encode()}
    with on_behalf_of(delivery.rule_arn, delivery.account):
        await kit.call("lambda", "Invoke", request, as_=caller)


_ECS = {
    "TaskDefinitionArn": "taskDefinition",
    "TaskCount": "count",
    "LaunchType": "launchType",
    "NetworkConfiguration": "networkConfiguration",
    "PlatformVersion": "platformVersion",
    "Group": "group",
    "CapacityProviderStrategy": "capacityProviderStrategy",
    "EnableECSManagedTags": "enableECSManagedTags",
    "EnableExecuteCommand": "enableExecuteCommand",
    "PlacementConstraints": "placementConstraints",
    "PlacementStrategy": "placementStrategy",
    "PropagateTags": "propagateTags",
    "ReferenceId": "referenceId",
}


async def _task(kit: Kit, caller: Caller, arn: arns.Arn, text: str, delivery: Delivery) -> None:
    given = delivery.target["EcsParameters"]
    request = {name: given[member] for member, name in _ECS.items() if member in given}
    network = given.get("NetworkConfiguration", {}).get("awsvpcConfiguration")
    if network is not None:
        lowered = {key[0].lower() + key[1:]: value for key, value in network.items()}
        request["networkConfiguration"] = {"awsvpcConfiguration": lowered}
    if "Tags" in given:
        request["tags"] = [{"key": tag["Key"], "value": tag["Value"]} for tag in given["Tags"]]
    overrides = _given(delivery, text, ("containerOverrides", "cpu", "memory", "taskRoleArn", "executionRoleArn"))
    if overrides:
        request["overrides"] = overrides
    rule = delivery.rule_arn.rpartition("/")[2]
    request |= {"cluster": str(arn), "startedBy": f"events-rule/{rule}"[:36], "clientToken": _token(delivery)}
    answer = await kit.call("ecs", "RunTask", request, as_=caller)
    for failure in answer.get("failures", ()):
        raise AwsError("RunTaskFailed", failure.get("reason", ""), status=503)


async def _bus(kit: Kit, caller: Caller, arn: arns.Arn, text: str, delivery: Delivery) -> None:
    """The event goes on as it is: onto another bus of this server, where its rules look at it."""
    name = arn.resource.partition("/")[2]
    if name != DEFAULT_BUS and store.BUSES.get(kit.db, arn.account, arn.region, name) is None:
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
    await kit.db.write(lambda tx: store.add_custom(tx, str(arn), delivery.event))


async def dead_letter(kit: Kit, delivery: Delivery, code: str, exhausted: str) -> None:
    """Send an event that could not be delivered to its target's dead-letter queue, with what is known about it."""
    about = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": code,
        "ERROR_MESSAGE": delivery.error or code,
        "EXHAUSTED_RETRY_CONDITION": exhausted,
        "RETRY_ATTEMPTS": str(max(delivery.attempts - 1, 0)),
    }
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in about.items() if value}
    queue = delivery.target["DeadLetterConfig"]["Arn"]
    as_ = Caller.service(PRINCIPAL, delivery.account, arns.parse(queue).region)
    text = orjson.dumps(delivery.event).decode()
    await queues.send(kit.call, queue, text, as_=as_, source=delivery.rule_arn, MessageAttributes=attributes)


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
    "sqs": Kind(_queue, needs_role=False),
    "lambda": Kind(_function, needs_role=False),
    "ecs": Kind(_task, needs_role=True),
    "events": Kind(_bus, needs_role=False),
}


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message, status=400)
