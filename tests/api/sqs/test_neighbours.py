"""SNS topics and EventBridge rules that hand messages to queues, as far as the queues' policies allow."""

import json

import pytest
from tests.api.sqs.test_standard import attributes, receive


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def make(sqs, name):
    """A queue into which a service may send, or (None) nobody."""

    def make(service=None, suffix="q", source=None):
        url = sqs.create_queue(QueueName=f"{name}-{suffix}")["QueueUrl"]
        arn = attributes(sqs, url, "QueueArn")["QueueArn"]
        if service:
            allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": arn}
            if source:
                allow["Condition"] = {"ArnEquals": {"aws:SourceArn": source}}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    return make


@pytest.fixture
def topic(aws, name):
    return aws("sns").create_topic(Name=name)["TopicArn"]


def test_a_topic_sends_documents_and_raw_messages(aws, sqs, make, topic):
    sns = aws("sns")
    url, arn = make("sns.amazonaws.com", source=topic)
    raw_url, raw_arn = make("sns.amazonaws.com", "raw")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    given = {"RawMessageDelivery": "true", "FilterPolicy": '{"colour": ["red"]}'}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=raw_arn, Attributes=given)
    colour = {"colour": {"DataType": "String", "StringValue": "red"}}
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="s", MessageAttributes=colour)
    (got,) = receive(sqs, url, WaitTimeSeconds=5)
    body = json.loads(got["Body"])
    assert (body["Type"], body["Message"], body["TopicArn"]) == ("Notification", "hello", topic)
    assert body["MessageId"] == sent["MessageId"] and body["MessageAttributes"]["colour"]["Value"] == "red"
    (raw,) = receive(sqs, raw_url, WaitTimeSeconds=5, MessageAttributeNames=["All"])
    assert raw["Body"] == "hello" and raw["MessageAttributes"] == colour
    sns.publish(TopicArn=topic, Message="not for the filter")  # a standard topic promises no order
    (other,) = receive(sqs, url, WaitTimeSeconds=5)
    assert json.loads(other["Body"])["Message"] == "not for the filter"
    assert receive(sqs, raw_url, WaitTimeSeconds=1) == []


def test_what_a_queue_does_not_allow_becomes_a_dead_letter(aws, sqs, make, topic):
    sns = aws("sns")
    shut_url, shut = make("sns.amazonaws.com", source=f"{topic}-other")
    dead_url, dead = make("sns.amazonaws.com", "dead")
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=shut, Attributes=redrive)
    sns.publish(TopicArn=topic, Message="nobody wants it")
    (got,) = receive(sqs, dead_url, WaitTimeSeconds=5)
    assert json.loads(got["Body"])["Message"] == "nobody wants it"
    assert receive(sqs, shut_url) == []


def test_a_rule_sends_events(aws, sqs, make, name):
    events = aws("events")
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    url, arn = make("events.amazonaws.com", source=rule)
    shut_url, shut = make(suffix="shut")
    dead_url, dead = make("events.amazonaws.com", "dead")
    targets = [
        {"Id": "queue", "Arn": arn, "InputPath": "$.detail"},
        {"Id": "shut", "Arn": shut, "DeadLetterConfig": {"Arn": dead}},
    ]
    assert events.put_targets(Rule=name, Targets=targets)["FailedEntryCount"] == 0
    events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": '{"a": 1}'}])
    (got,) = receive(sqs, url, WaitTimeSeconds=5)
    assert json.loads(got["Body"]) == {"a": 1}
    (lost,) = receive(sqs, dead_url, WaitTimeSeconds=5, MessageAttributeNames=["All"])
    about = {key: value["StringValue"] for key, value in lost["MessageAttributes"].items()}
    assert (about["RULE_ARN"], about["TARGET_ARN"], about["ERROR_CODE"]) == (rule, shut, "AccessDenied")
    assert receive(sqs, shut_url) == []


def test_a_rule_forwards_to_another_bus(aws, sqs, make, name):
    events = aws("events")
    bus = events.create_event_bus(Name=name)["EventBusArn"]
    pattern = json.dumps({"source": [name]})
    events.put_rule(Name=f"{name}-on", EventPattern=pattern)
    events.put_targets(Rule=f"{name}-on", Targets=[{"Id": "bus", "Arn": bus}])
    rule = events.put_rule(Name=name, EventPattern=pattern, EventBusName=name)["RuleArn"]
    url, arn = make("events.amazonaws.com", source=rule)
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": '{"a": 1}'}])
    (got,) = receive(sqs, url, WaitTimeSeconds=5)
    assert json.loads(got["Body"])["source"] == name


def test_a_bucket_tries_its_queue_and_tells_it(aws, sqs, make, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    shut_url, shut = make(suffix="shut")
    url, arn = make("s3.amazonaws.com", source=f"arn:aws:s3:::{name}")
    notify = {"Events": ["s3:ObjectCreated:*"]}
    with pytest.raises(s3.exceptions.ClientError, match="Unable to validate"):
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"QueueConfigurations": [{**notify, "QueueArn": shut}]}
        )
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"QueueConfigurations": [{**notify, "QueueArn": arn}]}
    )
    (tried,) = receive(sqs, url, WaitTimeSeconds=5)
    assert json.loads(tried["Body"])["Event"] == "s3:TestEvent"
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    (got,) = receive(sqs, url, WaitTimeSeconds=5)
    assert json.loads(got["Body"])["Records"][0]["s3"]["object"]["key"] == "a"
    assert receive(sqs, shut_url) == []


def test_a_fifo_topic_keeps_order_and_takes_repetitions_once(aws, sqs, name):
    sns = aws("sns")
    given = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name=f"{name}.fifo", Attributes=given)["TopicArn"]
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["FifoTopic"] == "true"
    url = sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = attributes(sqs, url, "QueueArn")["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    with pytest.raises(sns.exceptions.InvalidParameterException, match="FIFO topics deliver"):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    with pytest.raises(sns.exceptions.InvalidParameterException, match="MessageGroupId"):
        sns.publish(TopicArn=topic, Message="x")
    sent = [sns.publish(TopicArn=topic, Message=str(number), MessageGroupId="g") for number in range(8)]
    again = sns.publish(TopicArn=topic, Message="3", MessageGroupId="g")
    assert again["MessageId"] == sent[3]["MessageId"]
    numbers = [one["SequenceNumber"] for one in sent]
    assert numbers == sorted(numbers) and len(set(numbers)) == 8
    got = []
    while len(got) < 8:
        found = receive(sqs, url, WaitTimeSeconds=5, MaxNumberOfMessages=10, AttributeNames=["All"])
        assert found
        for one in found:
            assert one["Attributes"]["MessageGroupId"] == "g"
            got.append(one["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    assert got == [str(number) for number in range(8)]
