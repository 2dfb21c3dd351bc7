"""Alarm states: the tables of AWS's documentation on missing data, and the words of the reasons."""

import json

import pytest

from trunkline.aws.alarms import ALARM, INSUFFICIENT_DATA, OK, Point, Setting, few_samples, judge
from trunkline.services.cloudwatch.model import MetricAlarm
from trunkline.services.cloudwatch.reasons import java_double, reason, reason_data

T0 = 1_795_388_400_000  # 2026-11-22 23:00:00 UTC
KEEP = None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
# Three periods are evaluated, five looked at: 0 is within the threshold, X breaches, - is missing; the newest is last.
# Then how many missing points must be filled, and the state for each treatment in the order of TREATMENTS.
THREE_OF_THREE = [
    ("0 - X - X", 0, (OK, OK, OK, OK)),
    ("0 - - - -", 2, (OK, OK, OK, OK)),
    ("- - - - 0", 2, (OK, OK, OK, OK)),
    ("- - - - -", 3, (INSUFFICIENT_DATA, KEEP, ALARM, OK)),
    ("0 X X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("- - X - -", 2, (ALARM, KEEP, ALARM, OK)),
]
TWO_OF_THREE = [
    ("0 - X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 - X - -", 1, (OK, OK, ALARM, OK)),
    ("- - - - 0", 2, (OK, OK, ALARM, OK)),
    ("- - - X -", 2, (ALARM, KEEP, ALARM, OK)),
]


def points(text: str) -> list[Point]:
    values = {"0": 0.0, "X": 9.0, "-": None}
    return [Point(T0 + 60_000 * at, values[mark], 1.0) for at, mark in enumerate(text.split())]


@pytest.mark.parametrize("treatment", range(4))
@pytest.mark.parametrize(
    ("needed", "marks", "missing", "expected"),
    [(3, *row) for row in THREE_OF_THREE] + [(2, *row) for row in TWO_OF_THREE],
)
def test_missing_data_is_treated_as_documented(needed, marks, missing, expected, treatment):
    verdict = judge(Setting(3, needed, "GreaterThanThreshold", 1.0, TREATMENTS[treatment]), points(marks))
    assert verdict.state == expected[treatment]
    assert verdict.state is KEEP or verdict.filled == missing


def test_one_fresh_breach_of_several_needed_waits_for_more():
    verdict = judge(Setting(3, 3, "GreaterThanThreshold", 1.0), points("- - - - X"))
    assert verdict.state is KEEP


@pytest.mark.parametrize(
    ("percentile", "count", "few"), [(99, 999, True), (99, 1000, False), (10, 99, True), (50, 20, False)]
)
def test_a_percentile_needs_enough_samples(percentile, count, few):
    assert few_samples(percentile)(Point(T0, 1.0, count)) is few


def alarm(**more) -> MetricAlarm:
    given = {
        "account": "1", "region": "us-east-1", "name": "a", "description": None, "actions_enabled": True,
        "ok_actions": [], "alarm_actions": [], "insufficient_data_actions": [], "namespace": "App", "metric": "m",
        "dimensions": [], "statistic": "Sum", "period_s": 60, "unit": None, "evaluation_periods": 1,
        "datapoints_to_alarm": None,
        "threshold": 1.0, "comparison": "GreaterThanThreshold", "treat_missing": None, "low_sample": None,
    }  # fmt: skip
    return MetricAlarm(**{**given, **more})


# The texts are those of real alarms (in public post-mortems, tests and SNS messages), with our dates and values.
REASONS = [
    (
        {"datapoints_to_alarm": 1},
        "- - X",
        "Threshold Crossed: 1 out of the last 1 datapoints [9.0 (22/11/26 23:02:00)] was greater than"
        " the threshold (1.0)"
        " (minimum 1 datapoint for OK -> ALARM transition).",
    ),
    (
        {"datapoints_to_alarm": 1},
        "- - 0",
        "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (22/11/26 23:02:00)] was not greater than the threshold"
        " (1.0) (minimum 1 datapoint for ALARM -> OK transition).",
    ),
    ({}, "- - X", "Threshold Crossed: 1 datapoint [9.0 (22/11/26 23:02:00)] was greater than the threshold (1.0)."),
    (
        {"evaluation_periods": 2, "comparison": "GreaterThanOrEqualToThreshold", "threshold": 9.0},
        "- - X X",
        "Threshold Crossed: 2 datapoints [9.0 (22/11/26 23:03:00), 9.0 (22/11/26 23:02:00)] were"
        " greater than or equal to"
        " the threshold (9.0).",
    ),
    (
        {"evaluation_periods": 4, "datapoints_to_alarm": 1, "treat_missing": "notBreaching"},
        "- - - - - X",
        "Threshold Crossed: 1 out of the last 4 datapoints [9.0 (22/11/26 23:05:00)] was greater than"
        " the threshold (1.0)"
        " and 3 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).",
    ),
    (
        {"evaluation_periods": 5, "datapoints_to_alarm": 3},
        "- - 0 0 0 X X",
        "Threshold Crossed: 3 out of the last 5 datapoints [0.0 (22/11/26 23:04:00), 0.0 (22/11/26 23:03:00), 0.0"
        " (22/11/26 23:02:00)] were not greater than the threshold (1.0) (minimum 3 datapoints for ALARM ->"
        " OK transition).",
    ),
    (
        {"evaluation_periods": 8, "treat_missing": "breaching"},
        "- - - - - - - - - -",
        "Threshold Crossed: no datapoints were received for 8 periods and 8 missing datapoints were treated"
        " as [Breaching].",
    ),
    (
        {"treat_missing": "notBreaching"},
        "- - -",
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as"
        " [NonBreaching].",
    ),
    (
        {"evaluation_periods": 3, "datapoints_to_alarm": 2, "treat_missing": "breaching"},
        "- - - 0 -",
        "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as"
        " [Breaching].",
    ),
    ({}, "- - -", "Insufficient Data: 1 datapoint was unknown."),
    ({"evaluation_periods": 2}, "- - - -", "Insufficient Data: 2 datapoints were unknown."),
]  # fmt: skip


@pytest.mark.parametrize(("more", "marks", "expected"), REASONS)
def test_reasons_are_in_the_words_of_aws(more, marks, expected):
    described = alarm(**more)
    assert reason(described, judge(described.setting, points(marks))) == expected


def test_reason_data_holds_the_evaluated_points_newest_first():
    data = json.loads(reason_data(alarm(evaluation_periods=2, unit="Count"), points("0 X - X"), T0 + 240_500))
    assert data == {
        "version": "1.0",
        "queryDate": "2026-11-22T23:04:00.500+0000",
        "startDate": "2026-11-22T23:01:00.000+0000",
        "unit": "Count",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [9.0, 9.0],
        "threshold": 1.0,
        "evaluatedDatapoints": [
            {"timestamp": "2026-11-22T23:03:00.000+0000", "sampleCount": 1.0, "value": 9.0},
            {"timestamp": "2026-11-22T23:02:00.000+0000"},
        ],
    }


def test_reason_data_of_a_long_range_stays_within_the_limit():
    long = alarm(evaluation_periods=1000)
    assert len(reason_data(long, [Point(T0 + n, 1 / 3, 1.0) for n in range(1002)], T0)) <= 4000


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5.0"), (0.0666851903306472, "0.0666851903306472"), (1e7, "1.0E7"), (12345678.5, "1.23456785E7"),
     (0.0005, "5.0E-4"),
     (-2.5, "-2.5"), (0.0, "0.0"), (1e300, "1.0E300"), (123456.75, "123456.75"), (1.5e-7, "1.5E-7")],
)  # fmt: skip
def test_numbers_are_written_as_java_does(value, text):
    assert java_double(value) == text
