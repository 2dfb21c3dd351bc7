"""What was acknowledged survives SIGKILL; policies decide who may send."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server


def test_messages_survive_a_kill(tmp_path):
    server = Server(tmp_path / "data")
    with server:
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        for number in range(20):
            sqs.send_message(QueueUrl=url, MessageBody=str(number))
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        for one in got[:5]:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        server.kill()
        server.start()
        sqs = server.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert found["ApproximateNumberOfMessages"] == "10"
        assert found["ApproximateNumberOfMessagesNotVisible"] == "5"
        sqs.delete_message(QueueUrl=url, ReceiptHandle=got[5]["ReceiptHandle"])
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert found["ApproximateNumberOfMessagesNotVisible"] == "4"


@pytest.fixture
def user(aws, server, name):
    iam = aws("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, server.client("sqs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def test_a_policy_lets_others_send(aws, user, name):
    arn, theirs = user
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.send_message(QueueUrl=url, MessageBody="x")
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    theirs.send_message(QueueUrl=url, MessageBody="x")
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.receive_message(QueueUrl=url)


def test_permissions_are_statements_of_the_policy(aws, name):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    given = {"QueueUrl": url, "Label": "one", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}
    sqs.add_permission(**given)
    with pytest.raises(ClientError, match="Already exists"):
        sqs.add_permission(**given)
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    assert policy["Statement"][0]["Action"] == "SQS:SendMessage"
    sqs.remove_permission(QueueUrl=url, Label="one")
    with pytest.raises(ClientError, match="can't find label"):
        sqs.remove_permission(QueueUrl=url, Label="one")
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    with pytest.raises(ClientError, match="Only the queue owner"):
        sqs.add_permission(**{**given, "Actions": ["DeleteQueue"]})
