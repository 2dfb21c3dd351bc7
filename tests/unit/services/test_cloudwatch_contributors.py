"""Contributor Insights' rules over the common log format, and paths into JSON."""

import json

import pytest

from trunkline.services.cloudwatch.contributors import parse

_LINE = '127.0.0.1 - frank [10/Oct/2026:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326'


def rule(kind, keys, filters=(), **more):
    contribution = {"Keys": keys, "Filters": list(filters)}
    schema = {"Name": "CloudWatchLogRule", "Version": 1}
    return parse(
        json.dumps({"Schema": schema, "LogGroupNames": ["g"], "LogFormat": kind, "Contribution": contribution, **more})
    )


def test_fields_of_the_common_log_format_have_places_and_names():
    found = rule("CLF", ["address", "5"], Fields={"1": "address", "6": "status"}).contribution(_LINE)
    assert found == (("127.0.0.1", "GET /apache_pb.gif HTTP/1.0"), 1.0)
    assert rule("CLF", ["9"]).contribution(_LINE) is None


@pytest.mark.parametrize(
    ("test", "counts"),
    [
        ({"EqualTo": 200}, True),
        ({"NotEqualTo": 200}, False),
        ({"LessThan": 300}, True),
        ({"GreaterThan": 300}, False),
        ({"StartsWith": ["2", "3"]}, True),
        ({"In": ["404"]}, False),
        ({"IsPresent": True}, True),
        ({"IsPresent": False}, False),
    ],
)
def test_filters_compare(test, counts):
    found = rule("CLF", ["1"], [{"Match": "6", **test}]).contribution(_LINE)
    assert (found is not None) == counts


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.a.b", "deep"),
        ("$.list[1]", "2"),
        ("$['odd key']", "true"),
        ("$.a", None),
        ("$.list[9]", None),
        ("$.x[", None),
    ],
)
def test_paths_into_json(path, value):
    message = json.dumps({"a": {"b": "deep"}, "list": [1, 2], "odd key": True})
    found = rule("JSON", [path]).contribution(message)
    assert found == (((value,), 1.0) if value is not None else None)
