"""Alarms: put, delete, set by hand, enable and disable."""

from __future__ import annotations

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudwatch.api.alarm_request import alarm_of
from trunkline.services.cloudwatch.api.alarm_tags import refusal
from trunkline.services.cloudwatch.api.context import Context, alarm_resources, invalid
from trunkline.services.cloudwatch.composites import dependencies
from trunkline.services.cloudwatch.events import State, configuration_change
from trunkline.services.cloudwatch.model import AnyAlarm, CompositeAlarm, MetricAlarm
from trunkline.services.cloudwatch.store import ALARMS, COMPOSITES, add_history, any_alarm, put_alarm
from trunkline.services.cloudwatch.transitions import set_state

_NOT_FOUND = "There is no alarm with the name {name}."


class Alarms(Context):
    @operation(alarm_resources)
    async def put_metric_alarm(self, call: Call, req: Doc) -> Doc:
        alarm = alarm_of(call, req, self._now_ms())
        refused = refusal(alarm.tags, reserved="AccessDenied")

        def work(tx: Tx) -> None:
            if COMPOSITES.get(tx, alarm.account, alarm.region, alarm.name) is not None:
                raise invalid(f"There is a composite alarm with the name {alarm.name} already.")
            old = ALARMS.get(tx, alarm.account, alarm.region, alarm.name)
            if old is not None:  # the configuration is replaced, the state stays, and tags are for creation only
                alarm.state, alarm.reason, alarm.reason_data = old.state, old.reason, old.reason_data
                alarm.updated_ms, alarm.transitioned_ms, alarm.tags = old.updated_ms, old.transitioned_ms, old.tags
                alarm.configured_ms = max(alarm.configured_ms, old.configured_ms + 1)
            elif refused is not None:
                raise refused
            ALARMS.put(tx, alarm)
            self._configured(tx, alarm, "create" if old is None else "update", old)

        await self._store.change_alarms(work)
        return {}

    def _configured(self, tx: Tx, alarm: AnyAlarm, action: str, old: AnyAlarm | None = None) -> None:
        """Record a change of configuration in the alarm's history and in the ledger."""
        now_ms = self._now_ms()
        event = configuration_change(alarm, action, now_ms, old)
        data = {"version": "1.0", "type": action.capitalize(), "updatedAlarm": event.detail["configuration"]}
        text = orjson.dumps(data).decode()
        if len(text) > 4095:
            text = orjson.dumps({"version": "1.0", "type": data["type"]}).decode()
        add_history(tx, alarm, now_ms, "ConfigurationUpdate", f'Alarm "{alarm.name}" {action}d', text)
        self._kit.ledger.append(tx, event)

    @operation(alarm_resources)
    async def delete_alarms(self, call: Call, req: Doc) -> Doc:
        def work(tx: Tx) -> None:
            named = list(dict.fromkeys(req["AlarmNames"]))
            # AWS passes over names without an alarm.
            found = [alarm for name in named if (alarm := any_alarm(tx, call.account, call.region, name)) is not None]
            composites = sum(isinstance(alarm, CompositeAlarm) for alarm in found)
            if composites > 1:
                raise invalid(
                    f"Cannot delete [{composites}] Composite Alarms as only one composite alarm delete is allowed in"
                    " single request"
                )
            every = COMPOSITES.find(tx, prefix=(call.account, call.region))
            needed = {name for composite in every for name in dependencies(composite)}
            for alarm in found:
                if alarm.name in needed:
                    raise invalid(f"Cannot delete {alarm.name} as there are composite alarm(s) depending on it.")
            for alarm in found:
                table = ALARMS if isinstance(alarm, MetricAlarm) else COMPOSITES
                table.delete(tx, alarm.account, alarm.region, alarm.name)
                self._configured(tx, alarm, "delete")

        await self._store.change_alarms(work)
        return {}

    @operation(alarm_resources)
    async def set_alarm_state(self, call: Call, req: Doc) -> Doc:
        alarm = self._store.any_alarm(call.account, call.region, req["AlarmName"])
        if alarm is None:
            raise AwsError("ResourceNotFound", _NOT_FOUND.format(name=req["AlarmName"]))
        data = req.get("StateReasonData")
        if data is not None:
            try:
                orjson.loads(data)
            except orjson.JSONDecodeError:
                raise AwsError("InvalidFormatFault", "StateReasonData is not valid JSON.") from None
        new = State(req["StateValue"], req["StateReason"], data, self._now_ms())
        await set_state(self._store, self._kit.ledger, alarm, new, by_hand=True)
        await self._composites.follow(alarm.account, alarm.region, alarm.name)
        return {}

    @operation(alarm_resources)
    async def enable_alarm_actions(self, call: Call, req: Doc) -> Doc:
        return await self._switch_actions(call, req, on=True)

    @operation(alarm_resources)
    async def disable_alarm_actions(self, call: Call, req: Doc) -> Doc:
        return await self._switch_actions(call, req, on=False)

    async def _switch_actions(self, call: Call, req: Doc, *, on: bool) -> Doc:
        """Names without an alarm are passed over, as AWS does: neither operation declares an error."""

        def work(tx: Tx) -> None:
            for name in dict.fromkeys(req["AlarmNames"]):
                alarm = any_alarm(tx, call.account, call.region, name)
                if alarm is not None and alarm.actions_enabled != on:
                    old = any_alarm(tx, call.account, call.region, name)
                    alarm.actions_enabled = on
                    alarm.configured_ms = max(self._now_ms(), alarm.configured_ms + 1)
                    put_alarm(tx, alarm)
                    self._configured(tx, alarm, "update", old)

        await self._store.change_alarms(work)
        return {}
