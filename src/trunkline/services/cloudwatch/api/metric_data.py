"""GetMetricData: metrics, metric math and Metrics Insights."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudwatch import anomaly, labels, metric_math
from trunkline.services.cloudwatch.api.context import Context, check_period, invalid, moment, whole_seconds_ms
from trunkline.services.cloudwatch.api.queries import check_queries
from trunkline.services.cloudwatch.expressions import Series, Sheet, Window
from trunkline.services.cloudwatch.labels import Labels
from trunkline.services.cloudwatch.statistics import UnknownStatistic, parse

_SHORT_MS = 3 * 3_600_000
_MOST_QUERIES = 500
_MOST_POINTS = 100_800
_FINDING = ("SEARCH", "SELECT", "select", "Select")
_DROPPED = {
    "Code": "ArithmeticError",
    "Value": "One or more data-points have been dropped due to non-numeric values (NaN, -Infinite, +Infinite)",
}


class Result(NamedTuple):
    query_id: str
    label: str
    points: list[tuple[int, float]]
    messages: list[Doc]


class MetricData(Context):
    @operation()
    async def get_metric_data(self, call: Call, req: Doc) -> Doc:
        queries = req["MetricDataQueries"]
        start_ms, end_ms = whole_seconds_ms(req["StartTime"]), whole_seconds_ms(req["EndTime"])
        timezone = req.get("LabelOptions", {}).get("Timezone", "+0000")
        found, messages = await self._answers(call, queries, start_ms, end_ms, timezone)
        descending = req.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        limit = min(req.get("MaxDatapoints", _MOST_POINTS), _MOST_POINTS)
        return {**_page(found, descending, limit, req.get("NextToken")), "Messages": messages}

    async def _answers(
        self, call: Call, queries: Sequence[Doc], start_ms: int, end_ms: int, timezone: str
    ) -> tuple[list[Result], list[Doc]]:
        """What the queries give, the oldest points first, and what there is to say of all."""
        if not queries or len(queries) > _MOST_QUERIES:
            raise invalid(f"MetricDataQueries must have between 1 and {_MOST_QUERIES} members.")
        check_queries(call, queries, "MetricDataQueries")
        zone = labels.zone_of(timezone)
        if zone is None:
            raise invalid(f"The value {timezone} for parameter LabelOptions.Timezone is not of the form +0130.")
        if start_ms == end_ms:
            raise invalid("The parameter StartTime must not equal parameter EndTime.")
        if start_ms > end_ms:
            raise invalid("The parameter EndTime must be greater than StartTime.")
        _check_size(queries, start_ms, end_ms)
        bands = await anomaly.bands(self._trainer, call.account, call.region, queries)
        period_s = metric_math.period_s(queries)
        rules = await self._rules.metrics(call.account, call.region, queries, start_ms, end_ms, period_s)
        written = Labels(self._now_ms(), zone)

        def results() -> tuple[list[Result], list[Doc]]:
            sheet, finder = self._reader.sheet(
                call.account, call.region, queries, start_ms, end_ms, bands=bands, rules=rules
            )
            named = _default_labels(queries)
            return [
                one for query in queries for one in _results_of(call, query, sheet, written, named)
            ], finder.messages

        # A long range is read beside the event loop; for a short one the switch of threads costs more than the read.
        long = end_ms - start_ms > _SHORT_MS or len(queries) > 20
        long = long or any(word in query.get("Expression", "") for query in queries for word in _FINDING)
        return await asyncio.to_thread(results) if long else results()


def _check_size(queries: Sequence[Doc], start_ms: int, end_ms: int) -> None:
    periods = [metric_math.period_s(queries)]
    selects = 0
    for query in queries:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            try:
                parse(stat["Stat"])
            except UnknownStatistic:
                raise invalid(f"The value {stat['Stat']} for parameter MetricStat.Stat is not supported.") from None
            periods.append(stat["Period"])
        elif "Period" in query:
            periods.append(query["Period"])
        selects += query.get("Expression", "").lstrip()[:7].upper() == "SELECT "
    for period in periods:
        check_period(period)
    if selects > 1:
        raise invalid("Only one Metrics Insights query is allowed in each GetMetricData operation.")
    computed = any("Expression" in query for query in queries)
    if computed and any(len(Window(start_ms, end_ms, period).times_ms()) > _MOST_POINTS for period in periods):
        raise invalid("You have requested more than 100,800 datapoints: increase Period or shorten the time range.")


def _default_labels(queries: Sequence[Doc]) -> dict[str, str]:
    """The names of metrics; with the statistic where one metric is asked for several."""
    asked: dict[str, list[Doc]] = {}
    for query in metric_math.metric_queries(queries):
        asked.setdefault(repr(query["MetricStat"]["Metric"]), []).append(query)
    named: dict[str, str] = {}
    for same in asked.values():
        several = len({query["MetricStat"]["Stat"] for query in same}) > 1
        for query in same:
            name = query["MetricStat"]["Metric"].get("MetricName", "")
            named[query["Id"]] = f"{name} {query['MetricStat']['Stat']}" if several else name
    return named


def _results_of(call: Call, query: Doc, sheet: Sheet, written: Labels, named: dict[str, str]) -> list[Result]:
    """Of a query that returns data, one result; of an expression that makes an array, one for each series."""
    query_id, label = query["Id"], query.get("Label", "")
    if not query.get("ReturnData", True):
        return []
    if "MetricStat" in query:
        known = labels.properties(query["MetricStat"], call.account, call.region)
        name = named[query_id]
        return [_result(query_id, label or name, name, sheet.metrics[query_id], written, known)]
    try:
        made = metric_math.result(sheet, query)
    except metric_math.BadExpression as error:
        raise invalid(str(error)) from None
    if isinstance(made, Series):
        return [_result(query_id, label or query_id, query_id, made, written)]
    if any(anomaly.banded(query["Expression"])):
        label = label or query_id
    # A label with tokens stands for itself; any other goes before that of each series.
    return [
        _result(query_id, label if "${" in label else f"{label} {one.label}".strip(), one.label, one, written)
        for one in made
    ]


def _result(
    query_id: str, label: str, default: str, series: Series, written: Labels, properties: Doc | None = None
) -> Result:
    points = list(series.points.items())
    named = written.written(label, default, points, properties or {})
    return Result(query_id, named, points, [_DROPPED] if series.dropped else [])


def _page(results: Sequence[Result], descending: bool, limit: int, token: str | None) -> Doc:
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
    for number, (query_id, label, points, messages) in enumerate(results):
        ordered = points[::-1] if descending else points
        part = ordered[given[number] :][:limit]
        limit -= len(part)
        given[number] += len(part)
        complete = given[number] >= len(points)
        more = more or not complete
        shown.append(
            {
                "Id": query_id,
                "Label": label,
                "Timestamps": [moment(at) for at, _ in part],
                "Values": [value for _, value in part],
                "StatusCode": "Complete" if complete else "PartialData",
                "Messages": messages or None,
            }
        )
    return {
        "MetricDataResults": shown,
        "NextToken": paging.encode("&".join(str(count) for count in given)) if more else None,
    }
