"""The JSON of a metric widget, after
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
"""

import json
from datetime import UTC, datetime

import pytest

from trunkline.services.cloudwatch.images import parse
from trunkline.services.cloudwatch.images.drawing import draw, short

_NOW = datetime(2026, 1, 2, tzinfo=UTC)


def read(**widget):
    return parse(json.dumps(widget), "us-east-1", _NOW)


def test_the_documented_shorthand_is_written_out():
    widget = read(
        metrics=[
            ["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"stat": "p99", "period": 60}],
            [".", "NetworkIn", ".", "."],
            ["...", "i-2", {"visible": False}],
        ],
        stat="Sum",
    )
    shown = [(one["MetricStat"]["Metric"], one["MetricStat"]["Stat"], one["ReturnData"]) for one in widget.queries]
    assert [(metric["MetricName"], metric["Dimensions"][0]["Value"]) for metric, _, _ in shown] == [
        ("CPUUtilization", "i-1"),
        ("NetworkIn", "i-1"),
        ("NetworkIn", "i-2"),
    ]
    assert [(stat, returned) for _, stat, returned in shown] == [("p99", True), ("Sum", True), ("Sum", False)]


def test_times_are_absolute_or_relative():
    widget = read(start="-P1DT2H", end="2026-01-01T23:00:00Z")
    assert (widget.end_ms - widget.start_ms) == 25 * 3_600_000
    assert read().end_ms - read().start_ms == 3 * 3_600_000


def test_one_value_of_the_whole_range():
    widget = read(metrics=[["A", "b"]], view="singleValue", setPeriodToTimeRange=True, start="-PT90M")
    assert widget.queries[0]["MetricStat"]["Period"] == 5400


@pytest.mark.parametrize("view", ["timeSeries", "singleValue", "bar", "pie"])
def test_every_view_is_drawn(view):
    series = [
        {"label": f"s{at}", "points": [[0, 1.0], [60_000, at * 1.0]], "color": None, "right": False, "band": None}
        for at in range(3)
    ]
    style = {"title": "t", "timezone": "-0130", "stacked": True, "sparkline": True, "horizontal": [], "vertical": []}
    what = {"view": view, "width": 300, "height": 200, "start_ms": 0, "end_ms": 120_000}
    assert draw({**what, "series": series, "style": style}).startswith(b"\x89PNG")
    assert draw({**what, "series": [], "style": style}).startswith(b"\x89PNG")


def test_numbers_are_short():
    assert [short(value) for value in (0, 12.3456, 1500, 2.5e6, 0.00012)] == ["0", "12.35", "1.5k", "2.5M", "0.00012"]
