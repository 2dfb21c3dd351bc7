"""Alarm mute rules: put, get, list, delete."""

from __future__ import annotations

from datetime import datetime

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudwatch.api.context import Context, invalid, moment
from trunkline.services.cloudwatch.mute_schedule import ScheduleError
from trunkline.services.cloudwatch.mutes import RULES, MuteRule, mute_rule_arn
from trunkline.services.cloudwatch.rule import name_of

_PAGE = 50
_RULE = "arn:aws:cloudwatch:{region}:{account}:alarm-mute-rule:{AlarmMuteRuleName}"


def _rule_and_targets(call: Call, req: Doc) -> list[str]:
    """AWS asks for the permission on the rule and on each alarm that it mutes."""
    targets = req.get("MuteTargets", {}).get("AlarmNames", ())
    return [mute_rule_arn(call.account, call.region, req["Name"]), *(call.arn(f"alarm:{name}") for name in targets)]


class MuteRules(Context):
    @operation(_rule_and_targets)
    async def put_alarm_mute_rule(self, call: Call, req: Doc) -> Doc:
        schedule = req["Rule"]["Schedule"]
        rule = MuteRule(
            call.account,
            call.region,
            req["Name"],
            req.get("Description"),
            schedule["Expression"],
            schedule["Duration"],
            schedule.get("Timezone"),
            list(dict.fromkeys(req["MuteTargets"]["AlarmNames"])) if "MuteTargets" in req else None,
            _ms(req.get("StartDate")),
            _ms(req.get("ExpireDate")),
            self._now_ms(),
            tags.normalise(req.get("Tags"), error="InvalidParameterValueException"),
        )
        try:
            rule.schedule  # noqa: B018  read here, so that what is stored can be read
        except ScheduleError as error:
            raise invalid(f"Invalid mute rule schedule: {error}.") from None
        if rule.start_ms is not None and rule.expire_ms is not None and rule.start_ms >= rule.expire_ms:
            raise invalid("StartDate must be before ExpireDate.")

        def work(tx: Tx) -> None:
            old = RULES.get(tx, rule.account, rule.region, rule.name)
            if old is not None and "Tags" not in req:
                rule.tags = old.tags
            RULES.put(tx, rule)

        await self._store.db.write(work)
        self._mutes.changed()
        return {}

    @operation(_RULE)
    async def get_alarm_mute_rule(self, call: Call, req: Doc) -> Doc:
        rule = RULES.get(self._store.db, call.account, call.region, name_of(req["AlarmMuteRuleName"]))
        if rule is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"Alarm mute rule {req['AlarmMuteRuleName']} does not exist",
                ResourceType="AlarmMuteRule",
                ResourceId=req["AlarmMuteRuleName"],
            )
        schedule: Doc = {"Expression": rule.expression, "Duration": rule.duration, "Timezone": rule.timezone}
        return {
            "Name": rule.name,
            "Description": rule.description,
            "Rule": {"Schedule": {name: value for name, value in schedule.items() if value is not None}},
            "MuteTargets": None if rule.alarms is None else {"AlarmNames": rule.alarms},
            "StartDate": None if rule.start_ms is None else moment(rule.start_ms),
            **self._summary(rule),
        }

    @operation()
    async def list_alarm_mute_rules(self, call: Call, req: Doc) -> Doc:
        now_ms, wanted = self._now_ms(), req.get("Statuses") or None
        found = [
            rule
            for rule in RULES.find(self._store.db, prefix=(call.account, call.region))
            if ("AlarmName" not in req or req["AlarmName"] in (rule.alarms or ()))
            and (wanted is None or rule.status(now_ms) in wanted)
        ]
        shown, token = paging.page(
            found,
            req.get("MaxRecords", _PAGE),
            req.get("NextToken"),
            key=lambda rule: rule.name,
            error="InvalidNextToken",
        )
        return {"AlarmMuteRuleSummaries": [self._summary(rule) for rule in shown], "NextToken": token}

    @operation(_RULE)
    async def delete_alarm_mute_rule(self, call: Call, req: Doc) -> Doc:
        name = name_of(req["AlarmMuteRuleName"])
        await self._store.db.write(lambda tx: RULES.delete(tx, call.account, call.region, name))
        self._mutes.changed()
        return {}

    def _summary(self, rule: MuteRule) -> Doc:
        return {
            "AlarmMuteRuleArn": rule.arn,
            "ExpireDate": None if rule.expire_ms is None else moment(rule.expire_ms),
            "Status": rule.status(self._now_ms()),
            "MuteType": "RECURRING" if rule.schedule.recurs else "ONE_TIME",
            "LastUpdatedTimestamp": moment(rule.updated_ms),
        }


def _ms(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)
