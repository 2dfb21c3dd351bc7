"""Standard queues through boto3."""

import hashlib
import threading
import time

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    assert code in (error["Code"], error.get("QueryErrorCode")), caught.value
    return error["Message"]


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def url(sqs, name):
    return sqs.create_queue(QueueName=name)["QueueUrl"]


def receive(sqs, url, **more):
    return sqs.receive_message(QueueUrl=url, **more).get("Messages", [])


def attributes(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])["Attributes"]


def test_send_receive_delete(sqs, url):
    sent = sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert sent["MD5OfMessageBody"] == hashlib.md5(b"hello").hexdigest()
    (got,) = receive(sqs, url, MessageSystemAttributeNames=["All"])
    assert (got["Body"], got["MessageId"]) == ("hello", sent["MessageId"])
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"
    assert abs(int(got["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60
    assert receive(sqs, url) == []
    assert attributes(sqs, url)["ApproximateNumberOfMessagesNotVisible"] == "1"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    assert attributes(sqs, url)["ApproximateNumberOfMessagesNotVisible"] == "0"
    refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle="nonsense")


def test_boto3_checks_the_digests_of_attributes(sqs, url):
    given = {
        "word": {"DataType": "String", "StringValue": "ä"},
        "number": {"DataType": "Number.int", "StringValue": "42"},
        "blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=given, MessageSystemAttributes=trace)
    assert sent["MD5OfMessageAttributes"] and sent["MD5OfMessageSystemAttributes"]
    (got,) = receive(sqs, url, MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert got["MessageAttributes"] == given
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    (some,) = receive(sqs, url, MessageAttributeNames=["wo.*"], AttributeNames=["AWSTraceHeader"], VisibilityTimeout=0)
    assert set(some["MessageAttributes"]) == {"word"}
    assert some["Attributes"] == {"AWSTraceHeader": "Root=1-2-3"}
    (none,) = receive(sqs, url)
    assert "MessageAttributes" not in none and "Attributes" not in none


def test_what_cannot_be_sent(sqs, url):
    refused("InvalidMessageContents", sqs.send_message, QueueUrl=url, MessageBody="\x01")
    long = "x" * (1_048_576 + 1)
    assert "shorter than 1048576" in refused("InvalidParameterValue", sqs.send_message, QueueUrl=url, MessageBody=long)
    sqs.send_message(QueueUrl=url, MessageBody=long[1:])
    refused("InvalidParameterValue", sqs.send_message, QueueUrl=url, MessageBody="x", DelaySeconds=901)
    bad = {"a": {"DataType": "Strange", "StringValue": "x"}}
    refused("InvalidParameterValue", sqs.send_message, QueueUrl=url, MessageBody="x", MessageAttributes=bad)
    refused("InvalidParameterValue", sqs.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="x")
    refused("QueueDoesNotExist", sqs.send_message, QueueUrl=f"{url}-other", MessageBody="x")
    refused("InvalidAddress", sqs.send_message, QueueUrl="http://127.0.0.1/", MessageBody="x")


def test_long_polling_wakes_when_a_message_comes(sqs, server, url):
    got = []

    def wait():
        client = server.client("sqs")
        started = time.monotonic()
        found = receive(client, url, WaitTimeSeconds=20)
        got.append((found, time.monotonic() - started))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    sqs.send_message(QueueUrl=url, MessageBody="now")
    thread.join(10)
    ((found, took_s),) = got
    assert found[0]["Body"] == "now" and took_s < 5


def test_long_polling_ends_with_nothing(sqs, url):
    started = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=1) == []
    assert 0.9 < time.monotonic() - started < 5
    refused("InvalidParameterValue", sqs.receive_message, QueueUrl=url, WaitTimeSeconds=21)
    refused("InvalidParameterValue", sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11)


def test_what_is_not_deleted_is_visible_again(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="again")
    (first,) = receive(sqs, url, VisibilityTimeout=1)
    (second,) = receive(sqs, url, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert attributes(sqs, url)["ApproximateNumberOfMessagesNotVisible"] == "1"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    assert attributes(sqs, url)["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_visibility_can_be_changed_while_in_flight(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (got,) = receive(sqs, url)
    handle = got["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    refused(
        "MessageNotInflight", sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=5
    )
    (again,) = receive(sqs, url, VisibilityTimeout=1)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=60)
    assert receive(sqs, url, WaitTimeSeconds=2) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    message = refused(
        "InvalidParameterValue",
        sqs.change_message_visibility,
        QueueUrl=url,
        ReceiptHandle=again["ReceiptHandle"],
        VisibilityTimeout=5,
    )
    assert "Message does not exist" in message


def test_delays_of_queue_and_message(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later")
    sqs.send_message(QueueUrl=url, MessageBody="soon", DelaySeconds=1)
    assert receive(sqs, url) == []
    assert attributes(sqs, url)["ApproximateNumberOfMessagesDelayed"] == "2"
    (got,) = receive(sqs, url, WaitTimeSeconds=5)
    assert got["Body"] == "soon"


def test_batches_fail_entry_by_entry(sqs, url):
    entries = [{"Id": "a", "MessageBody": "one"}, {"Id": "b", "MessageBody": "\x01"}, {"Id": "c", "MessageBody": "two"}]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["a", "c"]
    ((failed),) = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"]) == ("b", True)
    got = receive(sqs, url, MaxNumberOfMessages=10)
    assert {one["Body"] for one in got} == {"one", "two"}
    changes = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 9} for i, m in enumerate(got)]
    assert len(sqs.change_message_visibility_batch(QueueUrl=url, Entries=changes)["Successful"]) == 2
    deletes = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[*deletes, {"Id": "z", "ReceiptHandle": "none"}])
    assert len(answer["Successful"]) == 2 and answer["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    refused("EmptyBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=[])
    twice = [{"Id": "a", "MessageBody": "x"}] * 2
    refused("BatchEntryIdsNotDistinct", sqs.send_message_batch, QueueUrl=url, Entries=twice)
    eleven = [{"Id": str(i), "MessageBody": "x"} for i in range(11)]
    refused("TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=eleven)
    refused("InvalidBatchEntryId", sqs.send_message_batch, QueueUrl=url, Entries=[{"Id": "a b", "MessageBody": "x"}])
    big = [{"Id": str(i), "MessageBody": "x" * 600_000} for i in range(2)]
    refused("BatchRequestTooLong", sqs.send_message_batch, QueueUrl=url, Entries=big)


def test_dead_letters_go_and_come_back(sqs, name):
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = attributes(sqs, dead, "QueueArn")["QueueArn"]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"2"}}'
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert len(receive(sqs, url, VisibilityTimeout=0)) == 1
    assert receive(sqs, url) == []
    (got,) = receive(sqs, dead, AttributeNames=["All"], VisibilityTimeout=0)
    assert got["MessageId"] == sent["MessageId"]
    assert got["Attributes"]["DeadLetterQueueSourceArn"] == attributes(sqs, url, "QueueArn")["QueueArn"]
    refused("InvalidParameterValue", sqs.start_message_move_task, SourceArn=attributes(sqs, url)["QueueArn"])
    task = sqs.start_message_move_task(SourceArn=arn)["TaskHandle"]
    assert task

    def done():
        (found,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
        return found if found["Status"] == "COMPLETED" else None

    assert wait_until(done)["ApproximateNumberOfMessagesMoved"] == 1
    (back,) = receive(sqs, url, WaitTimeSeconds=2)
    assert back["Body"] == "poison"
    refused("ResourceNotFoundException", sqs.start_message_move_task, SourceArn=f"{arn}-none")
    refused("UnsupportedOperation", sqs.cancel_message_move_task, TaskHandle=task)


def test_move_tasks_can_be_slow_and_cancelled(sqs, name):
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = attributes(sqs, dead, "QueueArn")["QueueArn"]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}'
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for number in range(10):
        sqs.send_message(QueueUrl=dead, MessageBody=str(number))
    target = attributes(sqs, url, "QueueArn")["QueueArn"]
    task = sqs.start_message_move_task(SourceArn=arn, DestinationArn=target, MaxNumberOfMessagesPerSecond=1)
    refused("UnsupportedOperation", sqs.start_message_move_task, SourceArn=arn)
    moved = sqs.cancel_message_move_task(TaskHandle=task["TaskHandle"])["ApproximateNumberOfMessagesMoved"]
    assert moved < 10
    assert sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]["Status"] == "CANCELLED"


