"""What invokes functions by itself: rules, buckets, log groups, alarms; each as far as the policy lets it."""

import base64
import gzip
import json
import time

import pytest
from tests.api.lambda_.test_invoking import messages
from tests.support.server import wait_until

SOURCE = "import json\ndef handler(event, context):\n    print('heard ' + json.dumps(event))\n"


@pytest.fixture
def listener(aws, make):
    """`listener(principal, source_arn)` is a function's ARN that they may invoke, and what it has heard so far."""

    def made(principal: str, source: str):
        lam, function = aws("lambda"), make(SOURCE)
        lam.add_permission(
            FunctionName=function,
            StatementId="them",
            Action="lambda:InvokeFunction",
            Principal=principal,
            SourceArn=source,
        )
        arn = lam.get_function_configuration(FunctionName=function)["FunctionArn"]

        def heard() -> list[dict]:
            return [json.loads(one[6:]) for one in messages(aws, function) if one.startswith("heard ")]

        return arn, heard

    return made


def test_a_rule_invokes_its_target(aws, listener, name):
    events = aws("events")
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    arn, heard = listener("events.amazonaws.com", rule)
    events.put_targets(Rule=name, Targets=[{"Id": "fn", "Arn": arn}])
    events.put_events(Entries=[{"Source": name, "DetailType": "news", "Detail": json.dumps({"n": 1})}])
    event = wait_until(heard, what="the event")[0]
    assert (event["source"], event["detail"]) == (name, {"n": 1})


def test_a_bucket_tells_of_its_objects(aws, listener, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    arn, heard = listener("s3.amazonaws.com", f"arn:aws:s3:::{name}")
    wanted = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [wanted]}
    )
    s3.put_object(Bucket=name, Key="a/b", Body=b"x")

    def created():
        return [event for event in heard() if event.get("Records")]

    record = wait_until(created, what="the notification")[0]["Records"][0]
    assert record["s3"]["object"]["key"] == "a/b" and record["eventName"] == "ObjectCreated:Put"


def test_a_log_group_hands_on_what_its_filter_matches(aws, listener, name):
    logs = aws("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    group = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["arn"]
    arn, heard = listener("logs.amazonaws.com", group)
    logs.put_subscription_filter(logGroupName=name, filterName="f", filterPattern="ERROR", destinationArn=arn)
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "message": "fine"}, {"timestamp": now, "message": "ERROR one"}]
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=lines)

    def handed():
        found = []
        for event in heard():
            data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
            if data["messageType"] == "DATA_MESSAGE":
                found.append(data)
        return found

    data = wait_until(handed, what="the lines")[0]
    assert [line["message"] for line in data["logEvents"]] == ["ERROR one"] and data["logGroup"] == name


def test_an_alarm_acts_by_a_function(aws, listener, name):
    watch = aws("cloudwatch")
    alarm = f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"
    arn, heard = listener("lambda.alarms.cloudwatch.amazonaws.com", alarm)
    watch.put_metric_alarm(
        AlarmName=name,
        Namespace="t",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn],
    )
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a rehearsal")
    event = wait_until(heard, what="the action")[0]
    assert event["alarmArn"] == alarm and event["alarmData"]["state"]["value"] == "ALARM"
    watch.delete_alarms(AlarmNames=[name])
