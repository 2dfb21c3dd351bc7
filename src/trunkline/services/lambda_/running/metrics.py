"""AWS/Lambda metrics, put together in memory and sent to CloudWatch once a second."""

import asyncio
from typing import Any

from trunkline.aws.own_metrics import put_data
from trunkline.aws.service import Kit
from trunkline.engines.functions import Outcome
from trunkline.services.lambda_.model import Version

_EVERY_S = 1.0
_AT_ONCE = 500


class Metrics:
    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._waiting: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._task: asyncio.Task[None] | None = None

    def ran(self, version: Version, resource: str, outcome: Outcome) -> None:
        failed = 1.0 if outcome.error else 0.0
        for name, value, unit in (
            ("Invocations", 1.0, "Count"),
            ("Errors", failed, "Count"),
            ("Throttles", 0.0, "Count"),
            ("Duration", outcome.duration_ms, "Milliseconds"),
        ):
            self._add(version, name, value, unit, resource)

    def throttled(self, version: Version) -> None:
        self._add(version, "Throttles", 1.0, "Count", "")

    def concurrent(self, version: Version, count: int) -> None:
        self._add(version, "ConcurrentExecutions", float(count), "Count", "")

    def event_age(self, version: Version, age_ms: float) -> None:
        self._add(version, "AsyncEventAge", age_ms, "Milliseconds", "")

    def dropped(self, version: Version, name: str = "AsyncEventsDropped") -> None:
        self._add(version, name, 1.0, "Count", "")

    def _add(self, version: Version, name: str, value: float, unit: str, resource: str) -> None:
        by_function = [{"Name": "FunctionName", "Value": version.name}]
        dimensions: list[list[dict[str, str]]] = [[], by_function]
        if resource:
            dimensions.append([*by_function, {"Name": "Resource", "Value": resource}])
        now = self._kit.clock.now()
        self._waiting.setdefault((version.account, version.region), []).extend(
            {"MetricName": name, "Dimensions": one, "Timestamp": now, "Value": value, "Unit": unit}
            for one in dimensions
        )
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send_soon())

    async def _send_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_EVERY_S)
            await self._send()

    async def _send(self) -> None:
        waiting, self._waiting = self._waiting, {}
        await put_data(self._kit, "AWS/Lambda", "lambda.amazonaws.com", waiting, at_once=_AT_ONCE)

    async def stop(self) -> None:
        """Send what is left."""
        if self._task is not None:
            self._task.cancel()
        await self._send()
