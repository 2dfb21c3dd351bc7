"""CloudFormation's view of EventBridge: rules with their targets, event buses and their policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html
"""

import json
from typing import Any

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("ResourceNotFoundException",)


class Rule(ResourceType):
    """Ref is the rule's name, on a custom bus `bus|name`."""

    name = "AWS::Events::Rule"
    honoured = frozenset(
        {
            "Description",
            "EventBusName",
            "EventPattern",
            "Name",
            "RoleArn",
            "ScheduleExpression",
            "State",
            "Tags",
            "Targets",
        }
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("Name") or on.name(64))
        bus = _bus(wanted)
        if "Name" in wanted and not on.resumed:
            there = await on.look("events", "DescribeRule", *_GONE, Name=name, EventBusName=bus)
            if there is not None:
                raise AwsError("AlreadyExistsException", f"{name} already exists in stack", status=400)
        await self._put(on, name, wanted)
        await self._aim(on, name, bus, [], wanted.get("Targets", []))
        return name if bus == "default" else f"{bus}|{name}"

    async def _put(self, on: Provision, name: str, wanted: Doc) -> None:
        given: Doc = {
            key: wanted[key] for key in ("Description", "RoleArn", "ScheduleExpression", "State") if key in wanted
        }
        if "EventPattern" in wanted:
            given["EventPattern"] = _text(wanted["EventPattern"])
        await on.call(
            "events",
            "PutRule",
            Name=name,
            EventBusName=_bus(wanted),
            Tags=tags.pairs(on.tags(wanted.get("Tags"))),
            **given,
        )

    async def _aim(self, on: Provision, name: str, bus: str, old: list[Doc], new: list[Doc]) -> None:
        gone = [one["Id"] for one in old if one["Id"] not in {target["Id"] for target in new}]
        if gone:
            await on.call("events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=gone)
        if new:
            given = [_to_api(target) for target in new]
            answer = await on.call("events", "PutTargets", Rule=name, EventBusName=bus, Targets=given)
            for failed in answer.get("FailedEntries", ()):
                raise AwsError(failed["ErrorCode"], failed["ErrorMessage"], status=400)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        bus, name = _place(physical_id)
        found = await on.look("events", "DescribeRule", *_GONE, Name=name, EventBusName=bus)
        if found is None:
            return None
        listed = await on.pages("events", "ListTargetsByRule", "Targets", Rule=name, EventBusName=bus)
        given = on.kept.get("EventBusName", "")
        read = {
            "Arn": found["Arn"],
            "RuleName": name,
            "Name": name,
            # A template may name the bus by its ARN: it is told in the form that was given.
            "EventBusName": given if given.rpartition("/")[2] == bus else bus,
            "Description": found.get("Description"),
            "EventPattern": json.loads(found["EventPattern"]) if found.get("EventPattern") else None,
            "RoleArn": found.get("RoleArn"),
            "ScheduleExpression": found.get("ScheduleExpression"),
            "State": found["State"],
            "Tags": tags.pairs(tags.own(await _tags(on, found["Arn"]))),
            "Targets": [_from_api(target) for target in listed],
        }
        return {key: value for key, value in read.items() if value is not None}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        bus, name = _place(physical_id)
        await self._put(on, name, {**new, "EventBusName": bus})
        listed = await on.pages("events", "ListTargetsByRule", "Targets", Rule=name, EventBusName=bus)
        await self._aim(on, name, bus, listed, new.get("Targets", []))
        found = await on.call("events", "DescribeRule", Name=name, EventBusName=bus)
        await _retag(on, found["Arn"], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        bus, name = _place(physical_id)
        if await on.look("events", "DescribeRule", *_GONE, Name=name, EventBusName=bus) is None:
            return
        listed = await on.pages("events", "ListTargetsByRule", "Targets", Rule=name, EventBusName=bus)
        await self._aim(on, name, bus, listed, [])
        await on.look("events", "DeleteRule", *_GONE, Name=name, EventBusName=bus)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for bus in await _buses(on):
            for rule in await on.pages("events", "ListRules", "Rules", EventBusName=bus):
                found.append(rule["Name"] if bus == "default" else f"{bus}|{rule['Name']}")
        return found

    def replaces(self, old: Doc, new: Doc) -> bool:
        return _bus(old).rpartition("/")[2] != _bus(new).rpartition("/")[2]


class EventBus(ResourceType):
    name = "AWS::Events::EventBus"
    honoured = frozenset({"Description", "Name", "Policy", "Tags"})
    recorded = frozenset({"KmsKeyIdentifier", "LogConfig"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted["Name"])
        given = tags.pairs(on.tags(wanted.get("Tags")))
        try:
            await on.call("events", "CreateEventBus", Name=name, Description=wanted.get("Description"), Tags=given)
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
            found = await on.call("events", "DescribeEventBus", Name=name)
            if not on.owns(await _tags(on, found["Arn"])):
                raise
        if "Policy" in wanted:
            await on.call("events", "PutPermission", EventBusName=name, Policy=_text(wanted["Policy"]))
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("events", "DescribeEventBus", *_GONE, Name=physical_id)
        if found is None:
            return None
        read = {
            "Arn": found["Arn"],
            "Name": found["Name"],
            "Description": found.get("Description"),
            "Policy": json.loads(found["Policy"]) if found.get("Policy") else None,
            "Tags": tags.pairs(tags.own(await _tags(on, found["Arn"]))),
        }
        return {key: value for key, value in read.items() if value is not None}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if old.get("Description") != new.get("Description"):
            await on.call("events", "UpdateEventBus", Name=physical_id, Description=new.get("Description", ""))
        if old.get("Policy") != new.get("Policy"):
            if "Policy" in new:
                await on.call("events", "PutPermission", EventBusName=physical_id, Policy=_text(new["Policy"]))
            else:
                await on.look("events", "RemovePermission", *_GONE, EventBusName=physical_id, RemoveAllPermissions=True)
        found = await on.call("events", "DescribeEventBus", Name=physical_id)
        await _retag(on, found["Arn"], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("events", "DeleteEventBus", *_GONE, Name=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [bus for bus in await _buses(on) if bus != "default"]


class EventBusPolicy(ResourceType):
    """One statement of a bus's policy; the physical id is `bus|statement`."""

    name = "AWS::Events::EventBusPolicy"
    honoured = frozenset({"Action", "Condition", "EventBusName", "Principal", "Statement", "StatementId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        bus, sid = _bus(wanted).rpartition("/")[2], wanted["StatementId"]
        if "Statement" in wanted:
            others = [one for one in await _statements(on, bus) or () if one.get("Sid") != sid]
            policy = {"Version": "2012-10-17", "Statement": [*others, {"Sid": sid, **_document(wanted["Statement"])}]}
            await on.call("events", "PutPermission", EventBusName=bus, Policy=json.dumps(policy))
        else:
            given = {key: wanted[key] for key in ("Action", "Condition", "Principal") if key in wanted}
            await on.call("events", "PutPermission", EventBusName=bus, StatementId=sid, **given)
        return f"{bus}|{sid}"

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        bus, sid = _place(physical_id)
        for one in await _statements(on, bus) or ():
            if one.get("Sid") == sid:
                return {
                    "EventBusName": bus,
                    "StatementId": sid,
                    **_spelled(one, on.kept),
                }
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        bus, sid = _place(physical_id)
        await on.look("events", "RemovePermission", *_GONE, EventBusName=bus, StatementId=sid)
        await self.create(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        bus, sid = _place(physical_id)
        await on.look("events", "RemovePermission", *_GONE, EventBusName=bus, StatementId=sid)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for bus in await _buses(on):
            found += [f"{bus}|{one.get('Sid', '')}" for one in await _statements(on, bus) or ()]
        return found


def _spelled(statement: Doc, kept: Doc) -> Doc:
    """A statement in the properties that the template uses for it."""
    if "Statement" in kept or not kept:
        return {"Statement": {key: value for key, value in statement.items() if key != "Sid" or "Sid" in kept}}
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = str(principal.get("AWS", "")).removeprefix("arn:aws:iam::").removesuffix(":root")
    shown: Doc = {"Action": statement.get("Action"), "Principal": principal}
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            shown["Condition"] = {"Type": operator, "Key": key, "Value": value}
    return shown


async def _statements(on: Provision, bus: str) -> list[Doc] | None:
    found = await on.look("events", "DescribeEventBus", *_GONE, Name=bus)
    if found is None or not found.get("Policy"):
        return None
    statements: list[Doc] = json.loads(found["Policy"])["Statement"]
    return statements


def _bus(wanted: Doc) -> str:
    """The bus's name, which may be given by its ARN."""
    given = str(wanted.get("EventBusName") or "default")
    return given.partition(":event-bus/")[2] if given.startswith("arn:") else given


def _place(physical_id: str) -> tuple[str, str]:
    """The bus and the name that an id means."""
    if physical_id.startswith("arn:"):
        physical_id = physical_id.partition(":rule/")[2].replace("/", "|")
    bus, bar, name = physical_id.rpartition("|")
    return (bus, name) if bar else ("default", physical_id)


async def _buses(on: Provision) -> list[str]:
    found: list[str] = []
    answer: Doc = {}
    while not found or answer.get("NextToken"):  # botocore has no paginator for it
        answer = await on.call("events", "ListEventBuses", NextToken=answer.get("NextToken"))
        found += [bus["Name"] for bus in answer["EventBuses"]]
    return found


async def _tags(on: Provision, arn: str) -> dict[str, str]:
    answer = await on.call("events", "ListTagsForResource", ResourceARN=arn)
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


async def _retag(on: Provision, arn: str, new: Doc) -> None:
    put, drop = on.tag_changes(await _tags(on, arn), new.get("Tags"))
    if put:
        await on.call("events", "TagResource", ResourceARN=arn, Tags=tags.pairs(put))
    if drop:
        await on.call("events", "UntagResource", ResourceARN=arn, TagKeys=drop)


def _text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _document(given: Any) -> Doc:
    found: Doc = json.loads(given) if isinstance(given, str) else given
    return found


def _to_api(target: Doc) -> Doc:
    """A template's target as PutTargets takes it: some members of EcsParameters are spelled otherwise."""
    if "EcsParameters" not in target:
        return target
    ecs = dict(target["EcsParameters"])
    if "TagList" in ecs:
        ecs["Tags"] = ecs.pop("TagList")
    network = ecs.get("NetworkConfiguration", {}).get("AwsVpcConfiguration")
    if network is not None:
        ecs["NetworkConfiguration"] = {"awsvpcConfiguration": network}
    for member, spelled in (("CapacityProviderStrategy", _lower), ("PlacementConstraints", _lower)):
        if member in ecs:
            ecs[member] = [spelled(one) for one in ecs[member]]
    if "PlacementStrategies" in ecs:
        ecs["PlacementStrategy"] = [_lower(one) for one in ecs.pop("PlacementStrategies")]
    return {**target, "EcsParameters": ecs}


def _from_api(target: Doc) -> Doc:
    if "EcsParameters" not in target:
        return target
    ecs = dict(target["EcsParameters"])
    if "Tags" in ecs:
        ecs["TagList"] = ecs.pop("Tags")
    network = ecs.get("NetworkConfiguration", {}).get("awsvpcConfiguration")
    if network is not None:
        ecs["NetworkConfiguration"] = {"AwsVpcConfiguration": network}
    for member in ("CapacityProviderStrategy", "PlacementConstraints"):
        if member in ecs:
            ecs[member] = [{key[0].upper() + key[1:]: value for key, value in one.items()} for one in ecs[member]]
    if "PlacementStrategy" in ecs:
        found = ecs.pop("PlacementStrategy")
        ecs["PlacementStrategies"] = [{key[0].upper() + key[1:]: value for key, value in one.items()} for one in found]
    return {**target, "EcsParameters": ecs}


def _lower(given: Doc) -> Doc:
    return {key[0].lower() + key[1:]: value for key, value in given.items()}


TYPES: tuple[ResourceType, ...] = (Rule(), EventBus(), EventBusPolicy())
