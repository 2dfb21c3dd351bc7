"""Metrics: put, get, list."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.telemetry import Bucket, Metric
from trunkline.services.cloudwatch import anomaly, labels, metric_math
from trunkline.services.cloudwatch.api.context import Context, invalid, invalid_value
from trunkline.services.cloudwatch.api.queries import check_queries
from trunkline.services.cloudwatch.expressions import Series, Sheet, Window
from trunkline.services.cloudwatch.metric_data import MAX_METRICS, metric, samples
from trunkline.services.cloudwatch.statistics import Statistic, UnknownStatistic, parse

_TWO_WEEKS_MS = 14 * 86_400_000
_THREE_HOURS_MS = 3 * 3_600_000
_MAX_STATISTICS_POINTS = 1440
_MAX_QUERIES = 500
_MAX_POINTS = 100_800
_LIST_PAGE = 500
_ZONE = re.compile(r"[+-](0\d|1[0-4])[0-5]\d")

Result = tuple[str, str, list[tuple[int, float]]]
"""The id and label of a query, and its data points."""


class Metrics(Context):
    @operation(mutates=False)  # a data event to CloudTrail: too many for the audit record
    async def put_metric_data(self, call: Call, req: Doc) -> Doc:
        namespace = req["Namespace"]
        if namespace.startswith("AWS/") and call.caller.principal.kind != "service":
            raise invalid_value(f"The value {namespace} for parameter Namespace is invalid.")
        if req.get("EntityMetricData"):
            raise Refused("Trunkline does not support EntityMetricData: put the same data as MetricData.")
        data = req.get("MetricData")
        if not data:
            raise AwsError("MissingRequiredParameterException", "The parameter MetricData is required.")
        if len(data) > MAX_METRICS:
            raise invalid_value(f"The collection MetricData must not have a size greater than {MAX_METRICS}.")
        await self._telemetry.put_samples(samples(call.account, call.region, namespace, data, self._now_ms()))
        return {}

    @operation()
    async def get_metric_statistics(self, call: Call, req: Doc) -> Doc:
        names, extended = req.get("Statistics", []), req.get("ExtendedStatistics", [])
        if not names and not extended:
            raise AwsError("MissingRequiredParameterException", "Must specify either Statistics or ExtendedStatistics.")
        statistics = {name: _parsed(name) for name in (*names, *extended)}
        period, start, end = req["Period"], _ms(req["StartTime"]), _ms(req["EndTime"])
        _check_period(period)
        if start >= end:
            raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
        # AWS rounds the start down to the whole minute (below a minute: to the period).
        start -= start % (min(period, 60) * 1000)
        count = -(-(end - start) // (period * 1000))
        if count > _MAX_STATISTICS_POINTS:
            raise AwsError(
                "InvalidParameterCombinationException",
                f"You have requested up to {count:,} datapoints, which exceeds the limit of 1,440. You may reduce the"
                " datapoints requested by increasing Period, or decreasing the time range.",
            )
        identity = metric(call.account, call.region, req["Namespace"], req["MetricName"], req.get("Dimensions"))
        by_unit = await self._buckets(identity, (start, end, period), req.get("Unit"), statistics.values())
        points = [
            _datapoint(bucket, unit, names, extended, statistics)
            for unit, buckets in by_unit.items()
            for bucket in buckets
        ]
        return {"Label": req["MetricName"], "Datapoints": [point for point in points if point is not None]}

    async def _buckets(
        self, identity: Metric, window: tuple[int, int, int], unit: str | None, statistics: Any
    ) -> dict[str, list[Bucket]]:
        start, end, period = window
        values = any(statistic.values for statistic in statistics)

        def read() -> dict[str, list[Bucket]]:
            return self._telemetry.buckets(identity, start, end, period * 1000, unit=unit, values=values)

        # A long range is read beside the event loop; for a short one the switch of threads costs more than the read.
        return await asyncio.to_thread(read) if end - start > _THREE_HOURS_MS else read()

    @operation()
    async def get_metric_data(self, call: Call, req: Doc) -> Doc:
        queries, start, end = req["MetricDataQueries"], _ms(req["StartTime"]), _ms(req["EndTime"])
        if not queries or len(queries) > _MAX_QUERIES:
            raise invalid(f"MetricDataQueries must have between 1 and {_MAX_QUERIES} members.")
        check_queries(call, queries, "MetricDataQueries")
        zone = req.get("LabelOptions", {}).get("Timezone", "+0000")
        if not _ZONE.fullmatch(zone):
            raise invalid(f"The value {zone} for parameter LabelOptions.Timezone is not of the form +0130.")
        if start >= end:
            raise invalid("The parameter EndTime must be greater than StartTime.")
        descending = req.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        results = [
            (query_id, label, points[::-1] if descending else points)
            for query_id, label, points in await self._results(call, queries, start, end)
        ]
        limit = min(req.get("MaxDatapoints", _MAX_POINTS), _MAX_POINTS)
        return _data_page(results, limit, req.get("NextToken"))

    async def _results(self, call: Call, queries: Sequence[Doc], start: int, end: int) -> list[Result]:
        """Of each query that returns data, one result; of an expression that makes an array, one for each series."""
        windows = [Window(start, end, metric_math.period_s(queries))]
        for query in metric_math.metric_queries(queries):
            _parsed(query["MetricStat"]["Stat"])
            _check_period(query["MetricStat"]["Period"])
            windows.append(Window(start, end, query["MetricStat"]["Period"]))
        if len(windows) <= len(queries) and any(len(one.times_ms()) > _MAX_POINTS for one in windows):
            raise invalid("You have requested more than 100,800 datapoints: increase Period or shorten the time range.")
        bands = await anomaly.bands(self._trainer, call.account, call.region, queries)

        def results() -> list[Result]:
            sheet = self._reader.sheet(call.account, call.region, queries, start, end, bands)
            return [result for query in queries for result in _results_of(call, query, sheet)]

        quick = end - start <= _THREE_HOURS_MS and not any("SEARCH" in query.get("Expression", "") for query in queries)
        return results() if quick else await asyncio.to_thread(results)

    @operation()
    async def list_metrics(self, call: Call, req: Doc) -> Doc:
        if req.get("OwningAccount", call.account) != call.account:
            raise Refused("Trunkline does not support cross-account observability: leave OwningAccount out.")
        wanted = [(f["Name"], f.get("Value")) for f in req.get("Dimensions", ())]
        since = self._now_ms() - (_THREE_HOURS_MS if "RecentlyActive" in req else _TWO_WEEKS_MS)
        found = [
            identity
            for identity in self._telemetry.metrics(
                call.account,
                call.region,
                namespace=req.get("Namespace"),
                name=req.get("MetricName"),
                since_ms=since,
            )
            if all(
                any(name == has and value in (None, held) for has, held in identity.dimensions)
                for name, value in wanted
            )
        ]
        shown, token = paging.page(
            found,
            _LIST_PAGE,
            req.get("NextToken"),
            key=lambda identity: "\0".join((identity.namespace, identity.name, repr(identity.dimensions))),
            error="InvalidParameterValueException",
        )
        return {"Metrics": [_listed(identity) for identity in shown], "NextToken": token}


def _listed(identity: Metric) -> Doc:
    return {
        "Namespace": identity.namespace,
        "MetricName": identity.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in identity.dimensions],
    }


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _time(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _parsed(name: str) -> Statistic:
    try:
        return parse(name)
    except UnknownStatistic:
        raise invalid_value(f"The value {name} for parameter ExtendedStatistic is not supported.") from None


def _check_period(period: int) -> None:
    if period not in {1, 5, 10, 20, 30} and period % 60:
        raise invalid_value(f"The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60: {period} is not.")


def _datapoint(
    bucket: Bucket, unit: str, names: Sequence[str], extended: Sequence[str], statistics: dict[str, Statistic]
) -> Doc | None:
    shown: Doc = {name: statistics[name].of(bucket) for name in names}
    found = {name: statistics[name].of(bucket) for name in extended}
    found = {name: value for name, value in found.items() if value is not None}
    if found:
        shown["ExtendedStatistics"] = found
    return {"Timestamp": _time(bucket.start_ms), "Unit": unit, **shown} if shown else None


def _results_of(call: Call, query: Doc, sheet: Sheet) -> list[Result]:
    query_id, label = query["Id"], query.get("Label", "")
    stat = query.get("MetricStat")
    if not query.get("ReturnData", True):
        return []
    if stat is not None:
        found, known = sheet.metrics[query_id], labels.properties(stat, call.account, call.region)
        named = labels.written(found.label, known["MetricName"], found.values(), known)
        return [(query_id, named, list(found.points.items()))]
    try:
        made = metric_math.result(sheet, query)
    except metric_math.BadExpression as error:
        raise invalid(str(error)) from None
    if isinstance(made, Series):
        return [(query_id, labels.written(label or query_id, query_id, made.values(), {}), list(made.points.items()))]
    results = []
    if any(anomaly.banded(query["Expression"])):
        label = label or query_id
    for one in made:
        named = labels.written(f"{label} {one.label}".strip(), one.label, one.values(), {})
        results.append((query_id, named, list(one.points.items())))
    return results


def _data_page(results: list[Result], limit: int, token: str | None) -> Doc:
    """Up to `limit` points of all results together; the token counts how many of each have been given."""
    given = [0] * len(results)
    if token is not None:
        try:
            place = [int(count) for count in paging.decode(token, error="InvalidNextToken").split("&")]
        except ValueError:
            place = []
        if len(place) != len(results) or min(place) < 0:
            raise AwsError("InvalidNextToken", "The specified nextToken is not valid.")
        given = place
    shown, more = [], False
    for number, (query_id, label, points) in enumerate(results):
        part = points[given[number] :][:limit]
        limit -= len(part)
        given[number] += len(part)
        complete = given[number] >= len(points)
        more = more or not complete
        shown.append(
            {
                "Id": query_id,
                "Label": label,
                "Timestamps": [_time(at) for at, _ in part],
                "Values": [value for _, value in part],
                "StatusCode": "Complete" if complete else "PartialData",
            }
        )
    answer: Doc = {"MetricDataResults": shown, "Messages": []}
    if more:
        answer["NextToken"] = paging.encode("&".join(str(count) for count in given))
    return answer
