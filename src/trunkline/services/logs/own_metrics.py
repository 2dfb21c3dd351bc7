"""What CloudWatch Logs says of itself in the namespace AWS/Logs: counted as it happens, put once a minute.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from trunkline.aws.own_metrics import put_data
from trunkline.aws.service import Doc, Kit
from trunkline.services.logs.model import LogGroup

_MINUTE_S = 60

Dimensions = tuple[tuple[str, str], ...]
_Key = tuple[str, str, int, str, Dimensions]


class OwnMetrics:
    """Counts per account, region, minute, metric and dimensions; at most the last minute's are lost in a crash."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._counts: dict[_Key, float] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, group: LogGroup, metric: str, value: float, *more: tuple[str, str]) -> None:
        """Count for the group, and for the account as a whole unless there are `more` dimensions."""
        minute = int(self._kit.clock.time()) // _MINUTE_S
        counts, place = self._counts, (group.account, group.region, minute, metric)
        key = (*place, (("LogGroupName", group.name), *more))
        counts[key] = counts.get(key, 0.0) + value
        if not more:
            key = (*place, ())
            counts[key] = counts.get(key, 0.0) + value

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="logs-own-metrics")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.put()

    async def _run(self) -> None:
        while True:
            now = self._kit.clock.time()
            await self._kit.clock.sleep(_MINUTE_S - now % _MINUTE_S)
            await self.put()

    async def put(self) -> None:
        """Put what has been counted; a minute that is not over yet gets the rest later, and CloudWatch adds them up."""
        counts, self._counts = self._counts, {}
        by_place: dict[tuple[str, str], list[Doc]] = {}
        for (account, region, minute, metric, dimensions), value in counts.items():
            by_place.setdefault((account, region), []).append(
                {
                    "MetricName": metric,
                    "Timestamp": datetime.fromtimestamp(minute * _MINUTE_S, UTC),
                    "Value": value,
                    "Unit": "Bytes" if metric.endswith("Bytes") else "None",
                    "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions],
                }
            )
        await put_data(self._kit, "AWS/Logs", "logs.amazonaws.com", by_place)
