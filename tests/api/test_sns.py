"""SNS as boto3 and a subscriber see it: topics, confirmations, signed messages, filters, retries, mail."""

import base64
import email
import email.policy
import http.server
import json
import re
import threading
import urllib.request

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from tests.support.server import wait_until


class Subscriber:
    """An HTTP endpoint that keeps what it is sent and answers with the statuses it is told, else 200."""

    def __init__(self):
        self.received = []
        self.statuses = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.received.append((dict(self.headers.items()), body.decode()))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def wait(self, count=1, timeout_s=30):
        wait_until(lambda: len(self.received) >= count, timeout_s=timeout_s, what=f"{count} messages")
        return self.received

    def documents(self, count=1):
        return [json.loads(body) for _, body in self.wait(count)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns, name):
    arn = sns.create_topic(Name=name)["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


@pytest.fixture
def hook():
    made = Subscriber()
    yield made
    made.close()


def confirmed(sns, topic, hook, **attributes):
    arn = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=hook.url, ReturnSubscriptionArn=True, Attributes=attributes
    )["SubscriptionArn"]
    token = hook.documents()[0]["Token"]
    assert sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"] == arn
    hook.received.clear()
    return arn


def refusal(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def verify(document):
    """Check a signature as the AWS SDKs do."""
    names = {
        "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
        "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    }[document["Type"]]
    text = "".join(f"{name}\n{document[name]}\n" for name in names if name in document)
    with urllib.request.urlopen(document["SigningCertURL"]) as answer:
        certificate = x509.load_pem_x509_certificate(answer.read())
    digest = hashes.SHA256() if document["SignatureVersion"] == "2" else hashes.SHA1()
    signature = base64.b64decode(document["Signature"])
    certificate.public_key().verify(signature, text.encode(), padding.PKCS1v15(), digest)


def test_topics_live_from_create_to_delete(sns, name):
    arn = sns.create_topic(Name=name, Attributes={"DisplayName": "Shown"}, Tags=[{"Key": "a", "Value": "1"}])[
        "TopicArn"
    ]
    assert arn == f"arn:aws:sns:us-east-1:000000000000:{name}"
    assert sns.create_topic(Name=name)["TopicArn"] == arn
    assert refusal(sns.create_topic, Name=name, Attributes={"DisplayName": "Other"}) == "InvalidParameter"
    assert arn in [
        topic["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for topic in page["Topics"]
    ]
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (attributes["Owner"], attributes["DisplayName"]) == ("000000000000", "Shown")
    assert json.loads(attributes["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert refusal(sns.get_topic_attributes, TopicArn=arn) == "NotFound"
    assert refusal(sns.publish, TopicArn=arn, Message="x") == "NotFound"


@pytest.mark.parametrize("version", ["1", "2"])
def test_subscribers_confirm_and_get_signed_messages(sns, topic, hook, version):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=hook.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    sns.publish(TopicArn=topic, Message="nobody has confirmed yet")
    headers, body = hook.wait()[0]
    ask = json.loads(body)
    assert headers["x-amz-sns-message-type"] == ask["Type"] == "SubscriptionConfirmation"
    verify(ask)
    with urllib.request.urlopen(ask["SubscribeURL"]) as page:
        assert b"<SubscriptionArn>" in page.read()
    attribute = {"colour": {"DataType": "String", "StringValue": "red"}}
    sent = sns.publish(TopicArn=topic, Subject="Hi", Message="héllo", MessageAttributes=attribute)
    headers, body = hook.wait(2)[1]
    message = json.loads(body)
    verify(message)
    assert (message["Type"], message["MessageId"], message["TopicArn"]) == ("Notification", sent["MessageId"], topic)
    assert (message["Subject"], message["Message"]) == ("Hi", "héllo")
    assert message["MessageAttributes"] == {"colour": {"Type": "String", "Value": "red"}}
    assert headers["x-amz-sns-topic-arn"] == topic
    with urllib.request.urlopen(message["UnsubscribeURL"]):
        pass
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert hook.documents(3)[2]["Type"] == "UnsubscribeConfirmation"


def test_a_token_is_needed(sns, topic, hook):
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=hook.url)
    assert refusal(sns.confirm_subscription, TopicArn=topic, Token="guess") == "InvalidParameter"
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [subscription["SubscriptionArn"] for subscription in listed] == ["PendingConfirmation"]


def test_raw_delivery(sns, topic, hook):
    confirmed(sns, topic, hook, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message='{"a": 1}')
    headers, body = hook.wait()[0]
    assert body == '{"a": 1}'
    assert headers["x-amz-sns-rawdelivery"] == "true"


def test_filters_on_attributes(sns, topic, hook):
    policy = {"store": ["shop", {"prefix": "sho"}], "price": [{"numeric": [">=", 100]}]}
    arn = confirmed(sns, topic, hook, FilterPolicy=json.dumps(policy))

    def publish(message, price, store="shop"):
        attributes = {"price": {"DataType": "Number", "StringValue": price}}
        if store:
            attributes["store"] = {"DataType": "String.Array", "StringValue": json.dumps(["x", store])}
        sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)

    publish("cheap", "99")
    publish("elsewhere", "200", "market")
    publish("nowhere", "200", None)
    publish("wanted", "100.5")
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="{}")
    publish("everything", "1", None)
    assert sorted(document["Message"] for document in hook.documents(2)) == ["everything", "wanted"]
    broken = {"SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": '{"a":"b"}'}
    assert refusal(sns.set_subscription_attributes, **broken) == "InvalidParameter"


def test_filters_on_bodies(sns, topic, hook):
    policy = json.dumps({"order": {"state": ["paid"]}})
    confirmed(sns, topic, hook, FilterPolicy=policy, FilterPolicyScope="MessageBody")
    for message in ("no json", '{"order": {"state": "open"}}', '{"order": {"state": "paid"}}'):
        sns.publish(TopicArn=topic, Message=message)
    assert [document["Message"] for document in hook.documents()] == ['{"order": {"state": "paid"}}']


def test_an_endpoint_that_fails_is_tried_again(sns, topic, hook):
    policy = {"healthyRetryPolicy": {"numRetries": 3, "numNoDelayRetries": 3, "minDelayTarget": 1, "maxDelayTarget": 1}}
    confirmed(sns, topic, hook, DeliveryPolicy=json.dumps(policy))
    hook.statuses = [500, 503, 429]
    sns.publish(TopicArn=topic, Message="again")
    documents = hook.documents(4)
    assert len({document["MessageId"] for document in documents}) == 1
    hook.statuses = [404]
    sns.publish(TopicArn=topic, Message="never")
    sns.publish(TopicArn=topic, Message="last")
    assert sorted(document["Message"] for document in hook.documents(6)[4:]) == ["last", "never"]


def test_mail_becomes_files_without_a_server_for_it(server, sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="json@example.com")

    def mails():
        read = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in folder.glob("*.eml")
        ]
        return [mail for mail in read if topic.rpartition(":")[2] in mail.get_content()]

    folder = server.data_dir / "mail"
    wait_until(lambda: len(mails()) >= 2, what="two mails that ask")
    for mail in mails():
        assert mail["Subject"] == "AWS Notification - Subscription Confirmation"
        with urllib.request.urlopen(re.search(r"http://\S+?/confirm\?[^\s\"]+", mail.get_content())[0]):
            pass
    structure = json.dumps({"default": "all", "email": "for mail"})
    sns.publish(TopicArn=topic, Subject="Approve", Message=structure, MessageStructure="json")
    wait_until(lambda: len(mails()) >= 4, what="the message itself, twice")
    said = {mail["To"]: mail for mail in mails() if mail["Subject"] == "Approve"}
    assert said["ann@example.com"].get_content().startswith("for mail\n")
    document = json.loads(said["json@example.com"].get_content())
    assert document["Message"] == "all"
    verify(document)


def test_batches(sns, topic, hook):
    confirmed(sns, topic, hook)
    entries = [{"Id": str(n), "Message": f"m{n}"} for n in range(3)]
    entries.append({"Id": "bad", "Message": "x", "Subject": "two\nlines"})
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["0", "1", "2"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]] == [
        ("bad", "InvalidParameter", True)
    ]
    assert sorted(document["Message"] for document in hook.documents(3)) == ["m0", "m1", "m2"]
    twice = [entries[0], entries[0]]
    assert refusal(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=twice) == "BatchEntryIdsNotDistinct"
    many = [{"Id": str(n), "Message": "x"} for n in range(11)]
    assert refusal(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=many) == "TooManyEntriesInBatchRequest"


