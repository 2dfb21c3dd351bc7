"""EventBridge as boto3 sees it: buses, rules, targets, schedules, and events that arrive."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def bus(events, name):
    events.create_event_bus(Name=name)
    yield name
    for rule in events.list_rules(EventBusName=name)["Rules"]:
        remove(events, rule["Name"], name)
    events.delete_event_bus(Name=name)


def remove(events, rule, bus="default"):
    ids = [target["Id"] for target in events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]]
    if ids:
        events.remove_targets(Rule=rule, EventBusName=bus, Ids=ids)
    events.delete_rule(Name=rule, EventBusName=bus)


def refusal(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


class Inbox:
    """A log group as a target: what arrived there."""

    def __init__(self, logs, name):
        self.logs = logs
        self.group = f"/aws/events/{name}"
        logs.create_log_group(logGroupName=self.group)
        self.arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{self.group}"

    def messages(self):
        found = self.logs.filter_log_events(logGroupName=self.group)["events"]
        return [event["message"] for event in found]

    def wait(self, count=1):
        wait_until(lambda: len(self.messages()) >= count, what=f"{count} events in {self.group}")
        return self.messages()


@pytest.fixture
def inbox(aws, name):
    made = Inbox(aws("logs"), name)
    yield made
    made.logs.delete_log_group(logGroupName=made.group)


def send(events, bus, **more):
    entry = {"Source": "my.app", "DetailType": "order", "Detail": "{}", "EventBusName": bus, **more}
    answer = events.put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer
    return answer["Entries"][0]["EventId"]


def test_an_event_reaches_the_targets_of_rules_it_matches(events, inbox, bus):
    events.put_rule(Name="large", EventBusName=bus, EventPattern='{"detail":{"total":[{"numeric":[">",100]}]}}')
    events.put_rule(Name="other", EventBusName=bus, EventPattern='{"source":["someone.else"]}')
    for rule in ("large", "other"):
        events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": rule, "Arn": inbox.arn}])
    send(events, bus, Detail='{"total": 99}')
    event_id = send(events, bus, Detail='{"total": 101}', Resources=["arn:aws:x:::y"])
    (message,) = inbox.wait()
    event = json.loads(message)
    assert event.pop("time")
    assert event == {
        "version": "0",
        "id": event_id,
        "detail-type": "order",
        "source": "my.app",
        "account": "000000000000",
        "region": "us-east-1",
        "resources": ["arn:aws:x:::y"],
        "detail": {"total": 101},
    }


def test_what_happens_in_trunkline_fires_rules_of_the_default_bus(aws, events, inbox, name):
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [name]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": inbox.arn, "InputPath": "$.detail.object.key"}])
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    try:
        s3.put_object(Bucket=name, Key="before", Body=b"x")
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        s3.put_object(Bucket=name, Key="after", Body=b"x")
        assert inbox.wait() == ['"after"']
    finally:
        for key in ("before", "after"):
            s3.delete_object(Bucket=name, Key=key)
        s3.delete_bucket(Bucket=name)
        remove(events, name)


def test_inputs_are_constants_parts_or_templates(events, inbox, bus):
    events.put_rule(Name="r", EventBusName=bus, EventPattern='{"source":["my.app"]}')
    template = {
        "InputPathsMap": {"who": "$.detail.who", "list": "$.detail.list"},
        "InputTemplate": '{"who": <who>, "text": "<who> did \\"it\\"", "all": <list>, "rule": <aws.events.rule-name>}',
    }
    targets = [
        {"Id": "constant", "Arn": inbox.arn, "Input": '{"a":1}'},
        {"Id": "part", "Arn": inbox.arn, "InputPath": "$.detail.list[1]"},
        {"Id": "template", "Arn": inbox.arn, "InputTransformer": template},
    ]
    events.put_targets(Rule="r", EventBusName=bus, Targets=targets)
    send(events, bus, Detail='{"who": "Ann \\"A\\"", "list": [1, 2]}')
    messages = inbox.wait(3)
    assert '{"a":1}' in messages
    assert "2" in messages
    made = json.loads(next(message for message in messages if "rule" in message))
    assert made == {"who": 'Ann "A"', "text": 'Ann "A" did "it"', "all": [1, 2], "rule": "r"}


def test_disabled_rules_are_silent(events, inbox, bus):
    events.put_rule(Name="r", EventBusName=bus, EventPattern='{"source":["my.app"]}', State="DISABLED")
    events.put_targets(Rule="r", EventBusName=bus, Targets=[{"Id": "1", "Arn": inbox.arn, "InputPath": "$.detail.n"}])
    send(events, bus, Detail='{"n": 1}')
    events.put_rule(Name="seen", EventBusName=bus, EventPattern='{"source":["my.app"]}')
    events.put_targets(Rule="seen", EventBusName=bus, Targets=[{"Id": "1", "Arn": inbox.arn, "Input": '"marker"'}])
    send(events, bus, Detail='{"n": 2}')
    inbox.wait()
    events.disable_rule(Name="seen", EventBusName=bus)
    events.enable_rule(Name="r", EventBusName=bus)
    send(events, bus, Detail='{"n": 3}')
    assert inbox.wait(2) == ['"marker"', "3"]


def test_rules_are_put_described_listed_and_deleted(events, bus):
    pattern = '{"source":["a"]}'
    arn = events.put_rule(
        Name="r1", EventBusName=bus, EventPattern=pattern, Description="d", Tags=[{"Key": "k", "Value": "v"}]
    )["RuleArn"]
    assert arn == f"arn:aws:events:us-east-1:000000000000:rule/{bus}/r1"
    for n in range(2, 6):
        events.put_rule(Name=f"r{n}", EventBusName=bus, EventPattern=pattern)
    described = events.describe_rule(Name="r1", EventBusName=bus)
    assert (described["State"], described["Description"], described["EventPattern"]) == ("ENABLED", "d", pattern)
    first = events.list_rules(EventBusName=bus, Limit=3)
    rest = events.list_rules(EventBusName=bus, NextToken=first["NextToken"])
    assert [rule["Name"] for rule in first["Rules"] + rest["Rules"]] == [f"r{n}" for n in range(1, 6)]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "x", "Value": "y"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["k"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "x", "Value": "y"}]
    target = "arn:aws:sns:us-east-1:000000000000:topic"
    events.put_targets(Rule="r1", EventBusName=bus, Targets=[{"Id": "1", "Arn": target}])
    assert events.list_rule_names_by_target(TargetArn=target, EventBusName=bus)["RuleNames"] == ["r1"]
    assert refusal(events.delete_rule, Name="r1", EventBusName=bus) == "ValidationException"
    assert refusal(events.delete_event_bus, Name=bus) == "ValidationException"
    events.remove_targets(Rule="r1", EventBusName=bus, Ids=["1"])
    events.delete_rule(Name="r1", EventBusName=bus)
    assert refusal(events.describe_rule, Name="r1", EventBusName=bus) == "ResourceNotFoundException"


def test_what_cannot_be_is_refused(events, bus, name):
    rule = {"Name": "r", "EventBusName": bus}
    assert refusal(events.put_rule, **rule) == "ValidationException"
    assert refusal(events.put_rule, **rule, EventPattern='{"source":"a"}') == "InvalidEventPatternException"
    assert refusal(events.put_rule, **rule, EventPattern="{}") == "InvalidEventPatternException"
    assert refusal(events.put_rule, **rule, ScheduleExpression="rate(1 minute)") == "ValidationException"
    assert refusal(events.put_rule, Name=name, ScheduleExpression="rate(1 minutes)") == "ValidationException"
    assert refusal(events.put_rule, Name="r", EventBusName="nope", EventPattern='{"a":[1]}') == (
        "ResourceNotFoundException"
    )
    events.put_rule(**rule, EventPattern='{"source":["a"]}')
    for target in (
        {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
        {"Arn": "arn:aws:sqs:us-east-1:000000000000:q.fifo"},
        {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c", "RoleArn": "arn:aws:iam::000000000000:role/r"},
        {"Arn": "arn:aws:codepipeline:us-east-1:000000000000:p"},
        {"Arn": "arn:aws:sns:us-east-1:000000000000:t", "InputPath": "detail"},
        {"Arn": "arn:aws:sns:us-east-1:000000000000:t", "Input": "{not json"},
        {"Arn": "arn:aws:sns:us-east-1:000000000000:t", "Input": "{}", "InputPath": "$"},
        {"Arn": "arn:aws:sns:us-east-1:000000000000:t", "DeadLetterConfig": {"Arn": "arn:aws:sns:us-east-1:0:q"}},
        {"Arn": "not an arn"},
    ):
        answer = refusal(events.put_targets, Rule="r", EventBusName=bus, Targets=[{"Id": "1", **target}])
        assert answer == "ValidationException", target
    six = [{"Id": str(n), "Arn": "arn:aws:sns:us-east-1:000000000000:t"} for n in range(6)]
    assert refusal(events.put_targets, Rule="r", EventBusName=bus, Targets=six) == "LimitExceededException"


def test_entries_that_cannot_be_put_are_told_one_by_one(events, bus):
    good = {"Source": "my.app", "DetailType": "t", "Detail": "{}", "EventBusName": bus}
    bad = [
        {**good, "Detail": "[1]"},
        {**good, "Detail": "{"},
        {**good, "Source": "aws.s3"},
        {**good, "Source": ""},
        {**good, "EventBusName": "nope"},
    ]
    answer = events.put_events(Entries=[good, *bad])
    assert answer["FailedEntryCount"] == 5
    assert answer["Entries"][0]["EventId"]
    assert [entry.get("ErrorCode") for entry in answer["Entries"][1:]] == [
        "MalformedDetail",
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        "InvalidArgument",
        "ResourceNotFoundException",
    ]


def test_patterns_can_be_tried(events):
    event = {
        "id": "1",
        "account": "0",
        "source": "a",
        "time": "2026-01-01T00:00:00Z",
        "region": "r",
        "resources": [],
        "detail-type": "t",
        "detail": {"state": "running"},
    }
    for pattern, result in (('{"detail":{"state":["running"]}}', True), ('{"detail":{"state":["stopped"]}}', False)):
        assert events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"] is result
    assert refusal(events.test_event_pattern, EventPattern='{"a":[1]}', Event="{}") == "ValidationException"


def test_buses(events, bus):
    assert refusal(events.create_event_bus, Name=bus) == "ResourceAlreadyExistsException"
    assert bus in [found["Name"] for found in events.list_event_buses()["EventBuses"]]
    assert events.describe_event_bus(Name=bus)["Arn"].endswith(f"event-bus/{bus}")
    assert events.describe_event_bus()["Name"] == "default"
    assert refusal(events.describe_event_bus, Name="nope") == "ResourceNotFoundException"
    assert refusal(events.delete_event_bus, Name="default") == "ValidationException"


def test_deliveries_survive_a_kill(tmp_path):
    from tests.support.server import Server

    with Server(tmp_path / "data") as own:
        events, logs = own.client("events"), own.client("logs")
        inbox = Inbox(logs, "killed")
        events.put_rule(Name="r", EventPattern='{"source":["my.app"]}')
        target = {"Id": "1", "Arn": inbox.arn, "InputPath": "$.detail.n"}
        events.put_targets(Rule="r", Targets=[target])
        for n in range(30):
            send(events, "default", Detail=json.dumps({"n": n}))
        own.kill()
        own.start()
        inbox.logs = own.client("logs")
        arrived = wait_until(lambda: (m := inbox.messages()) and len(set(m)) == 30 and m, what="all 30 events")
        assert {int(message) for message in arrived} == set(range(30))
