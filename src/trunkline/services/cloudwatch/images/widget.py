"""Read the JSON of a metric widget: which queries it makes, and how their answers are to look."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from trunkline.services.cloudwatch.labels import zone_of

VIEWS = ("timeSeries", "singleValue", "bar", "pie")
_DURATION = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_LARGEST = 2000
_STYLE = ("title", "stacked", "yAxis", "legend", "theme", "sparkline")
_MOST_METRICS = 500

Doc = dict[str, Any]


class BadWidget(ValueError):
    """It is no widget that could be drawn; the text says why."""


@dataclass
class Widget:
    """`queries` are those of GetMetricData; `looks` gives the options of each by its id."""

    queries: list[Doc]
    looks: dict[str, Doc]
    start_ms: int
    end_ms: int
    view: str = "timeSeries"
    width: int = 600
    height: int = 400
    style: Doc = field(default_factory=dict)
    """What the drawing is told as it stands: title, stacked, yAxis, annotations, legend, theme, timezone."""


def parse(text: str, region: str, now: datetime) -> Widget:
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadWidget("the widget is not valid JSON") from None
    if not isinstance(given, dict) or not isinstance(given.get("metrics", []), list):
        raise BadWidget("the widget must be an object with an array of metrics")
    if given.get("region", region) != region:
        raise BadWidget(f"a widget shows metrics of the Region that is asked, {region}")
    view = given.get("view", "timeSeries")
    if view not in VIEWS:
        raise BadWidget(f"view must be one of {', '.join(VIEWS)}")
    start, end = _moment(given.get("start", "-PT3H"), now), _moment(given.get("end", "PT0H"), now)
    if start >= end:
        raise BadWidget("start must be before end")
    timezone = given.get("timezone", "+0000")
    if not isinstance(timezone, str) or zone_of(timezone) is None:
        raise BadWidget("timezone must be of the form +0130")
    period = given.get("period", 300)
    if given.get("setPeriodToTimeRange") and view != "timeSeries":
        period = -(-int((end - start).total_seconds()) // 60) * 60
    queries, looks = _metrics(given.get("metrics", []), period, given.get("stat", "Average"), region)
    return Widget(
        queries,
        looks,
        int(start.timestamp() * 1000),
        int(end.timestamp() * 1000),
        view,
        _size(given, "width", 600),
        _size(given, "height", 400),
        {**_style(given, now), "timezone": timezone},
    )


def _size(given: Doc, member: str, default: int) -> int:
    size = given.get(member, default)
    if not isinstance(size, int) or not 1 <= size <= _LARGEST:
        raise BadWidget(f"{member} must be from 1 to {_LARGEST}")
    return max(size, 100)  # in less there is nothing to be seen


def _moment(text: Any, now: datetime) -> datetime:
    """An ISO 8601 time, or a duration from now."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is not None:
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
        length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        return now - length if match[1] == "-" else now + length
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadWidget(f"{text!r} is neither a time nor a duration in ISO 8601") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _metrics(given: list[Any], period: Any, stat: Any, region: str) -> tuple[list[Doc], dict[str, Doc]]:
    if len(given) > _MOST_METRICS:
        raise BadWidget(f"a widget has up to {_MOST_METRICS} metrics")
    queries: list[Doc] = []
    looks: dict[str, Doc] = {}
    before: list[str] = []
    for number, entry in enumerate(given):
        if not isinstance(entry, list) or not entry:
            raise BadWidget(f"/metrics/{number} must be an array")
        options = entry[-1] if isinstance(entry[-1], dict) else {}
        names = [part for part in entry if part is not options]
        if options.get("region", region) != region:
            raise BadWidget(f"a widget shows metrics of the Region that is asked, {region}")
        query: Doc = {"Id": options.get("id", f"widget{number}")}
        if "label" in options:
            query["Label"] = str(options["label"])
        if "expression" in options:
            query["Expression"] = options["expression"]
            if "period" in options or period:
                query["Period"] = options.get("period", period)
        else:
            before = _written_out(names, before, number)
            dimensions = [
                {"Name": name, "Value": value} for name, value in zip(before[2::2], before[3::2], strict=True)
            ]
            metric = {"Namespace": before[0], "MetricName": before[1], "Dimensions": dimensions}
            query["MetricStat"] = {
                "Metric": metric,
                "Period": options.get("period", period),
                "Stat": options.get("stat", stat),
            }
        if query["Id"] in looks:
            raise BadWidget(f"the id {query['Id']} is there twice")
        query["ReturnData"] = options.get("visible", True) is not False
        queries.append(query)
        looks[query["Id"]] = options
    return queries, looks


def _written_out(names: list[Any], before: list[str], number: int) -> list[str]:
    """The shorthand of widgets: "." is what the metric before has in this place, "..." all that it has there."""
    found: list[str] = []
    for place, part in enumerate(names):
        if part == "...":
            found += before[place : len(before) - (len(names) - place - 1)]
        elif part == ".":
            found.append(before[len(found)] if len(found) < len(before) else ".")
        elif isinstance(part, str):
            found.append(part)
        else:
            raise BadWidget(f"/metrics/{number}/{place} must be a string")
    if len(found) < 2 or len(found) % 2:
        raise BadWidget(f"/metrics/{number} must be a namespace, a metric name, and names and values of dimensions")
    return found


def _style(given: Doc, now: datetime) -> Doc:
    style: Doc = {name: given[name] for name in _STYLE if name in given}
    annotations = given.get("annotations", {})
    if not isinstance(annotations, dict):
        raise BadWidget("annotations must be an object")
    return {
        **style,
        "horizontal": [_band(one) for one in annotations.get("horizontal", ())],
        "vertical": [_band(one, now) for one in annotations.get("vertical", ())],
    }


def _band(given: Any, now: datetime | None = None) -> list[Doc]:
    """One line, or the two that a band is between."""
    found = []
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, dict) or "value" not in one:
            raise BadWidget("an annotation must have a value")
        if one.get("visible", True) is False:
            continue
        if now is not None:
            found.append({**one, "value": int(_moment(one["value"], now).timestamp() * 1000)})
        elif isinstance(one["value"], int | float):
            found.append(one)
        else:
            raise BadWidget("the value of a horizontal annotation must be a number")
    return found
