"""CloudWatch Logs as boto3 and the aws CLI see it."""

import json
import os
import subprocess
import sys
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.log_events import code, events, now_ms, texts
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY


def test_groups_are_created_described_and_deleted(logs, name):
    logs.create_log_group(logGroupName=f"/{name}/a", tags={"team": "x"})
    logs.create_log_group(logGroupName=f"/{name}/b")
    logs.put_retention_policy(logGroupName=f"/{name}/a", retentionInDays=7)
    found = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert [group["logGroupName"] for group in found] == [f"/{name}/a", f"/{name}/b"]
    assert found[0]["retentionInDays"] == 7 and "retentionInDays" not in found[1]
    assert found[0]["arn"].endswith(f":log-group:/{name}/a:*")
    assert logs.list_tags_for_resource(resourceArn=found[0]["logGroupArn"])["tags"] == {"team": "x"}
    assert len(logs.describe_log_groups(logGroupNamePattern=name)["logGroups"]) == 2
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName=f"/{name}/a")
    assert code(error) == "ResourceAlreadyExistsException"
    logs.delete_log_group(logGroupName=f"/{name}/a")
    with pytest.raises(ClientError) as error:
        logs.delete_log_group(logGroupName=f"/{name}/a")
    assert code(error) == "ResourceNotFoundException"


def test_group_pages_cover_everything_once(logs, name):
    for number in range(5):
        logs.create_log_group(logGroupName=f"{name}-{number}")
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=name, PaginationConfig={"PageSize": 2}
    )
    assert [g["logGroupName"][-1] for page in pages for g in page["logGroups"]] == ["0", "1", "2", "3", "4"]


def test_refuses_an_unknown_retention_and_a_protected_delete(logs, group):
    with pytest.raises(ClientError) as error:
        logs.put_retention_policy(logGroupName=group, retentionInDays=8)
    assert code(error) == "InvalidParameterException"
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=True)
    with pytest.raises(ClientError):
        logs.delete_log_group(logGroupName=group)
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=group)


def test_puts_and_gets_events_in_order(logs, stream):
    put = logs.put_log_events(**stream, logEvents=events("eins", "zwei", "drei ✓"))
    assert "rejectedLogEventsInfo" not in put
    got = logs.get_log_events(**stream, startFromHead=True)
    assert texts(got) == ["eins", "zwei", "drei ✓"]
    assert got["events"][0]["ingestionTime"] >= got["events"][0]["timestamp"]
    described = logs.describe_log_streams(logGroupName=stream["logGroupName"])["logStreams"][0]
    assert described["lastEventTimestamp"] == got["events"][-1]["timestamp"]
    assert described["firstEventTimestamp"] == got["events"][0]["timestamp"]


def test_tokens_walk_forward_to_the_end_and_back(logs, stream):
    logs.put_log_events(**stream, logEvents=events(*map(str, range(10))))
    first = logs.get_log_events(**stream, startFromHead=True, limit=4)
    second = logs.get_log_events(**stream, nextToken=first["nextForwardToken"], startFromHead=True, limit=4)
    third = logs.get_log_events(**stream, nextToken=second["nextForwardToken"], startFromHead=True, limit=4)
    assert texts(first) + texts(second) + texts(third) == list(map(str, range(10)))
    end = logs.get_log_events(**stream, nextToken=third["nextForwardToken"], startFromHead=True)
    assert end["events"] == [] and end["nextForwardToken"] == third["nextForwardToken"]
    back = logs.get_log_events(**stream, nextToken=end["nextBackwardToken"], limit=3)
    assert texts(back) == ["7", "8", "9"]
    assert texts(logs.get_log_events(**stream, nextToken=back["nextBackwardToken"], limit=3)) == ["4", "5", "6"]
    logs.put_log_events(**stream, logEvents=events("late", start=now_ms()))
    assert texts(logs.get_log_events(**stream, nextToken=end["nextForwardToken"], startFromHead=True)) == ["late"]


def test_without_a_direction_the_last_events_come(logs, stream):
    logs.put_log_events(**stream, logEvents=events(*map(str, range(10))))
    assert texts(logs.get_log_events(**stream, limit=3)) == ["7", "8", "9"]


