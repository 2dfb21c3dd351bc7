"""Alarms whose states the tests set, and a queue that hears of them."""

import json

from tests.support.server import wait_until


def put_quiet_alarm(cloudwatch, name, **more):
    """A metric alarm without data, which stays in the state that it is given."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        **more,
    )
    return name


def set_state(cloudwatch, name, state):
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def composite(cloudwatch, name):
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return found


class Pager:
    """A topic, and what has been published to it."""

    def __init__(self, aws, name):
        self._sqs, sns = aws("sqs"), aws("sns")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        queue = f"arn:aws:sqs:us-east-1:000000000000:{name}"
        self.topic = sns.create_topic(Name=name)["TopicArn"]
        allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": queue}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})

    def message(self):
        """The next one, waited for."""
        found = wait_until(
            lambda: self._sqs.receive_message(QueueUrl=self._url, WaitTimeSeconds=2).get("Messages"), what="a page"
        )
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=found[0]["ReceiptHandle"])
        return json.loads(found[0]["Body"])

    def silent(self):
        return not self._sqs.receive_message(QueueUrl=self._url).get("Messages")
