"""Composite alarms through boto3."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


@pytest.fixture
def child(cloudwatch, name):
    def make(suffix):
        cloudwatch.put_metric_alarm(
            AlarmName=f"{name}-{suffix}",
            Namespace=name,
            MetricName="m",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        return f"{name}-{suffix}"

    return make


def described(cloudwatch, name):
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return found


def test_the_state_follows_the_children_and_acts(aws, cloudwatch, child, name):
    one, two = child("one"), child("two")
    sqs, sns = aws("sqs"), aws("sns")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    rule = f'ALARM("{one}") AND NOT OK({two})'
    cloudwatch.put_composite_alarm(
        AlarmName=name, AlarmRule=rule, AlarmActions=[topic], Tags=[{"Key": "a", "Value": "b"}]
    )
    found = described(cloudwatch, name)
    assert (found["StateValue"], found["AlarmRule"]) == ("OK", rule)

    cloudwatch.set_alarm_state(AlarmName=one, StateValue="ALARM", StateReason="test")
    found = wait_until(
        lambda: (now := described(cloudwatch, name))["StateValue"] == "ALARM" and now, what="the composite's ALARM"
    )
    assert f"{one} transitioned to ALARM at" in found["StateReason"]
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    body = json.loads(message["Body"])
    assert (body["AlarmName"], body["NewStateValue"], body["AlarmRule"]) == (name, "ALARM", rule)
    assert any(each["Arn"].endswith(one) for each in body["TriggeringChildren"])

    cloudwatch.set_alarm_state(AlarmName=two, StateValue="OK", StateReason="test")
    wait_until(lambda: described(cloudwatch, name)["StateValue"] == "OK", what="the composite's OK")
    history = cloudwatch.describe_alarm_history(AlarmName=name, AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert {item["AlarmType"] for item in history} == {"CompositeAlarm"}
    assert {"StateUpdate", "ConfigurationUpdate", "Action"} <= {item["HistoryItemType"] for item in history}
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName=name)["MetricAlarms"]
    assert sorted(each["AlarmName"] for each in children) == [one, two]
    assert cloudwatch.describe_alarms(ParentsOfAlarmName=one)["CompositeAlarms"][0]["AlarmName"] == name


def test_composites_of_composites(cloudwatch, child, name):
    one = child("one")
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-inner", AlarmRule=f"ALARM({one})")
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-outer", AlarmRule=f"ALARM({name}-inner)")
    cloudwatch.set_alarm_state(AlarmName=one, StateValue="ALARM", StateReason="test")
    wait_until(lambda: described(cloudwatch, f"{name}-outer")["StateValue"] == "ALARM", what="the outer ALARM")
    with pytest.raises(ClientError, match="depend on itself"):
        cloudwatch.put_composite_alarm(AlarmName=f"{name}-inner", AlarmRule=f"ALARM({name}-outer)")
    with pytest.raises(ClientError, match="composite alarm\\(s\\) depending on it"):
        cloudwatch.delete_alarms(AlarmNames=[f"{name}-inner"])
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-outer", AlarmRule="FALSE")
    wait_until(lambda: described(cloudwatch, f"{name}-outer")["StateValue"] == "OK", what="OK without the inner")
    cloudwatch.delete_alarms(AlarmNames=[f"{name}-inner", f"{name}-nobody"])  # what is wrong among right is passed over


def test_what_cannot_be(cloudwatch, child, name):
    one = child("one")
    with pytest.raises(ClientError, match="Error in AlarmRule"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(")
    with pytest.raises(ClientError, match="alarm:nobody\\] in the alarm rule do not exist"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({one}) OR ALARM(nobody)")
    with pytest.raises(ClientError, match="at most 500 elements"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=" OR ".join(["TRUE"] * 501))
    with pytest.raises(ClientError, match="metric alarm with the name"):
        cloudwatch.put_composite_alarm(AlarmName=one, AlarmRule="TRUE")
    with pytest.raises(ClientError, match="ActionsSuppressorWaitPeriod must be specified"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="TRUE", ActionsSuppressor=one)
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="TRUE", ActionsEnabled=False)
    assert described(cloudwatch, name)["StateValue"] == "ALARM"
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    assert described(cloudwatch, name)["ActionsEnabled"] is True
    arn = described(cloudwatch, name)["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


def test_anomaly_detectors_are_kept_by_their_metric(cloudwatch, name):
    metric = {"Namespace": name, "MetricName": "m", "Stat": "Average"}
    made = cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=metric)["AnomalyDetectorId"]
    assert cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=metric)["AnomalyDetectorId"] == made
    (found,) = cloudwatch.describe_anomaly_detectors(Namespace=name)["AnomalyDetectors"]
    assert found["StateValue"] in ("PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA")
    assert found["SingleMetricAnomalyDetector"]["MetricName"] == "m"
    with pytest.raises(ClientError, match="Stat is required"):
        cloudwatch.put_anomaly_detector(Namespace=name, MetricName="m")
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=metric)
    with pytest.raises(ClientError, match="no such anomaly detector"):
        cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=metric)
    assert cloudwatch.describe_anomaly_detectors(Namespace=name)["AnomalyDetectors"] == []