def test_says_which_events_are_too_old_and_too_new(logs, stream):
    hour, day = 3_600_000, 86_400_000
    now = now_ms()
    batch = [now - 15 * day, now - hour, now, now + 3 * hour]
    answer = logs.put_log_events(**stream, logEvents=[{"timestamp": at, "message": str(at)} for at in batch])
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3}
    assert texts(logs.get_log_events(**stream, startFromHead=True)) == [str(now - hour), str(now)]


@pytest.mark.parametrize(
    "batch",
    [
        [{"timestamp": 2, "message": "a"}, {"timestamp": 1, "message": "b"}],
        [{"timestamp": 0, "message": "x" * 1_048_577}],
        [{"timestamp": -25 * 3_600_000, "message": "a"}, {"timestamp": 0, "message": "b"}],
    ],
    ids=["out of order", "too large", "over 24 hours"],
)
def test_refuses_what_a_batch_may_not_be(logs, stream, batch):
    shifted = [{**event, "timestamp": now_ms() - 1000 + event["timestamp"]} for event in batch]
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**stream, logEvents=shifted)
    assert code(error) == "InvalidParameterException"
    assert logs.get_log_events(**stream)["events"] == []


def test_unknown_groups_and_streams_are_not_found(logs, group, name):
    for arguments in (
        {"logGroupName": f"{name}-no", "logStreamName": "s"},
        {"logGroupName": group, "logStreamName": "s"},
    ):
        with pytest.raises(ClientError) as error:
            logs.put_log_events(**arguments, logEvents=events("a"))
        assert code(error) == "ResourceNotFoundException"
        with pytest.raises(ClientError) as error:
            logs.get_log_events(**arguments)
        assert code(error) == "ResourceNotFoundException"


def test_a_group_made_anew_starts_empty(logs, stream):
    logs.put_log_events(**stream, logEvents=events("old"))
    logs.delete_log_group(logGroupName=stream["logGroupName"])
    logs.create_log_group(logGroupName=stream["logGroupName"])
    logs.create_log_stream(**stream)
    assert logs.get_log_events(**stream)["events"] == []
    logs.put_log_events(**stream, logEvents=events("new"))
    assert texts(logs.get_log_events(**stream)) == ["new"]


def test_filters_over_all_streams_interleaved(logs, group):
    start = now_ms() - 60_000
    for offset, name in enumerate(("a", "b", "other")):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        batch = [
            {"timestamp": start + 3 * i + offset, "message": f"{name}{i} {'ERROR' if i % 2 else 'ok'}"}
            for i in range(4)
        ]
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=batch)
    found = logs.filter_log_events(logGroupName=group, filterPattern="ERROR")["events"]
    assert [event["message"] for event in found] == [f"{s}{i} ERROR" for i in (1, 3) for s in ("a", "b", "other")]
    assert found[0]["logStreamName"] == "a" and len(found[0]["eventId"]) == 56
    only = logs.filter_log_events(logGroupName=group, logStreamNames=["b"], startTime=start, endTime=start + 4)
    assert texts(only) == ["b0 ok", "b1 ERROR"]
    assert len(logs.filter_log_events(logGroupName=group, logStreamNamePrefix="o")["events"]) == 4
    backward = logs.filter_log_events(logGroupName=group, filterPattern="ERROR", startFromHead=False)["events"]
    assert [event["eventId"] for event in backward] == [event["eventId"] for event in found][::-1]
    with pytest.raises(ClientError) as error:
        logs.filter_log_events(logGroupName=group, filterPattern="{ $.a = ")
    assert code(error) == "InvalidParameterException"


def test_filter_pages_cover_everything_once(logs, stream):
    logs.put_log_events(**stream, logEvents=events(*(f"{i} {'hit' if i % 3 == 0 else 'miss'}" for i in range(100))))
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=stream["logGroupName"], filterPattern="hit", PaginationConfig={"PageSize": 7}
    )
    assert [int(event["message"].split()[0]) for page in pages for event in page["events"]] == list(range(0, 100, 3))


def test_streams_are_ordered_by_their_last_event(logs, group):
    for name in ("a", "b", "c"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    start = now_ms() - 60_000
    for name, at in (("a", 30), ("b", 10), ("c", 20)):
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=events("x", start=start + at))
    ordered = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]
    assert [s["logStreamName"] for s in ordered] == ["a", "c", "b"]


