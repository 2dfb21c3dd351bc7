"""What a service says of itself in CloudWatch: counted in memory as it happens, put once a minute.

At most the last minute's counts are lost in a crash; nothing is put on the way of a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get

log = get(__name__)

_MINUTE_S = 60
_AT_ONCE = 1000

_Key = tuple[str, str, int, str, str, tuple[tuple[str, str], ...]]


class OwnMetrics:
    """Of one namespace, such as AWS/Events. Make `run` one of the service's Background works."""

    def __init__(self, kit: Kit, namespace: str, principal: str) -> None:
        self._kit = kit
        self._namespace = namespace
        self._principal = principal
        self._counted: dict[_Key, list[float]] = {}

    def add(
        self, account: str, region: str, metric: str, value: float = 1.0, unit: str = "Count", **dimensions: str
    ) -> None:
        """Count one observation."""
        minute = int(self._kit.clock.time()) // _MINUTE_S
        key = (account, region, minute, metric, unit, tuple(sorted(dimensions.items())))
        known = self._counted.get(key)
        if known is None:
            self._counted[key] = [1.0, value, value, value]
        else:
            known[0] += 1
            known[1] += value
            known[2] = min(known[2], value)
            known[3] = max(known[3], value)

    async def run(self) -> None:
        try:
            while True:
                await self._kit.clock.sleep(_MINUTE_S - self._kit.clock.time() % _MINUTE_S)
                await self.put()
        finally:
            await self.put()

    async def put(self) -> None:
        """Put what has been counted; a minute that is not over yet gets the rest later, and CloudWatch adds them up."""
        counted, self._counted = self._counted, {}
        by_place: dict[tuple[str, str], list[Doc]] = {}
        for (account, region, minute, metric, unit, dimensions), numbers in counted.items():
            by_place.setdefault((account, region), []).append(_datum(minute, metric, unit, dict(dimensions), numbers))
        await put_data(self._kit, self._namespace, self._principal, by_place)


async def put_data(
    kit: Kit,
    namespace: str,
    principal: str,
    by_place: Mapping[tuple[str, str], Sequence[Doc]],
    *,
    at_once: int = _AT_ONCE,
) -> None:
    """Put metric data by account and region, as the service. What cannot be put is lost, and told in the log."""
    for place, data in by_place.items():
        caller = Caller.service(principal, *place)
        for start in range(0, len(data), at_once):
            request = {"Namespace": namespace, "MetricData": data[start : start + at_once]}
            try:
                await kit.call("cloudwatch", "PutMetricData", request, as_=caller)
            except Exception as error:  # what a service says of itself must never stop the service
                log.warning("a service's own metrics were lost", namespace=namespace, why=str(error))


def _datum(minute: int, metric: str, unit: str, dimensions: Mapping[str, str], numbers: list[float]) -> Doc:
    return {
        "MetricName": metric,
        "Timestamp": datetime.fromtimestamp(minute * _MINUTE_S, UTC),
        "Unit": unit,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "StatisticValues": dict(zip(("SampleCount", "Sum", "Minimum", "Maximum"), numbers, strict=True)),
    }
