"""Rules: put, describe, list, switch on and off, delete."""

from dataclasses import replace

import orjson

from trunkline.aws import paging, schedules, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.event_patterns import PatternError, compile_pattern
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.services.events import store
from trunkline.services.events.api.naming import bus_name, invalid, known_bus, known_rule, rule_resource
from trunkline.services.events.matching import Rules
from trunkline.services.events.model import DEFAULT_BUS, Rule
from trunkline.services.events.scheduler import Scheduler

_REQUIRED = ("id", "account", "source", "time", "region", "resources", "detail-type")


class RuleApi:
    """Operations on rules."""

    kit: Kit
    rules: Rules
    scheduler: Scheduler

    def changed(self, tx: Tx) -> None:
        """Have matching and schedules look again, once this is committed."""
        tx.after_commit(self.rules.changed)
        tx.after_commit(self.scheduler.changed)

    @operation(rule_resource)
    async def put_rule(self, call: Call, req: Doc) -> Doc:
        pattern, timing = req.get("EventPattern", ""), req.get("ScheduleExpression", "")
        if not pattern and not timing:
            raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        bus = known_bus(self.kit.db, call, req.get("EventBusName"))
        if pattern:
            _check_pattern(pattern)
        if timing:
            _check_schedule(timing, bus)
        given = tags.normalise(req.get("Tags"), error="ValidationException")

        def put(tx: Tx) -> Rule:
            known_bus(tx, call, req.get("EventBusName"))
            found = store.RULES.get(tx, call.account, call.region, bus, req["Name"])
            rule = Rule(
                call.account,
                call.region,
                bus,
                req["Name"],
                req.get("State", "ENABLED"),
                pattern,
                timing,
                req.get("Description", ""),
                req.get("RoleArn", ""),
            )
            if found is None:
                rule.tags = given
            else:
                rule.tags, rule.targets, rule.anchor = found.tags, found.targets, found.anchor
            if timing and (found is None or found.schedule != timing or (rule.enabled and not found.enabled)):
                rule.anchor = self.kit.clock.time()
                store.forget_occurrence(tx, rule.arn)
            store.RULES.put(tx, rule)
            self.changed(tx)
            return rule

        return {"RuleArn": (await self.kit.db.write(put)).arn}

    @operation(rule_resource)
    async def delete_rule(self, call: Call, req: Doc) -> Doc:
        bus = known_bus(self.kit.db, call, req.get("EventBusName"))

        def delete(tx: Tx) -> None:
            found = store.RULES.get(tx, call.account, call.region, bus, req["Name"])
            if found is None:
                return
            if found.targets:
                raise invalid("Rule can't be deleted since it has targets.")
            store.RULES.delete(tx, call.account, call.region, bus, req["Name"])
            store.forget_occurrence(tx, found.arn)
            self.changed(tx)

        await self.kit.db.write(delete)
        return {}

    @operation(rule_resource)
    async def enable_rule(self, call: Call, req: Doc) -> Doc:
        return await self._switch(call, req, "ENABLED")

    @operation(rule_resource)
    async def disable_rule(self, call: Call, req: Doc) -> Doc:
        return await self._switch(call, req, "DISABLED")

    async def _switch(self, call: Call, req: Doc, state: str) -> Doc:
        def switch(tx: Tx) -> None:
            found = known_rule(tx, call, req)
            anchor = found.anchor
            if state == "ENABLED" and not found.enabled:
                anchor = self.kit.clock.time()
                store.forget_occurrence(tx, found.arn)
            store.RULES.put(tx, replace(found, state=state, anchor=anchor))
            self.changed(tx)

        await self.kit.db.write(switch)
        return {}

    @operation(rule_resource)
    async def describe_rule(self, call: Call, req: Doc) -> Doc:
        found = known_rule(self.kit.db, call, req)
        return {**_shown(found), "CreatedBy": found.account}

    @operation("arn:aws:events:{region}:{account}:rule/*")
    async def list_rules(self, call: Call, req: Doc) -> Doc:
        bus = known_bus(self.kit.db, call, req.get("EventBusName"))
        found = store.RULES.find(self.kit.db, prefix=(call.account, call.region, bus))
        shown, token = paging.page(
            [rule for rule in found if rule.name.startswith(req.get("NamePrefix", ""))],
            req.get("Limit", 100),
            req.get("NextToken"),
            key=lambda rule: rule.name,
            error="ValidationException",
        )
        return {"Rules": [_shown(rule) for rule in shown], "NextToken": token}

    @operation("arn:aws:events:{region}:{account}:rule/*")
    async def list_rule_names_by_target(self, call: Call, req: Doc) -> Doc:
        bus = known_bus(self.kit.db, call, req.get("EventBusName"))
        found = store.RULES.find(self.kit.db, prefix=(call.account, call.region, bus))
        names = [rule.name for rule in found if any(target["Arn"] == req["TargetArn"] for target in rule.targets)]
        shown, token = paging.page(
            names, req.get("Limit", 100), req.get("NextToken"), key=str, error="ValidationException"
        )
        return {"RuleNames": shown, "NextToken": token}

    @operation("*", mutates=False)
    async def test_event_pattern(self, call: Call, req: Doc) -> Doc:
        _check_pattern(req["EventPattern"])
        try:
            event = orjson.loads(req["Event"])
        except orjson.JSONDecodeError:
            raise invalid("Parameter Event is not valid.") from None
        if not isinstance(event, dict) or any(name not in event for name in _REQUIRED):
            raise invalid(f"Parameter Event is not valid. Reason: it must have {', '.join(_REQUIRED)}.")
        return {"Result": compile_pattern(req["EventPattern"]).matches(event)}


def _shown(rule: Rule) -> Doc:
    return {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.pattern or None,
        "State": rule.state,
        "Description": rule.description or None,
        "ScheduleExpression": rule.schedule or None,
        "RoleArn": rule.role_arn or None,
        "EventBusName": bus_name(rule.bus),
    }


def _check_pattern(text: str) -> None:
    try:
        compile_pattern(text)
    except PatternError as error:
        raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from None


def _check_schedule(text: str, bus: str) -> None:
    if bus != DEFAULT_BUS:
        raise invalid("ScheduleExpression is supported only on the default event bus.")
    try:
        schedules.parse(text)
    except schedules.ScheduleError:
        raise invalid("Parameter ScheduleExpression is not valid.") from None
