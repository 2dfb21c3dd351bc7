"""Composite alarms: put, and how they are shown."""

from __future__ import annotations

from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudwatch.api.alarm_request import check_action
from trunkline.services.cloudwatch.api.alarm_tags import given, refusal
from trunkline.services.cloudwatch.api.alarms import Alarms
from trunkline.services.cloudwatch.api.context import alarm_resources, invalid, moment
from trunkline.services.cloudwatch.composites import child, loops
from trunkline.services.cloudwatch.events import suppressed_reason
from trunkline.services.cloudwatch.model import CompositeAlarm, alarm_arn
from trunkline.services.cloudwatch.rule import RuleError, name_of, parse
from trunkline.services.cloudwatch.store import ALARMS, COMPOSITES
from trunkline.services.cloudwatch.suppression import look_again


class CompositeAlarms(Alarms):
    @operation(alarm_resources)
    async def put_composite_alarm(self, call: Call, req: Doc) -> Doc:
        now_ms = self._now_ms()
        made = CompositeAlarm(
            call.account,
            call.region,
            req["AlarmName"],
            req.get("AlarmDescription"),
            req.get("ActionsEnabled", True),
            req.get("OKActions", []),
            req.get("AlarmActions", []),
            req.get("InsufficientDataActions", []),
            req["AlarmRule"],
            configured_ms=now_ms,
            updated_ms=now_ms,
            transitioned_ms=now_ms,
            tags=given(req.get("Tags")),
            suppressor=req.get("ActionsSuppressor"),
            wait_s=req.get("ActionsSuppressorWaitPeriod"),
            extension_s=req.get("ActionsSuppressorExtensionPeriod"),
        )
        refused = refusal(made.tags, reserved="ValidationError")
        _check_suppressor(made)
        try:
            rule = parse(made.rule)
        except RuleError as error:
            raise invalid(f"Error in AlarmRule [{error}]") from None
        for action in (*made.ok_actions, *made.alarm_actions, *made.insufficient_data_actions):
            check_action(action)

        def work(tx: Tx) -> CompositeAlarm:
            if ALARMS.get(tx, made.account, made.region, made.name) is not None:
                raise invalid(f"There is a metric alarm with the name {made.name} already.")
            if loops(tx, made):
                raise invalid("A composite alarm cannot depend on itself.")
            missing = [_arn(made, name) for name in rule.alarms if child(tx, made, name) is None]
            if missing:
                absent = f"alarms [{', '.join(missing)}] in the alarm rule do not exist"
                raise invalid(f"Could not save the composite alarm as {absent}")
            if made.suppressor is not None and child(tx, made, made.suppressor) is None:
                raise invalid(f"ActionsSuppressor must be an existing alarm: {made.suppressor} is not.")
            old = COMPOSITES.get(tx, made.account, made.region, made.name)
            if old is not None:
                made.state, made.reason, made.reason_data = old.state, old.reason, old.reason_data
                made.updated_ms, made.transitioned_ms, made.tags = old.updated_ms, old.transitioned_ms, old.tags
                made.configured_ms = max(made.configured_ms, old.configured_ms + 1)
                made.suppressed_by, made.suppressed_until_ms = old.suppressed_by, old.suppressed_until_ms
            elif refused is not None:
                raise refused
            COMPOSITES.put(tx, made)
            self._configured(tx, made, "create" if old is None else "update", old)
            look_again(tx, self._kit.ledger, made, now_ms)
            return made

        await self._composites.evaluate(await self._store.change_alarms(work), put=True)
        return {}


def _check_suppressor(alarm: CompositeAlarm) -> None:
    periods = {"ActionsSuppressorWaitPeriod": alarm.wait_s, "ActionsSuppressorExtensionPeriod": alarm.extension_s}
    for member, seconds in periods.items():
        if alarm.suppressor is not None and seconds is None:
            raise invalid(f"{member} must be specified when ActionsSuppressor is specified.")
        if alarm.suppressor is None and seconds is not None:
            raise invalid(f"{member} must not be specified without ActionsSuppressor.")
        if seconds is not None and seconds < 0:
            raise invalid(f"{member} must not be negative.")


def _arn(alarm: CompositeAlarm, name: str) -> str:
    return alarm_arn(alarm.account, alarm.region, name_of(name))


def described(alarm: CompositeAlarm) -> Doc:
    return {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmDescription": alarm.description,
        "AlarmRule": alarm.rule,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.configured_ms),
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateReasonData": alarm.reason_data,
        "StateUpdatedTimestamp": moment(alarm.updated_ms),
        "StateTransitionedTimestamp": moment(alarm.transitioned_ms),
        "ActionsSuppressor": alarm.suppressor,
        "ActionsSuppressorWaitPeriod": alarm.wait_s,
        "ActionsSuppressorExtensionPeriod": alarm.extension_s,
        "ActionsSuppressedBy": alarm.suppressed_by,
        "ActionsSuppressedReason": suppressed_reason(alarm.suppressed_by) if alarm.suppressed_by else None,
    }
