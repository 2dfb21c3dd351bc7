"""Alarms replayed over stored history and tuned to it, through the page behind `trunkline alarms`."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from click import ClickException
from tests.support.server import ACCESS_KEY, SECRET_KEY

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
BUSY = (NOW - timedelta(hours=3), NOW - timedelta(hours=2, minutes=30))
"""An incident: errors go from about 2 a minute to 40."""
BLIPS = [NOW - timedelta(hours=hours) for hours in (10, 7, 5, 1)]
"""A minute with 12 errors, which nobody needs to hear of."""


@pytest.fixture
def alarm(cloudwatch, put, name):
    """An alarm that pages for every blip."""
    times = [NOW - timedelta(minutes=back) for back in range(12 * 60, 0, -1)]
    put("errors", [(at, 40 if BUSY[0] <= at < BUSY[1] else 12 if at in BLIPS else 2) for at in times])
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        ActionsEnabled=False,
    )
    return name


def incident(of=BUSY):
    return "/".join(at.strftime("%Y-%m-%dT%H:%M") for at in of)


def page(server, what, **query):
    return server.page(f"alarms/{what}?{urlencode({'since': '13h', **query})}")


def test_a_replay_shows_each_firing_and_what_it_was_worth(server, alarm):
    found = page(server, "replay", name=alarm, incidents=incident())
    assert (found["pages"], found["false_pages"], found["caught"], found["missed"]) == (5, 4, 1, 0)
    [firing] = [one for one in found["firings"] if one["during"]]
    began, ended = (datetime.fromisoformat(firing[side]) for side in ("start", "end"))
    assert began - BUSY[0] == timedelta(minutes=1) and ended - BUSY[1] == timedelta(minutes=1)
    assert found["what_happened"][0]["after_s"] == 60 and found["alarm_minutes"] == 34


def test_a_replay_answers_what_another_setting_would_have_done(server, alarm):
    assert page(server, "replay", name=alarm, threshold=50, incidents=incident())["missed"] == 1
    found = page(server, "replay", name=alarm, datapoints="3/5", incidents=incident())
    assert (found["pages"], found["missed"]) == (1, 0)
    assert found["replayed"]["DatapointsToAlarm"] == 3 and found["present"]["DatapointsToAlarm"] == 1
    five = page(server, "replay", name=alarm, period=300, threshold=25, incidents=incident())
    assert (five["pages"], five["replayed"]["Period"]) == (1, 300)


def test_the_best_setting_misses_nothing_and_pages_least(server, cloudwatch, alarm):
    found = page(server, "tune", name=alarm, incidents=incident())
    assert found["present"]["pages"] == 5
    proposed = found["proposed"]
    assert (proposed["pages"], proposed["false_pages"], proposed["missed"]) == (1, 0, 0)
    patch = found["patch"]["Properties"]
    assert set(patch) == {"Threshold"} and 12 <= patch["Threshold"] < 40
    cloudwatch.put_metric_alarm(
        **{**given(cloudwatch, alarm), **patch},
    )
    assert page(server, "replay", name=alarm, incidents=incident())["pages"] == 1


def test_an_alarm_that_always_rings_catches_nothing(server, alarm):
    found = page(server, "replay", name=alarm, threshold=0, incidents=incident())
    assert (found["pages"], found["caught"], found["missed"]) == (1, 0, 1)


def given(cloudwatch, name):
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    wanted = ("AlarmName", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "ComparisonOperator")
    return {key: alarm[key] for key in (*wanted, "Threshold")}


def test_the_alarms_own_long_states_are_incidents_where_none_are_given(server, cloudwatch, alarm):
    assert page(server, "tune", name=alarm)["note"].startswith("nothing to tune for")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="test")

    later = (datetime.now(UTC) + timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M")
    [one] = page(server, "replay", name=alarm, until=later)["what_happened"]
    assert one["kind"] == "alarm"


def test_alarms_over_expressions_and_percentiles_are_replayed(server, cloudwatch, alarm):
    common = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 50}
    metric = {"Namespace": alarm, "MetricName": "errors"}
    cloudwatch.put_metric_alarm(
        AlarmName=f"{alarm}-math",
        Metrics=[
            {"Id": "e1", "Expression": "m1 * 2"},
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}, "ReturnData": False},
        ],
        **{**common, "Threshold": 100},
    )
    found = page(server, "replay", name=f"{alarm}-math", incidents=incident())
    assert (found["pages"], found["missed"], found["looked_every_s"]) == (1, 0, 300)
    cloudwatch.put_metric_alarm(
        AlarmName=f"{alarm}-p90", **metric, ExtendedStatistic="p90", Period=300, **{**common, "Threshold": 11}
    )
    assert page(server, "replay", name=f"{alarm}-p90", incidents=incident())["pages"] == 5


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"name": "nobody"}, "no alarm nobody"),
        ({"name": ""}, "name the alarm"),
        ({"name": "x", "since": "yesterday"}, "neither a time"),
        ({"name": "x", "datapoints": "3/2"}, "not M/N"),
        ({"name": "x", "period": "61"}, "multiple of 60"),
        ({"name": "x", "threshold": "nan"}, "no number"),
        ({"name": "x", "incidents": "2026-01-01"}, "START/END"),
        ({"name": "x", "treat_missing": "no"}, "one of breaching"),
    ],
)
def test_what_makes_no_sense_is_refused(server, query, why):
    with pytest.raises(ClickException, match=why):
        page(server, "replay", **query)


def test_the_command_prints_the_patch(server, alarm):
    def run(*arguments):
        environ = {
            **os.environ,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
        command = [sys.executable, "-m", "trunkline", "alarms", *arguments, "--since", "13h", "--incident", incident()]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=30).stdout

    text = run("replay", alarm)
    assert "5 pages (4 for nothing), 0 flaps, caught 1 of 1 incident" in text and "✔ caught after 60 s" in text
    text = run("tune", alarm)
    assert "Type: AWS::CloudWatch::Alarm" in text and "Threshold:" in text.rpartition("Properties:")[2]
    assert json.loads(run("replay", alarm, "--datapoints", "3/5", "--json"))["pages"] == 1
