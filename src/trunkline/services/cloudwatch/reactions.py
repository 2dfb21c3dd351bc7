"""Perform the actions of an alarm that changed its state.

A reaction to the alarm's own event, so that an action is not lost when the server dies between the state change and the
call. Each is done once: its history item is written with the event's id and looked up first.
"""

from __future__ import annotations

import orjson

from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.db import Tx
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.cloudwatch.events import SOURCE, STATE_CHANGE, notification, subject
from trunkline.services.cloudwatch.model import AnyAlarm, HistoryItem
from trunkline.services.cloudwatch.mutes import Mutes
from trunkline.services.cloudwatch.store import HISTORY, Store

log = get(__name__)


class Actions:
    def __init__(self, kit: Kit, store: Store, mutes: Mutes) -> None:
        self._kit = kit
        self._store = store
        self._mutes = mutes
        kit.bus.subscribe("cloudwatch-actions", self.perform, sources=(SOURCE,), detail_types=(STATE_CHANGE,))

    async def perform(self, event: Event) -> None:
        alarm = self._store.any_alarm(event.account, event.region, event.detail["alarmName"])
        if alarm is None or not alarm.actions_enabled or "actionsSuppressedBy" in event.detail["state"]:
            return
        if not await self._mutes.keep_back(alarm, event):
            await self.take(alarm, event)

    async def take(self, alarm: AnyAlarm, event: Event) -> None:
        """Take the actions that the event calls for, each once."""
        for number, action in enumerate(alarm.actions(event.detail["state"]["value"])):
            await self._perform(alarm, event, action, f"{event.id}-{number}")

    async def _act(self, alarm: AnyAlarm, event: Event, action: str, message: str) -> None:
        """Publish, or invoke; a scaling policy watches its alarms by itself."""
        if action.startswith("arn:aws:lambda:"):
            told = {
                "source": "aws.cloudwatch",
                "alarmArn": alarm.arn,
                "accountId": alarm.account,
                "time": event.time.isoformat(),
                "region": alarm.region,
                "alarmData": event.detail,
            }
            caller = Caller.service("lambda.alarms.cloudwatch.amazonaws.com", alarm.account, alarm.region)
            request = {"FunctionName": action, "InvocationType": "Event", "Payload": orjson.dumps(told)}
            with on_behalf_of(alarm.arn):
                await self._kit.call("lambda", "Invoke", request, as_=caller)
        elif action.startswith("arn:aws:sns:"):
            caller = Caller.service("cloudwatch.amazonaws.com", alarm.account, alarm.region)
            request = {
                "TopicArn": action,
                "Subject": subject(alarm, event.detail["state"]["value"]),
                "Message": message,
            }
            await self._kit.call("sns", "Publish", request, as_=caller)

    async def _perform(self, alarm: AnyAlarm, event: Event, action: str, key: str) -> None:
        time_ms = int(event.time.timestamp() * 1000)
        if HISTORY.get(self._store.db, alarm.account, alarm.region, time_ms, key) is not None:
            return
        state, previous = event.detail["state"], event.detail["previousState"]
        message = orjson.dumps(notification(alarm, state, previous)).decode()
        error = None
        try:
            await self._act(alarm, event, action, message)
        except AwsError as refused:
            error = refused.message or refused.code
            log.warning("an alarm action was refused", alarm=alarm.name, action=action, why=error)
        data = {
            "actionState": "Failed" if error else "Succeeded",
            "stateUpdateTimestamp": time_ms,
            "notificationResource": action,
            "publishedMessage": None if error else orjson.dumps({"default": message}).decode(),
            "error": error,
        }
        summary = f"{'Failed to execute' if error else 'Successfully executed'} action {action}"
        text = orjson.dumps(data).decode()
        if len(text) > 4095:
            text = orjson.dumps({**data, "publishedMessage": None}).decode()
        kind = type(alarm).__name__
        item = HistoryItem(alarm.account, alarm.region, time_ms, key, alarm.name, "Action", summary[:255], text, kind)

        def work(tx: Tx) -> None:
            HISTORY.put(tx, item)

        await self._store.db.write(work)
