"""The query protocol, as clients from before 2023 speak it: forms in, XML out."""

import re
import urllib.error
import urllib.parse
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY


@pytest.fixture
def ask(server):
    def ask(action, path="/", **params):
        form = {"Action": action, "Version": "2012-11-05", **{key.replace("__", "."): v for key, v in params.items()}}
        body = urllib.parse.urlencode(form)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", f"{server.endpoint}{path}", data=body, headers=headers)
        SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "sqs", REGION).add_auth(request)
        sent = urllib.request.Request(request.url, body.encode(), dict(request.headers.items()), method="POST")
        try:
            with urllib.request.urlopen(sent, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    return ask


def value(text, element):
    found = re.search(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
    return found[1] if found else None


def test_a_queue_by_forms(ask, name):
    status, text = ask(
        "CreateQueue",
        QueueName=name,
        Attribute__1__Name="VisibilityTimeout",
        Attribute__1__Value="5",
        Tag__1__Key="a",
        Tag__1__Value="b",
    )
    assert status == 200 and text.startswith("<CreateQueueResponse xmlns=")
    url = value(text, "QueueUrl")
    path = urllib.parse.urlsplit(url).path
    sent = ask(
        "SendMessage",
        path,
        QueueUrl=url,
        MessageBody="hello & goodbye",
        MessageAttribute__1__Name="n",
        MessageAttribute__1__Value__DataType="Number",
        MessageAttribute__1__Value__StringValue="7",
    )[1]
    assert value(sent, "MD5OfMessageBody") and value(sent, "MD5OfMessageAttributes")
    got = ask("ReceiveMessage", path, QueueUrl=url, AttributeName__1="All", MessageAttributeName__1="All")[1]
    assert value(got, "Body") == "hello &amp; goodbye"
    assert "<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>" in got
    assert re.search("<MessageAttribute><Name>n</Name><Value>.*<StringValue>7</StringValue>", got)
    handle = value(got, "ReceiptHandle")
    done = ask(
        "DeleteMessageBatch",
        path,
        QueueUrl=url,
        DeleteMessageBatchRequestEntry__1__Id="a",
        DeleteMessageBatchRequestEntry__1__ReceiptHandle=handle,
    )[1]
    assert "<DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry>" in done
    shown = ask("GetQueueAttributes", path, QueueUrl=url, AttributeName__1="VisibilityTimeout")[1]
    assert "<Attribute><Name>VisibilityTimeout</Name><Value>5</Value></Attribute>" in shown
    assert f"<QueueUrl>{url}</QueueUrl>" in ask("ListQueues", QueueNamePrefix=name)[1]
    assert "<Tag><Key>a</Key><Value>b</Value></Tag>" in ask("ListQueueTags", QueueUrl=url)[1]


def test_errors_have_their_old_codes(ask, name):
    status, text = ask("GetQueueUrl", QueueName=name)
    assert (status, value(text, "Code")) == (400, "AWS.SimpleQueueService.NonExistentQueue")