def test_subscriptions_are_described_and_ended(sns, topic, hook):
    arn = confirmed(sns, topic, hook)
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert (attributes["Endpoint"], attributes["PendingConfirmation"]) == (hook.url, "false")
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    assert sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=hook.url)["SubscriptionArn"] == arn
    counts = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counts["SubscriptionsConfirmed"], counts["SubscriptionsPending"]) == ("1", "0")
    sns.unsubscribe(SubscriptionArn=arn)
    sns.unsubscribe(SubscriptionArn=arn)
    assert refusal(sns.get_subscription_attributes, SubscriptionArn=arn) == "NotFound"
    sns.publish(TopicArn=topic, Message="to nobody")


def test_what_cannot_be_is_refused(sns, topic, name):
    assert refusal(sns.create_topic, Name=f"{name}.fifo") == "InvalidParameter"
    assert refusal(sns.create_topic, Name=name, Attributes={"FifoTopic": "true"}) == "InvalidParameter"
    assert refusal(sns.create_topic, Name="no spaces") == "InvalidParameter"
    for protocol, endpoint in (("firehose", "arn:aws:firehose:us-east-1:000000000000:q"), ("sms", "+123")):
        assert refusal(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint) == "NotImplemented"
    fifo = "arn:aws:sqs:us-east-1:000000000000:q.fifo"
    for protocol, endpoint in (("sqs", fifo), ("sqs", "arn:q"), ("lambda", fifo), ("http", "https://x")):
        assert refusal(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint) == "InvalidParameter"
    for protocol, endpoint in (("http", "https://x"), ("email", "nobody"), ("pigeon", "coo"), ("https", "x")):
        assert refusal(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint) == "InvalidParameter"
    assert refusal(sns.publish, TopicArn=topic, Message="") == "InvalidParameter"
    assert refusal(sns.publish, TopicArn=topic, Message="x" * 262_145) == "InvalidParameter"
    assert refusal(sns.publish, TopicArn=topic, Message="x", Subject="é") == "InvalidParameter"
    assert refusal(sns.publish, TopicArn=topic, Message="{}", MessageStructure="json") == "InvalidParameter"
    number = {"n": {"DataType": "Number", "StringValue": "ten"}}
    assert refusal(sns.publish, TopicArn=topic, Message="x", MessageAttributes=number) == "ParameterValueInvalid"
    fifo = {"TopicArn": topic, "AttributeName": "ContentBasedDeduplication", "AttributeValue": "true"}
    assert refusal(sns.set_topic_attributes, **fifo) == "InvalidParameter"
    wrong = {"TopicArn": topic, "AttributeName": "Nope", "AttributeValue": "x"}
    assert refusal(sns.set_topic_attributes, **wrong) == "InvalidParameter"


def test_permissions(sns, topic):
    sns.add_permission(TopicArn=topic, Label="them", AWSAccountId=["111111111111"], ActionName=["Publish"])
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["__default_statement_ID", "them"]
    sns.publish(TopicArn=topic, Message="the owner still may")
    sns.remove_permission(TopicArn=topic, Label="them")
    assert refusal(sns.remove_permission, TopicArn=topic, Label="them") == "NotFound"


def test_messages_survive_a_kill(tmp_path, hook):
    from tests.support.server import Server

    with Server(tmp_path / "data") as own:
        sns = own.client("sns")
        topic = sns.create_topic(Name="t")["TopicArn"]
        confirmed(sns, topic, hook)
        hook.statuses = [503] * 10
        policy = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 1}}}
        sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy))
        for n in range(20):
            sns.publish(TopicArn=topic, Message=str(n))
        own.kill()
        own.start()
        everything = {str(n) for n in range(20)}
        wait_until(
            lambda: {json.loads(body)["Message"] for _, body in hook.received} == everything, what="all messages"
        )
