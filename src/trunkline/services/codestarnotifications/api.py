"""The operations of CodeStar Notifications."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.services.codestarnotifications import event_types, store
from trunkline.services.codestarnotifications.model import ENABLED, Rule

T = TypeVar("T")
_RULE = "{Arn}"
_ALL = "arn:aws:codestar-notifications:{region}:{account}:notificationrule/*"
_MAX_TARGETS = 10


class Api:
    """https://docs.aws.amazon.com/codestar-notifications/latest/APIReference/API_Operations.html"""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._db = kit.db

    @operation(_ALL)
    async def create_notification_rule(self, call: Call, req: Doc) -> Doc:
        _check_events(req["Resource"], req["EventTypeIds"])
        now, token = self._kit.clock.now(), req.get("ClientRequestToken", "")
        made = Rule(
            call.account,
            call.region,
            ids.hex_id(40),
            req["Name"],
            req["Resource"],
            list(dict.fromkeys(req["EventTypeIds"])),
            req["DetailType"],
            now,
            now,
            call.caller.principal.arn,
            _targets(req["Targets"]),
            req.get("Status", ENABLED),
            token,
            tags.normalise(req.get("Tags"), error="ValidationException"),
        )

        def write(tx: Tx) -> Rule:
            for other in store.RULES.find(tx, prefix=(call.account, call.region)):
                if token and other.token == token:
                    return other
                if other.name == made.name:
                    raise AwsError("ResourceAlreadyExistsException", f"A rule named {made.name} already exists.")
            store.RULES.insert(tx, made)
            return made

        return {"Arn": (await self._db.write(write)).arn}

    @operation(_RULE)
    async def describe_notification_rule(self, call: Call, req: Doc) -> Doc:
        rule = _rule(self._db, call, req["Arn"])
        return {
            "Arn": rule.arn,
            "Name": rule.name,
            "EventTypes": [_event_type(one) for one in rule.events],
            "Resource": rule.resource,
            "Targets": [_target(one) for one in rule.targets],
            "DetailType": rule.detail,
            "CreatedBy": rule.created_by,
            "Status": rule.status,
            "CreatedTimestamp": rule.created,
            "LastModifiedTimestamp": rule.modified,
            "Tags": rule.tags,
        }

    @operation(_RULE)
    async def update_notification_rule(self, call: Call, req: Doc) -> Doc:
        targets = _targets(req["Targets"]) if "Targets" in req else None

        def change(rule: Rule) -> None:
            if "EventTypeIds" in req:
                _check_events(rule.resource, req["EventTypeIds"])
                rule.events = list(dict.fromkeys(req["EventTypeIds"]))
            rule.name = req.get("Name", rule.name)
            rule.status = req.get("Status", rule.status)
            rule.detail = req.get("DetailType", rule.detail)
            rule.targets = rule.targets if targets is None else targets

        await self._change(call, req["Arn"], change)
        return {}

    @operation(_RULE)
    async def delete_notification_rule(self, call: Call, req: Doc) -> Doc:
        """Deleting one that is not there answers its ARN, too."""
        where = (call.account, call.region, req["Arn"].rpartition("/")[2])
        await self._db.write(lambda tx: store.RULES.delete(tx, *where))
        return {"Arn": req["Arn"]}

    @operation(_ALL)
    async def list_notification_rules(self, call: Call, req: Doc) -> Doc:
        wanted = {one["Name"]: one["Value"] for one in req.get("Filters") or ()}
        found = [
            rule
            for rule in store.RULES.find(self._db, prefix=(call.account, call.region))
            if wanted.get("RESOURCE", rule.resource) == rule.resource
            and wanted.get("CREATED_BY", rule.created_by) == rule.created_by
            and wanted.get("EVENT_TYPE_ID", rule.events[0] if rule.events else "") in [*rule.events, ""]
            and ("TARGET_ADDRESS" not in wanted or wanted["TARGET_ADDRESS"] in rule.targets)
        ]
        shown, token = _page(found, req, lambda rule: rule.id)
        return {"NotificationRules": [{"Id": rule.id, "Arn": rule.arn} for rule in shown], "NextToken": token}

    @operation(_RULE)
    async def subscribe(self, call: Call, req: Doc) -> Doc:
        target = _targets([req["Target"]])[0]

        def change(rule: Rule) -> None:
            if target not in rule.targets:
                rule.targets.append(target)

        return {"Arn": (await self._change(call, req["Arn"], change)).arn}

    @operation(_RULE)
    async def unsubscribe(self, call: Call, req: Doc) -> Doc:
        def change(rule: Rule) -> None:
            rule.targets = [one for one in rule.targets if one != req["TargetAddress"]]

        return {"Arn": (await self._change(call, req["Arn"], change)).arn}

    @operation(_ALL)
    async def list_targets(self, call: Call, req: Doc) -> Doc:
        rules = store.RULES.find(self._db, prefix=(call.account, call.region))
        addresses = {one for rule in rules for one in rule.targets}
        shown, token = _page([_target(one) for one in addresses], req, lambda one: str(one["TargetAddress"]))
        return {"Targets": shown, "NextToken": token}

    @operation(_ALL)
    async def delete_target(self, call: Call, req: Doc) -> Doc:
        """Take a target out of its rules; with ForceUnsubscribeAll only when it is in several."""

        def write(tx: Tx) -> None:
            rules = [
                rule
                for rule in store.RULES.find(tx, prefix=(call.account, call.region))
                if req["TargetAddress"] in rule.targets
            ]
            if rules and not req.get("ForceUnsubscribeAll"):
                raise AwsError("ValidationException", "The target is used by rules: set ForceUnsubscribeAll.")
            for rule in rules:
                rule.targets.remove(req["TargetAddress"])
                store.RULES.put(tx, rule)

        await self._db.write(write)
        return {}

    @operation("*")
    async def list_event_types(self, call: Call, req: Doc) -> Doc:
        wanted = {one["Name"]: one["Value"] for one in req.get("Filters") or ()}
        found = [
            one
            for one in map(_event_type, event_types.EVENT_TYPES)
            if _matches(wanted.get("SERVICE_NAME"), one["ServiceName"])
            and _matches(wanted.get("RESOURCE_TYPE"), one["ResourceType"])
        ]
        shown, token = _page(found, req, lambda one: str(one["EventTypeId"]))
        return {"EventTypes": shown, "NextToken": token}

    @operation(_RULE)
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": _rule(self._db, call, req["Arn"]).tags}

    @operation(_RULE)
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        added = tags.normalise(req["Tags"], error="ValidationException")

        def change(rule: Rule) -> None:
            rule.tags = tags.merge(rule.tags, added, too_many="LimitExceededException")

        return {"Tags": (await self._change(call, req["Arn"], change)).tags}

    @operation(_RULE)
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def change(rule: Rule) -> None:
            rule.tags = {key: value for key, value in rule.tags.items() if key not in req["TagKeys"]}

        await self._change(call, req["Arn"], change)
        return {}

    async def _change(self, call: Call, arn: str, change: Callable[[Rule], None]) -> Rule:
        now: datetime = self._kit.clock.now()

        def write(tx: Tx) -> Rule:
            rule = _rule(tx, call, arn)
            change(rule)
            rule.modified = now
            store.RULES.put(tx, rule)
            return rule

        return await self._db.write(write)


