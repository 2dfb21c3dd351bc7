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
            "Subscription": [{"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["One", "Arn"]}}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "DisplayName": "changed",
            "SignatureVersion": "1",
            "TracingConfig": "Active",
            "KmsMasterKeyId": "alias/aws/sns",
            "Subscription": [{"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Two", "Arn"]}}],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"One": ("AWS::SQS::Queue", {}), "Two": ("AWS::SQS::Queue", {})},
    ),
    "AWS::SNS::Topic (FIFO)": Sample(
        {"TopicName": "sample-topic.fifo", "FifoTopic": True, "ContentBasedDeduplication": True},
        {"ContentBasedDeduplication": False, "FifoThroughputScope": "MessageGroup"},
    ),
    "AWS::SNS::Subscription": Sample(
        {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
            "RawMessageDelivery": False,
            "FilterPolicy": {"colour": ["red"]},
            "FilterPolicyScope": "MessageAttributes",
        },
        {
            "RawMessageDelivery": True,
            "FilterPolicy": {"colour": ["blue"]},
            "FilterPolicyScope": "MessageBody",
            "DeliveryPolicy": {"healthyRetryPolicy": {"numRetries": 5}},
            "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}},
        },
        {**_TOPIC, "Queue": ("AWS::SQS::Queue", {}), "Dead": ("AWS::SQS::Queue", {})},
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
