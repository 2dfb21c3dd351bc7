"""The operations on groups and sampling rules."""

from dataclasses import replace
from datetime import UTC, datetime

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Reader, Tx
from trunkline.services.xray import store
from trunkline.services.xray.model import DEFAULT, MAX_RULES, Group, SamplingRule, default_rule

_PAGE = 100


class Api:
    """What Trunkline has of X-Ray so far."""

    def __init__(self, kit: Kit) -> None:
        self._db = kit.db
        self._clock = kit.clock

    # -- groups

    @operation()
    async def create_group(self, call: Call, req: Doc) -> Doc:
        insights = req.get("InsightsConfiguration", {})
        _check_insights(insights)
        given = tags.normalise(req.get("Tags"), error="InvalidRequestException")
        group = Group(
            call.account,
            call.region,
            req["GroupName"],
            ids.alnum(32).upper(),
            req.get("FilterExpression", ""),
            insights,
            given,
        )
        if group.name == DEFAULT:
            raise store.invalid("The group name Default is reserved.")
        try:
            await self._db.write(lambda tx: store.GROUPS.insert(tx, group))
        except AlreadyExists:
            raise store.invalid("A group with this name already exists.") from None
        return {"Group": _group(group)}

    @operation()
    async def get_group(self, call: Call, req: Doc) -> Doc:
        return {"Group": _group(store.group(self._db, call, req))}

    @operation()
    async def get_groups(self, call: Call, req: Doc) -> Doc:
        found = store.GROUPS.find(self._db, prefix=(call.account, call.region))
        shown, token = paging.page(
            found, _PAGE, req.get("NextToken"), key=lambda one: one.name, error="InvalidRequestException"
        )
        return {"Groups": [_group(one) for one in shown], "NextToken": token}

    @operation()
    async def update_group(self, call: Call, req: Doc) -> Doc:
        def update(tx: Tx) -> Group:
            found = store.group(tx, call, req)
            insights = {**found.insights, **req.get("InsightsConfiguration", {})}
            if insights.get("InsightsEnabled") is False:
                insights["NotificationsEnabled"] = False
            _check_insights(insights)
            changed = replace(found, expression=req.get("FilterExpression", found.expression), insights=insights)
            store.GROUPS.put(tx, changed)
            return changed

        return {"Group": _group(await self._db.write(update))}

    @operation()
    async def delete_group(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            found = store.group(tx, call, req)
            store.GROUPS.delete(tx, found.account, found.region, found.name)

        await self._db.write(delete)
        return {}

    # -- sampling rules

    @operation()
    async def create_sampling_rule(self, call: Call, req: Doc) -> Doc:
        given: Doc = req["SamplingRule"]
        name = given.get("RuleName") or str(given.get("RuleARN", "")).partition("/")[2]
        if not name:
            raise store.invalid("RuleName is required.")
        if given["Version"] != 1:
            raise store.invalid("The version of a sampling rule is 1.")
        now = self._clock.time()
        kept = {key: value for key, value in given.items() if key not in ("RuleName", "RuleARN")}
        tagged = tags.normalise(req.get("Tags"), error="InvalidRequestException")
        rule = SamplingRule(call.account, call.region, name, {"Attributes": {}, **kept}, now, now, tagged)

        def create(tx: Tx) -> None:
            there = store.RULES.find(tx, prefix=(call.account, call.region))
            if name == DEFAULT or any(one.name == name for one in there):
                raise store.invalid("Sampling rule already exists")
            if len(there) >= MAX_RULES:
                raise AwsError("RuleLimitExceededException", f"There are at most {MAX_RULES} sampling rules.")
            store.RULES.insert(tx, rule)

        await self._db.write(create)
        return {"SamplingRuleRecord": _record(rule)}

    @operation()
    async def get_sampling_rules(self, call: Call, req: Doc) -> Doc:
        found = store.RULES.find(self._db, prefix=(call.account, call.region))
        if all(one.name != DEFAULT for one in found):
            found.append(default_rule(call.account, call.region))
        shown, token = paging.page(
            found, _PAGE, req.get("NextToken"), key=lambda one: one.name, error="InvalidRequestException"
        )
        return {"SamplingRuleRecords": [_record(one) for one in shown], "NextToken": token}

    @operation()
    async def update_sampling_rule(self, call: Call, req: Doc) -> Doc:
        change: Doc = req["SamplingRuleUpdate"]

        def update(tx: Tx) -> SamplingRule:
            found = store.rule(tx, call, change)
            kept = {key: value for key, value in change.items() if key not in ("RuleName", "RuleARN")}
            if found.name == DEFAULT and kept.keys() - {"FixedRate", "ReservoirSize"}:
                raise store.invalid("Only the rate and the reservoir of the default rule can be changed.")
            changed = replace(found, rule={**found.rule, **kept}, modified=self._clock.time())
            store.RULES.put(tx, changed)
            return changed

        return {"SamplingRuleRecord": _record(await self._db.write(update))}

    @operation()
    async def delete_sampling_rule(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> SamplingRule:
            found = store.rule(tx, call, req)
            if found.name == DEFAULT:
                raise store.invalid("The default sampling rule cannot be deleted.")
            store.RULES.delete(tx, found.account, found.region, found.name)
            return found

        return {"SamplingRuleRecord": _record(await self._db.write(delete))}

    # -- tags

    @operation("{ResourceARN}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="InvalidRequestException", too_many="TooManyTagsException")

        def change(tx: Tx) -> None:
            found = _tagged(tx, call, req["ResourceARN"])
            found.tags = tags.merge(found.tags, given, too_many="TooManyTagsException")
            _put(tx, found)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            found = _tagged(tx, call, req["ResourceARN"])
            found.tags = {key: value for key, value in found.tags.items() if key not in req["TagKeys"]}
            _put(tx, found)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tags.pairs(_tagged(self._db, call, req["ResourceARN"]).tags)}


def _check_insights(insights: dict[str, bool]) -> None:
    if insights.get("NotificationsEnabled") and not insights.get("InsightsEnabled"):
        raise store.invalid("Notifications can only be enabled on a group with InsightsEnabled set to true.")


def _group(group: Group) -> Doc:
    return {
        "GroupName": group.name,
        "GroupARN": group.arn,
        "FilterExpression": group.expression or None,
        "InsightsConfiguration": {"InsightsEnabled": False, "NotificationsEnabled": False, **group.insights},
    }


def _record(one: SamplingRule) -> Doc:
    return {
        "SamplingRule": {"RuleName": one.name, "RuleARN": one.arn, **one.rule},
        "CreatedAt": datetime.fromtimestamp(one.created, UTC),
        "ModifiedAt": datetime.fromtimestamp(one.modified, UTC),
    }


def _tagged(reader: Reader, call: Call, arn: str) -> Group | SamplingRule:
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    name = rest.partition("/")[0]
    found: Group | SamplingRule | None = None
    if kind == "group":
        found = store.GROUPS.get(reader, call.account, call.region, name)
    elif kind == "sampling-rule":
        found = store.RULES.get(reader, call.account, call.region, name)
    if found is None or found.arn != arn:
        raise AwsError("ResourceNotFoundException", f"There is no resource {arn}.", ResourceName=arn)
    return found


def _put(tx: Tx, found: Group | SamplingRule) -> None:
    if isinstance(found, Group):
        store.GROUPS.put(tx, found)
    else:
        store.RULES.put(tx, found)