def test_redrive_policies_are_checked(sqs, name, url):
    def wrong(policy):
        return refused(
            "InvalidParameterValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": policy}
        )

    none = "arn:aws:sqs:us-east-1:000000000000:not-there"
    assert "does not exist" in wrong(f'{{"deadLetterTargetArn":"{none}","maxReceiveCount":1}}')
    assert "mandatory attribute" in wrong('{"maxReceiveCount":1}')
    assert "maxReceiveCount" in wrong(f'{{"deadLetterTargetArn":"{none}","maxReceiveCount":0}}')
    shut = sqs.create_queue(
        QueueName=f"{name}-shut", Attributes={"RedriveAllowPolicy": '{"redrivePermission":"denyAll"}'}
    )["QueueUrl"]
    arn = attributes(sqs, shut, "QueueArn")["QueueArn"]
    assert "does not allow" in wrong(f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}')


def test_queues_are_created_once(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "5"}, tags={"a": "b"})["QueueUrl"]
    assert sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "5"})["QueueUrl"] == url
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == url
    refused("QueueNameExists", sqs.create_queue, QueueName=name, Attributes={"VisibilityTimeout": "6"})
    refused("InvalidParameterValue", sqs.create_queue, QueueName="not a name")
    refused("InvalidAttributeName", sqs.create_queue, QueueName=f"{name}-x", Attributes={"Nothing": "1"})
    refused("InvalidAttributeValue", sqs.create_queue, QueueName=f"{name}-x", Attributes={"DelaySeconds": "-1"})
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    refused("QueueDoesNotExist", sqs.get_queue_url, QueueName=f"{name}-x")
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}
    sqs.tag_queue(QueueUrl=url, Tags={"c": "d"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"c": "d"}
    sqs.delete_queue(QueueUrl=url)
    refused("QueueDoesNotExist", sqs.delete_queue, QueueUrl=url)


def test_lists_page(sqs, name):
    urls = [sqs.create_queue(QueueName=f"{name}-{letter}")["QueueUrl"] for letter in "abc"]
    assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == urls
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=name, PaginationConfig={"PageSize": 2})
    assert [page["QueueUrls"] for page in pages] == [urls[:2], urls[2:]]


def test_attributes_have_their_defaults(sqs, url):
    found = attributes(sqs, url)
    assert found["VisibilityTimeout"] == "30" and found["MaximumMessageSize"] == "1048576"
    assert found["MessageRetentionPeriod"] == "345600" and found["SqsManagedSseEnabled"] == "true"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
    found = attributes(sqs, url)
    assert (found["KmsMasterKeyId"], found["SqsManagedSseEnabled"]) == ("alias/aws/sqs", "false")
    refused("InvalidAttributeName", sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Nothing"])


def test_purge_empties_and_then_wants_a_pause(sqs, url):
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.purge_queue(QueueUrl=url)
    assert attributes(sqs, url)["ApproximateNumberOfMessages"] == "0"
    refused("PurgeQueueInProgress", sqs.purge_queue, QueueUrl=url)


def test_nothing_is_given_twice_to_many_receivers(sqs, server, url):
    total = 60
    for at in range(0, total, 10):
        entries = [{"Id": str(i), "MessageBody": str(at + i)} for i in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    got, lock = [], threading.Lock()

    def work():
        client = server.client("sqs")
        while found := receive(client, url, MaxNumberOfMessages=3):
            with lock:
                got.extend(one["Body"] for one in found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=int) == [str(number) for number in range(total)]
