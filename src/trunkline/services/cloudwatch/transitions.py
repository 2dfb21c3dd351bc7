"""Give an alarm a new state: the state, its history and its event are one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from trunkline.core.db import Tx
from trunkline.core.ledger import Ledger
from trunkline.core.log import get
from trunkline.services.cloudwatch import events
from trunkline.services.cloudwatch.model import AnyAlarm, CompositeAlarm
from trunkline.services.cloudwatch.store import Store, add_history, any_alarm, put_alarm
from trunkline.services.cloudwatch.suppression import suppress

log = get(__name__)


class Transition(NamedTuple):
    """The alarm as it was `seen` when its new state was decided."""

    seen: AnyAlarm
    new: events.State


async def set_state(store: Store, ledger: Ledger, seen: AnyAlarm, new: events.State, *, by_hand: bool = False) -> bool:
    """Move the alarm on from what the caller has `seen`; False when it changed meanwhile or has this state already.

    Setting a state by hand is recorded even when it does not change, as with AWS.
    """
    return await store.change_alarms(lambda tx: apply(tx, ledger, Transition(seen, new), by_hand=by_hand))


async def set_states(store: Store, ledger: Ledger, changed: Sequence[Transition]) -> None:
    """As `set_state`, all in one commit."""

    def work(tx: Tx) -> list[Transition]:
        return [transition for transition in changed if apply(tx, ledger, transition)]

    for seen, new in await store.change_alarms(work):
        log.info("alarm", name=seen.name, was=seen.state, now=new.value, reason=new.reason)


def apply(tx: Tx, ledger: Ledger, transition: Transition, *, by_hand: bool = False) -> bool:
    seen, new = transition
    alarm = any_alarm(tx, seen.account, seen.region, seen.name)
    if alarm is None or (not by_hand and alarm.configured_ms != seen.configured_ms):
        return False
    previous = events.State.of(alarm)
    if previous.value == new.value and not by_hand:
        return False
    alarm.state, alarm.reason, alarm.reason_data, alarm.updated_ms = new.value, new.reason, new.data, new.time_ms
    if previous.value != new.value:
        alarm.transitioned_ms = new.time_ms
        if isinstance(alarm, CompositeAlarm):
            suppress(tx, alarm, new.time_ms)
        summary = f"Alarm updated from {previous.value} to {new.value}"
        add_history(tx, alarm, new.time_ms, "StateUpdate", summary, _history_data(previous, events.State.of(alarm)))
        ledger.append(tx, events.state_change(alarm, previous))
    put_alarm(tx, alarm)
    return True


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
