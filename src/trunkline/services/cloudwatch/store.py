"""The tables of alarms, their history and dashboards; metrics are the telemetry engine's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from trunkline.core import ids
from trunkline.core.db import Database, Reader, Table, Tx
from trunkline.services.cloudwatch.model import (
    AnomalyDetector,
    AnyAlarm,
    CompositeAlarm,
    Dashboard,
    HistoryItem,
    MetricAlarm,
)

T = TypeVar("T")

ALARMS = Table("cloudwatch_alarms", MetricAlarm, key=("account", "region", "name"))
HISTORY = Table("cloudwatch_history", HistoryItem, key=("account", "region", "time_ms", "id"), index=("alarm",))
COMPOSITES = Table("cloudwatch_composite_alarms", CompositeAlarm, key=("account", "region", "name"))
DETECTORS = Table("cloudwatch_anomaly_detectors", AnomalyDetector, key=("account", "region", "id"))
DASHBOARDS = Table("cloudwatch_dashboards", Dashboard, key=("account", "name"))


class Store:
    def __init__(self, db: Database) -> None:
        self.db = db
        self._every_alarm: list[MetricAlarm] | None = None
        db.migrate("cloudwatch", [ALARMS.ddl + HISTORY.ddl + DASHBOARDS.ddl, COMPOSITES.ddl, DETECTORS.ddl])

    async def change_alarms(self, work: Callable[[Tx], T]) -> T:
        """A write after which the evaluator must look at the alarms anew."""
        try:
            return await self.db.write(work)
        finally:
            self._every_alarm = None

    def every_alarm(self) -> list[MetricAlarm]:
        """All alarms of all accounts, remembered between changes. Not to be modified."""
        if self._every_alarm is None:
            self._every_alarm = ALARMS.find(self.db)
        return self._every_alarm

    def alarm(self, account: str, region: str, name: str) -> MetricAlarm | None:
        return ALARMS.get(self.db, account, region, name)

    def any_alarm(self, account: str, region: str, name: str) -> AnyAlarm | None:
        return any_alarm(self.db, account, region, name)

    def alarms(self, account: str, region: str) -> list[MetricAlarm]:
        return ALARMS.find(self.db, prefix=(account, region))

    async def prune_history(self, before_ms: int) -> None:
        await self.db.write(lambda tx: tx.execute(f"DELETE FROM {HISTORY.name} WHERE time_ms < ?", (before_ms,)))


def any_alarm(reader: Reader, account: str, region: str, name: str) -> AnyAlarm | None:
    """The alarm with this name, of either kind."""
    return ALARMS.get(reader, account, region, name) or COMPOSITES.get(reader, account, region, name)


def put_alarm(tx: Tx, alarm: AnyAlarm) -> None:
    """Store an alarm of either kind."""
    if isinstance(alarm, MetricAlarm):
        ALARMS.put(tx, alarm)
    else:
        COMPOSITES.put(tx, alarm)


def add_history(tx: Tx, alarm: AnyAlarm, time_ms: int, kind: str, summary: str, data: str) -> None:
    shown = summary[:255]
    HISTORY.put(
        tx,
        HistoryItem(
            alarm.account, alarm.region, time_ms, ids.hex_id(16), alarm.name, kind, shown, data, type(alarm).__name__
        ),
    )
