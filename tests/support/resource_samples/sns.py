"""Samples of SNS's types."""

from tests.support.resource_samples import Sample


def _policy(sid: str) -> dict:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


_TOPIC = {"Topic": ("AWS::SNS::Topic", {})}

SAMPLES = {
    "AWS::SNS::Topic": Sample(
        {
            "TopicName": "sample-topic",
            "DisplayName": "sample",
            "SignatureVersion": "2",
            "Subscription": [{"Protocol": "email", "Endpoint": "one@example.com"}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "DisplayName": "changed",
            "SignatureVersion": "1",
            "TracingConfig": "PassThrough",
            "Subscription": [{"Protocol": "email", "Endpoint": "two@example.com"}],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
    "AWS::SNS::Subscription": Sample(
        {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "http",
            "Endpoint": "http://127.0.0.1:9/nobody",
            "RawMessageDelivery": False,
            "FilterPolicy": {"colour": ["red"]},
            "FilterPolicyScope": "MessageAttributes",
        },
        {
            "RawMessageDelivery": True,
            "FilterPolicy": {"colour": ["blue"]},
            "FilterPolicyScope": "MessageBody",
            "DeliveryPolicy": {"healthyRetryPolicy": {"numRetries": 5}},
        },
        _TOPIC,
    ),
    "AWS::SNS::TopicPolicy": Sample(
        {"Topics": [{"Ref": "Topic"}], "PolicyDocument": _policy("first")},
        {"PolicyDocument": _policy("second")},
        _TOPIC,
    ),
    "AWS::SNS::TopicInlinePolicy": Sample(
        {"TopicArn": {"Ref": "Topic"}, "PolicyDocument": _policy("first")},
        {"PolicyDocument": _policy("second")},
        _TOPIC,
    ),
}