def _rule(reader: Reader, call: Call, arn: str) -> Rule:
    found = store.RULES.get(reader, call.account, call.region, arn.rpartition("/")[2])
    if found is None or found.arn != arn:
        raise AwsError("ResourceNotFoundException", f"The notification rule {arn} was not found.")
    return found


def _page(items: list[T], req: Doc, key: Callable[[T], str]) -> tuple[list[T], str | None]:
    return paging.page(
        items, req.get("MaxResults", 100), req.get("NextToken"), key=key, error="InvalidNextTokenException"
    )


def _matches(wanted: str | None, found: str) -> bool:
    return wanted is None or wanted.lower() == found.lower()


def _check_events(resource: str, wanted: list[str]) -> None:
    prefix = event_types.service_of(resource)
    if prefix is None:
        raise AwsError("ValidationException", f"{resource} is not a resource that notification rules can be about.")
    for one in wanted:
        if one not in event_types.EVENT_TYPES or not one.startswith(prefix):
            raise AwsError("ValidationException", f"Invalid event type for {resource}: {one}")


def _targets(given: list[Doc]) -> list[str]:
    if len(given) > _MAX_TARGETS:
        raise AwsError("LimitExceededException", f"A rule can have no more than {_MAX_TARGETS} targets.")
    for one in given:
        if one.get("TargetType", "SNS") != "SNS":
            text = f"Trunkline has no chat channels ({one['TargetType']}): notify an SNS topic."
            raise Refused(text, code="ValidationException")
        if "TargetAddress" not in one:
            raise AwsError("ValidationException", "A target needs a TargetAddress.")
    return list(dict.fromkeys(one["TargetAddress"] for one in given))


def _target(address: str) -> Doc:
    return {"TargetAddress": address, "TargetType": "SNS", "TargetStatus": "ACTIVE"}


def _event_type(name: str) -> Doc:
    prefix = next(one for one in event_types.SERVICES if name.startswith(one))
    service = event_types.SERVICES[prefix]
    text = name.removeprefix(f"{prefix}-").replace("-", " ").capitalize()
    return {
        "EventTypeId": name,
        "ServiceName": service.name,
        "EventTypeName": text,
        "ResourceType": service.resource,
    }