def test_tests_metric_filters(logs):
    answer = logs.test_metric_filter(
        filterPattern="[ip, user, ..., status=4*, bytes]",
        logEventMessages=['1.2.3.4 bob "GET /" 404 12', '1.2.3.4 bob "GET /" 200 12'],
    )
    assert [match["eventNumber"] for match in answer["matches"]] == [1]
    assert answer["matches"][0]["extractedValues"]["$status"] == "404"


def test_metric_filters_put_what_they_count(logs, aws, stream, name):
    logs.put_metric_filter(
        logGroupName=stream["logGroupName"],
        filterName="errors",
        filterPattern="{ $.level = ERROR }",
        metricTransformations=[
            {"metricName": "Took", "metricNamespace": name, "metricValue": "$.ms", "unit": "Milliseconds"}
        ],
    )
    described = logs.describe_metric_filters(logGroupName=stream["logGroupName"])["metricFilters"]
    assert described[0]["metricTransformations"][0]["metricValue"] == "$.ms"
    lines = [{"level": "ERROR", "ms": 5}, {"level": "INFO", "ms": 90}, {"level": "ERROR", "ms": 7.5}]
    logs.put_log_events(**stream, logEvents=events(*map(json.dumps, lines)))
    found = aws("cloudwatch").get_metric_statistics(
        Namespace=name, MetricName="Took", StartTime=time.time() - 300, EndTime=time.time() + 60, Period=600,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]  # fmt: skip
    assert sum(point["Sum"] for point in found) == 12.5 and sum(point["SampleCount"] for point in found) == 2


def test_following_as_aws_logs_tail_does_sees_every_event_once(logs, group):
    """The CLI polls FilterLogEvents from the last timestamp it saw and drops event ids that it has shown."""
    for name in ("a", "b"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    shown, ids, start = [], set(), now_ms() - 60_000
    for turn in range(4):
        for name in ("a", "b"):
            batch = events(f"{name}{turn}", f"{name}{turn}'", start=start + turn)
            logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=batch)
        since = start
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, interleaved=True, startTime=since
        ):
            for event in page["events"]:
                if event["eventId"] not in ids:
                    ids.add(event["eventId"])
                    shown.append(event["message"])
                    start = max(start, event["timestamp"])
        start -= turn + 1
    assert sorted(shown) == sorted(f"{name}{turn}{mark}" for name in "ab" for turn in range(4) for mark in ("", "'"))


def test_the_aws_cli_reads_what_it_wrote(server, stream):
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": server.endpoint,
    }
    where = ["--log-group-name", stream["logGroupName"], "--log-stream-name", stream["logStreamName"]]

    def aws_logs(operation: str, *arguments: str) -> dict:
        command = [sys.executable, "-m", "awscli", "logs", operation, *where, *arguments, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    aws_logs("put-log-events", "--log-events", f"timestamp={now_ms()},message=hello")
    assert texts(aws_logs("get-log-events")) == ["hello"]


def test_live_tail_shows_matching_events_as_they_are_put(server, logs, stream):
    # The CLI and SDKs put "stream-" before the host name, which an address cannot have.
    client = server.client("logs", config=Config(inject_host_prefix=False))
    arn = logs.describe_log_groups(logGroupNamePrefix=stream["logGroupName"])["logGroups"][0]["logGroupArn"]
    following = iter(
        client.start_live_tail(logGroupIdentifiers=[arn], logStreamNames=["s"], logEventFilterPattern="ERROR")[
            "responseStream"
        ]
    )
    assert next(following)["sessionStart"]["logGroupIdentifiers"] == [arn]
    logs.create_log_stream(logGroupName=stream["logGroupName"], logStreamName="other")
    logs.put_log_events(logGroupName=stream["logGroupName"], logStreamName="other", logEvents=events("ERROR elsewhere"))
    logs.put_log_events(**stream, logEvents=events("fine", "ERROR here"))
    shown: list[dict] = []
    for event in following:
        shown += event["sessionUpdate"]["sessionResults"]
        if shown:
            break
    assert [event["message"] for event in shown] == ["ERROR here"]
    assert shown[0]["logStreamName"] == "s" and shown[0]["logGroupIdentifier"] == arn
