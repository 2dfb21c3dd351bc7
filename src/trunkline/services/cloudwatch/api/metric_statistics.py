"""GetMetricStatistics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.telemetry import Bucket
from trunkline.services.cloudwatch.api.context import Context, check_period, invalid_value, moment, whole_seconds_ms
from trunkline.services.cloudwatch.expressions import Window
from trunkline.services.cloudwatch.metric_data import metric
from trunkline.services.cloudwatch.statistics import Statistic, UnknownStatistic, parse

_SHORT_MS = 3 * 3_600_000
_MOST_POINTS = 1440
_DAY_MS = 86_400_000


class MetricStatistics(Context):
    @operation()
    async def get_metric_statistics(self, call: Call, req: Doc) -> Doc:
        names, extended = req.get("Statistics", []), req.get("ExtendedStatistics", [])
        if not names and not extended:
            message = "Must specify either Statistics or ExtendedStatistics"
            raise AwsError("InvalidParameterCombinationException", message)
        statistics = {name: _parsed(name) for name in (*names, *extended)}
        period, start_ms, end_ms = req["Period"], whole_seconds_ms(req["StartTime"]), whole_seconds_ms(req["EndTime"])
        check_period(period)
        if start_ms >= end_ms:
            raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
        start_ms -= start_ms % _rounding_ms(period, self._now_ms() - start_ms)
        count = -(-(end_ms - start_ms) // (period * 1000))
        if count > _MOST_POINTS:
            raise AwsError(
                "InvalidParameterCombinationException",
                f"You have requested up to {count:,} datapoints, which exceeds the limit of 1,440. You may reduce the"
                " datapoints requested by increasing Period, or decreasing the time range.",
            )
        identity = metric(call.account, call.region, req["Namespace"], req["MetricName"], req.get("Dimensions"))
        window = Window(start_ms, end_ms, period, origin_ms=start_ms)
        values = any(statistic.values for statistic in statistics.values())

        def read() -> dict[str, list[Bucket]]:
            return self._reader.buckets(identity, window, unit=req.get("Unit"), values=values)

        # A long range is read beside the event loop; for a short one the switch of threads costs more than the read.
        by_unit = await asyncio.to_thread(read) if end_ms - start_ms > _SHORT_MS else read()
        points = [
            _datapoint(bucket, unit, names, extended, statistics)
            for unit, buckets in by_unit.items()
            for bucket in buckets
        ]
        return {"Label": req["MetricName"], "Datapoints": points}


def _rounding_ms(period_s: int, age_ms: int) -> int:
    """What AWS rounds the start down to: the older it is, the coarser."""
    if period_s < 60:
        return period_s * 1000
    if age_ms > 63 * _DAY_MS:
        return 3_600_000
    return 300_000 if age_ms > 15 * _DAY_MS else 60_000


def _parsed(name: str) -> Statistic:
    try:
        return parse(name)
    except UnknownStatistic:
        raise invalid_value(f"The value {name} for parameter ExtendedStatistic is not supported.") from None


def _datapoint(
    bucket: Bucket, unit: str, names: Sequence[str], extended: Sequence[str], statistics: dict[str, Statistic]
) -> Doc:
    shown: Doc = {name: statistics[name].of(bucket) for name in names}
    found = {name: statistics[name].of(bucket) for name in extended}
    found = {name: value for name, value in found.items() if value is not None}
    if found:
        shown["ExtendedStatistics"] = found
    return {"Timestamp": moment(bucket.start_ms), "Unit": unit, **shown}
