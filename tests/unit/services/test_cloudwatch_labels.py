"""Dynamic labels, as https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html lists."""

import pytest

from trunkline.aws.errors import Refused
from trunkline.services.cloudwatch.labels import Labels, zone_of

_MINUTE_MS = 60_000
_POINTS = [(0, 5.0), (_MINUTE_MS, 9.0), (62 * _MINUTE_MS, 1.0)]


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("AVG", "5"),
        ("SUM", "15"),
        ("DATAPOINT_COUNT", "3"),
        ("FIRST", "5"),
        ("LAST", "1"),
        ("MIN", "1"),
        ("MAX", "9"),
        ("FIRST_LAST_RANGE", "4"),
        ("FIRST_LAST_TIME_RANGE", "1h 2m"),
        ("MIN_MAX_RANGE", "8"),
        ("MIN_MAX_TIME_RANGE", "1h 1m"),
        ("MAX_TIME", "1970-01-01T00:01:00Z"),
        ("MAX_TIME_RELATIVE", "1d"),
        ("FIRST_TIME_RELATIVE", "1d 1m"),
        ("LABEL", "cpu"),
        ("PROP('Dim.Host')", "web"),
        ("PROP('Nothing')", ""),
    ],
)
def test_tokens_are_replaced(token, shown):
    labels = Labels(now_ms=86_400_000 + _MINUTE_MS)
    assert labels.written(f"<${{{token}}}>", "cpu", _POINTS, {"Dim.Host": "web"}) == f"<{shown}>"


def test_times_are_those_of_the_zone():
    labels = Labels(0, zone_of("-0130"))
    assert labels.written("${LAST_TIME}", "", _POINTS, {}) == "1969-12-31T23:32:00-01:30"
    assert zone_of("Berlin") is None and zone_of("+1500") is None


def test_of_no_points_there_is_nothing_to_tell():
    assert Labels(0).written("${MAX} at ${MAX_TIME}", "", [], {}) == "-- at --"


def test_other_tokens_are_refused():
    with pytest.raises(Refused, match="MEDIAN"):
        Labels(0).written("${MEDIAN}", "", _POINTS, {})
