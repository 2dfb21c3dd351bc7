"""The operations on sampling rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context
from trunkline.services.xray.model import DEFAULT, MAX_RULES, SamplingRule, default_rule

_PAGE = 100


class SamplingRules(Context):
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
            store.rules_changed(tx, call.account, call.region, now)

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
            store.rules_changed(tx, call.account, call.region, changed.modified)
            return changed

        return {"SamplingRuleRecord": _record(await self._db.write(update))}

    @operation()
    async def delete_sampling_rule(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> SamplingRule:
            found = store.rule(tx, call, req)
            if found.name == DEFAULT:
                raise store.invalid("The default sampling rule cannot be deleted.")
            store.RULES.delete(tx, found.account, found.region, found.name)
            store.rules_changed(tx, call.account, call.region, self._clock.time())
            return found

        return {"SamplingRuleRecord": _record(await self._db.write(delete))}


def _record(one: SamplingRule) -> Doc:
    return {
        "SamplingRule": {"RuleName": one.name, "RuleARN": one.arn, **one.rule},
        "CreatedAt": datetime.fromtimestamp(one.created, UTC),
        "ModifiedAt": datetime.fromtimestamp(one.modified, UTC),
    }
