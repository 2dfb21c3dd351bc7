"""FIFO queues through boto3."""

import uuid

import pytest
from tests.api.sqs.test_standard import attributes, receive, refused


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def make(sqs, name):
    def make(**more):
        given = {"FifoQueue": "true", **more}
        return sqs.create_queue(QueueName=f"{name}-{uuid.uuid4().hex[:6]}.fifo", Attributes=given)["QueueUrl"]

    return make


def send(sqs, url, body, group="g", **more):
    return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)


def test_a_group_keeps_its_order_and_waits_for_what_is_in_flight(sqs, make):
    url = make(ContentBasedDeduplication="true")
    numbers = [int(send(sqs, url, str(number))["SequenceNumber"]) for number in range(3)]
    assert numbers == sorted(numbers) and len(str(numbers[0])) == 20
    send(sqs, url, "other", group="h")
    (first,) = receive(sqs, url, AttributeNames=["All"])
    assert first["Body"] == "0" and first["Attributes"]["MessageGroupId"] == "g"
    assert first["Attributes"]["SequenceNumber"] == str(numbers[0])
    (other,) = receive(sqs, url, MaxNumberOfMessages=10)
    assert other["Body"] == "other"
    assert receive(sqs, url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert [one["Body"] for one in receive(sqs, url, MaxNumberOfMessages=10)] == ["1", "2"]


def test_a_message_given_back_comes_before_those_behind_it(sqs, make):
    url = make(ContentBasedDeduplication="true")
    for number in range(3):
        send(sqs, url, str(number))
    got = receive(sqs, url, MaxNumberOfMessages=2)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got[0]["ReceiptHandle"], VisibilityTimeout=0)
    assert receive(sqs, url) == []  # the second is still in flight
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got[1]["ReceiptHandle"], VisibilityTimeout=0)
    assert [one["Body"] for one in receive(sqs, url, MaxNumberOfMessages=10)] == ["0", "1", "2"]


def test_repeated_messages_are_taken_once(sqs, make):
    url = make()
    one = send(sqs, url, "a", MessageDeduplicationId="x")
    two = send(sqs, url, "b", MessageDeduplicationId="x")
    assert (one["MessageId"], one["SequenceNumber"]) == (two["MessageId"], two["SequenceNumber"])
    (got,) = receive(sqs, url, MaxNumberOfMessages=10)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    send(sqs, url, "c", MessageDeduplicationId="x")
    assert receive(sqs, url) == []
    by_content = make(ContentBasedDeduplication="true")
    assert send(sqs, by_content, "same")["MessageId"] == send(sqs, by_content, "same")["MessageId"]
    by_group = make(DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in "ab":
        send(sqs, by_group, "x", group=group, MessageDeduplicationId="x")
    assert attributes(sqs, by_group)["ApproximateNumberOfMessages"] == "2"


def test_what_a_fifo_queue_demands(sqs, make, name):
    url = make()
    refused("MissingParameter", sqs.send_message, QueueUrl=url, MessageBody="x")
    assert "ContentBasedDeduplication" in refused(
        "InvalidParameterValue", sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g"
    )
    given = {"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    refused("InvalidParameterValue", sqs.send_message, **given, DelaySeconds=5)
    refused("InvalidParameterValue", sqs.create_queue, QueueName=name, Attributes={"FifoQueue": "true"})
    refused("InvalidParameterValue", sqs.create_queue, QueueName=f"{name}.fifo")
    refused("InvalidAttributeName", sqs.create_queue, QueueName=name, Attributes={"ContentBasedDeduplication": "true"})
    refused(
        "InvalidAttributeValue",
        sqs.set_queue_attributes,
        QueueUrl=url,
        Attributes={"FifoThroughputLimit": "perMessageGroupId"},
    )


def test_an_attempt_is_answered_again(sqs, make):
    url = make(ContentBasedDeduplication="true")
    send(sqs, url, "x")
    (one,) = receive(sqs, url, ReceiveRequestAttemptId="try")
    (two,) = receive(sqs, url, ReceiveRequestAttemptId="try")
    assert one["ReceiptHandle"] == two["ReceiptHandle"]
    assert receive(sqs, url, ReceiveRequestAttemptId="other") == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    assert receive(sqs, url, ReceiveRequestAttemptId="try") == []


def test_an_expired_handle_deletes_nothing(sqs, make):
    url = make(ContentBasedDeduplication="true")
    send(sqs, url, "x")
    (got,) = receive(sqs, url, VisibilityTimeout=0)
    message = refused("InvalidParameterValue", sqs.delete_message, QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    assert "expired" in message
    assert len(receive(sqs, url)) == 1


def test_dead_letters_of_a_fifo_queue_need_one_too(sqs, make, name):
    dead = make()
    arn = attributes(sqs, dead, "QueueArn")["QueueArn"]
    url = make(ContentBasedDeduplication="true", RedrivePolicy=f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}')
    send(sqs, url, "poison")
    send(sqs, url, "good")
    assert receive(sqs, url, VisibilityTimeout=0)[0]["Body"] == "poison"
    assert receive(sqs, url)[0]["Body"] == "good"
    assert receive(sqs, dead)[0]["Body"] == "poison"
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}'
    message = refused("InvalidParameterValue", sqs.create_queue, QueueName=name, Attributes={"RedrivePolicy": policy})
    assert "same type" in message
