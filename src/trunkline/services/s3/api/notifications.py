"""A bucket's notifications: to EventBridge, SNS topics, SQS queues and Lambda functions."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from trunkline.aws import arn as arns
from trunkline.aws import queues
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc, Kit, operation
from trunkline.services.s3 import errors
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.model import Bucket

_BUCKET = "arn:aws:s3:::{Bucket}"
_KINDS = {
    "TopicConfigurations": ("TopicArn", "topic"),
    "QueueConfigurations": ("QueueArn", "queue"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "function"),
}


class NotificationsApi:
    """PutBucketNotificationConfiguration and its reading."""

    kit: Kit
    gate: Gate
    keep_setting: Callable[[Bucket, str, Any], Awaitable[None]]

    @operation(_BUCKET, authorize=False)
    async def put_bucket_notification_configuration(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketNotification")
        given: Doc = req["NotificationConfiguration"]
        kept: Doc = {}
        for member, (target, kind) in _KINDS.items():
            rules = given.get(member) or []
            for number, rule in enumerate(rules):
                rule.setdefault("Id", f"{kind}-{number}-{rule[target].rpartition(':')[2]}")
                if not req.get("SkipDestinationValidation"):
                    await self._check(call, bucket, rule[target])
            if rules:
                kept[member] = rules
        _check_ids(kept)
        if "EventBridgeConfiguration" in given:
            kept["EventBridgeConfiguration"] = {}
        await self.keep_setting(bucket, "notification", kept or None)
        return {}

    async def _check(self, call: Call, bucket: Bucket, target: str) -> None:
        """The destination must be there; a queue must let S3 send, which S3 tries with its test event."""
        try:
            arn = arns.parse(target)
            if arn.service == "sns":
                await self.kit.call("sns", "GetTopicAttributes", {"TopicArn": target}, as_=call.caller)
            elif arn.service == "sqs":
                named = {"QueueName": arn.resource, "QueueOwnerAWSAccountId": arn.account}
                await self.kit.call("sqs", "GetQueueUrl", named, as_=call.caller)
                as_ = Caller.service("s3.amazonaws.com", bucket.account, arn.region)
                told = {
                    "Service": "Amazon S3",
                    "Event": "s3:TestEvent",
                    "Time": self.kit.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    "Bucket": bucket.name,
                    "RequestId": call.request_id,
                    "HostId": "trunkline",
                }
                text, source = orjson.dumps(told).decode(), f"arn:aws:s3:::{bucket.name}"
                await queues.send(self.kit.call, target, text, as_=as_, source=source)
            elif arn.service == "lambda":
                await self.kit.call("lambda", "GetFunction", {"FunctionName": target}, as_=call.caller)
            else:
                raise ValueError(f"{arn.service} is no destination of notifications")
        except (AwsError, ValueError) as error:
            raise errors.invalid_argument(
                "Unable to validate the following destination configurations", target, str(error)
            ) from error

    @operation(_BUCKET, authorize=False)
    async def get_bucket_notification_configuration(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketNotification")
        found: Doc = bucket.settings.get("notification", {})
        return found


def _check_ids(kept: Doc) -> None:
    ids = [rule["Id"] for rules in kept.values() for rule in rules]
    if len(ids) != len(set(ids)):
        raise errors.invalid_argument("Same ID used for multiple configurations. IDs must be unique")
