"""Put each objective's attainment and burn rates into CloudWatch, every minute, so that alarms can watch them.

A burn rate is the error rate over its look-back window by the error rate that the goal allows: at 1 the budget lasts
exactly as long as the interval.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.services.applicationsignals.measuring import Measuring, rate_of_errors
from trunkline.services.applicationsignals.model import Objective
from trunkline.services.applicationsignals.store import OBJECTIVES

log = get(__name__)

Doc = dict[str, Any]

NAMESPACE = "AWS/ApplicationSignals"
_MINUTE_S = 60
_DELAY_S = 2.0
"""After the minute's end: what is put once a second is there, and alarms of the next minute see the rate."""


class Burning:
    def __init__(self, kit: Kit, measuring: Measuring) -> None:
        self._kit = kit
        self._measuring = measuring
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="applicationsignals-burn-rates")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        clock = self._kit.clock
        while True:
            minute_s = (int(clock.time() - _DELAY_S) // _MINUTE_S + 1) * _MINUTE_S
            await clock.sleep(minute_s + _DELAY_S - clock.time())
            await self.publish(minute_s * 1000)

    async def publish(self, end_ms: int) -> None:
        """The rates of the minutes that end at a time."""
        for objective in OBJECTIVES.find(self._kit.db):
            try:
                data = await self._data(objective, end_ms)
                if data:
                    as_ = Caller.service(
                        "application-signals.cloudwatch.amazonaws.com", objective.account, objective.region
                    )
                    request = {"Namespace": NAMESPACE, "MetricData": data}
                    await self._kit.call("cloudwatch", "PutMetricData", request, as_=as_)
            except Exception:
                log.exception("the burn rates of an objective could not be put", objective=objective.arn)

    async def _data(self, objective: Objective, end_ms: int) -> list[Doc]:
        at = datetime.fromtimestamp(end_ms / 1000, UTC)
        name = {"Name": "SloName", "Value": objective.name}
        found: list[Doc] = []
        attained = (await self._measuring.budget_at(objective, at)).attainment_pct
        if attained is not None:
            found.append({"MetricName": "AttainmentRate", "Dimensions": [name], "Value": attained, "Unit": "Percent"})
        if objective.burn_windows_min:
            longest_ms = max(objective.burn_windows_min) * 60_000
            counts = await self._measuring.counts(objective, end_ms - longest_ms, end_ms)
            allowed = (100 - objective.goal_pct) / 100
            for minutes in objective.burn_windows_min:
                errors = rate_of_errors(counts, end_ms - minutes * 60_000)
                if errors is not None:
                    window = {"Name": "BurnRateWindowMinutes", "Value": str(minutes)}
                    rate = {"MetricName": "BurnRate", "Dimensions": [name, window], "Value": errors / allowed}
                    found.append({**rate, "Unit": "None"})
        return [{**one, "Timestamp": at} for one in found]
