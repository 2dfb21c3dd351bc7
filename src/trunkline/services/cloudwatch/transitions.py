"""Give an alarm a new state: the state, its history and its event are one commit."""

from __future__ import annotations

from typing import Any

import orjson

from trunkline.core.db import Tx
from trunkline.core.ledger import Ledger
from trunkline.services.cloudwatch import events
from trunkline.services.cloudwatch.model import AnyAlarm
from trunkline.services.cloudwatch.store import Store, add_history, any_alarm, put_alarm


async def set_state(store: Store, ledger: Ledger, seen: AnyAlarm, new: events.State, *, by_hand: bool = False) -> bool:
    """Move the alarm on from what the caller has `seen`; False when it changed meanwhile or has this state already.

    Setting a state by hand is recorded even when it does not change, as with AWS.
    """

    def work(tx: Tx) -> bool:
        alarm = any_alarm(tx, seen.account, seen.region, seen.name)
        if alarm is None or (not by_hand and alarm.configured_ms != seen.configured_ms):
            return False
        previous = events.State.of(alarm)
        if previous.value == new.value and not by_hand:
            return False
        alarm.state, alarm.reason, alarm.reason_data, alarm.updated_ms = new.value, new.reason, new.data, new.time_ms
        if previous.value != new.value:
            alarm.transitioned_ms = new.time_ms
            summary = f"Alarm updated from {previous.value} to {new.value}"
            add_history(tx, alarm, new.time_ms, "StateUpdate", summary, _history_data(previous, new))
            ledger.append(tx, events.state_change(alarm, previous))
        put_alarm(tx, alarm)
        return True

    return await store.change_alarms(work)


def _history_data(previous: events.State, new: events.State) -> str:
    def shown(state: events.State) -> dict[str, Any]:
        found: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
        if state.data is not None:
            try:
                found["stateReasonData"] = orjson.loads(state.data)
            except orjson.JSONDecodeError:
                found["stateReasonData"] = state.data
        return found

    data: dict[str, Any] = {"version": "1.0", "oldState": shown(previous), "newState": shown(new)}
    text = orjson.dumps(data).decode()
    if len(text) > 4095:  # the limit of HistoryData
        for state in ("oldState", "newState"):
            data[state].pop("stateReasonData", None)
        text = orjson.dumps(data).decode()
    return text
