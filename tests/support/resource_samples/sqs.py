"""Samples of SQS's types."""

from tests.support.resource_samples import Sample


def _policy(sid: str) -> dict:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _redrive(logical_id: str, most: int) -> dict:
    return {"deadLetterTargetArn": {"Fn::GetAtt": [logical_id, "Arn"]}, "maxReceiveCount": most}


_QUEUE = {"Queue": ("AWS::SQS::Queue", {})}

SAMPLES = {
    "AWS::SQS::Queue": Sample(
        {
            "QueueName": "sample-queue",
            "DelaySeconds": 5,
            "MaximumMessageSize": 2048,
            "MessageRetentionPeriod": 120,
            "ReceiveMessageWaitTimeSeconds": 10,
            "VisibilityTimeout": 60,
            "RedrivePolicy": _redrive("Dead", 3),
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "DelaySeconds": 0,
            "MaximumMessageSize": 4096,
            "MessageRetentionPeriod": 240,
            "ReceiveMessageWaitTimeSeconds": 0,
            "VisibilityTimeout": 90,
            "RedrivePolicy": _redrive("Other", 5),
            "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
            "KmsMasterKeyId": "alias/aws/sqs",
            "KmsDataKeyReusePeriodSeconds": 600,
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"Dead": ("AWS::SQS::Queue", {}), "Other": ("AWS::SQS::Queue", {})},
    ),
    "AWS::SQS::Queue (without encryption)": Sample({"SqsManagedSseEnabled": True}, {"SqsManagedSseEnabled": False}),
    "AWS::SQS::Queue (FIFO)": Sample(
        {
            "QueueName": "sample-queue.fifo",
            "FifoQueue": True,
            "ContentBasedDeduplication": True,
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        },
        {"ContentBasedDeduplication": False, "FifoThroughputLimit": "perQueue"},
    ),
    "AWS::SQS::Queue (FIFO by groups)": Sample(
        {"FifoQueue": True, "DeduplicationScope": "queue"}, {"DeduplicationScope": "messageGroup"}
    ),
    "AWS::SQS::QueuePolicy": Sample(
        {"Queues": [{"Ref": "Queue"}], "PolicyDocument": _policy("first")},
        {"PolicyDocument": _policy("second")},
        _QUEUE,
    ),
    "AWS::SQS::QueueInlinePolicy": Sample(
        {"Queue": {"Ref": "Queue"}, "PolicyDocument": _policy("first")},
        {"PolicyDocument": _policy("second")},
        _QUEUE,
    ),
}
