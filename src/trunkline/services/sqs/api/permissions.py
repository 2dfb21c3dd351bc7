"""A queue's policy statement by statement, and its tags."""

import json
from dataclasses import replace

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.sqs import store
from trunkline.services.sqs.api.context import Context, queue_resource
from trunkline.services.sqs.model import Queue, invalid

_ACTIONS = {
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
}
_MOST_STATEMENTS = 20


class PermissionOperations(Context):
    """AddPermission, RemovePermission, TagQueue, UntagQueue, ListQueueTags."""

    @operation(queue_resource)
    async def add_permission(self, call: Call, req: Doc) -> Doc:
        unknown = [name for name in req["Actions"] if name not in _ACTIONS]
        if unknown:
            raise invalid(
                f"Value SQS:{unknown[0]} for parameter ActionName is invalid. Reason: Only the queue owner is allowed "
                "to invoke this action."
            )

        def change(tx: Tx) -> None:
            queue = self._queue(call, req["QueueUrl"], tx)
            policy = _policy(queue)
            label = req["Label"]
            if any(one.get("Sid") == label for one in policy["Statement"]):
                raise invalid(f"Value {label} for parameter Label is invalid. Reason: Already exists.")
            if len(policy["Statement"]) >= _MOST_STATEMENTS:
                raise AwsError("OverLimit", f"{_MOST_STATEMENTS} statements is the maximum of a queue's policy.")
            principals = [f"arn:aws:iam::{account}:root" for account in req["AWSAccountIds"]]
            actions = [f"SQS:{name}" for name in req["Actions"]]
            policy["Statement"].append(
                {
                    "Sid": label,
                    "Effect": "Allow",
                    "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
                    "Action": actions[0] if len(actions) == 1 else actions,
                    "Resource": queue.arn,
                }
            )
            _put(tx, queue, json.dumps(policy, separators=(",", ":")))

        await self._db.write(change)
        return {}

    @operation(queue_resource)
    async def remove_permission(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            queue = self._queue(call, req["QueueUrl"], tx)
            policy = _policy(queue)
            kept = [one for one in policy["Statement"] if one.get("Sid") != req["Label"]]
            if len(kept) == len(policy["Statement"]):
                raise invalid(
                    f"Value {req['Label']} for parameter Label is invalid. Reason: can't find label on existing policy."
                )
            _put(tx, queue, json.dumps({**policy, "Statement": kept}, separators=(",", ":")) if kept else "")

        await self._db.write(change)
        return {}

    @operation(queue_resource)
    async def tag_queue(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="InvalidParameterValue")

        def change(tx: Tx) -> None:
            queue = self._queue(call, req["QueueUrl"], tx)
            store.QUEUES.put(tx, replace(queue, tags=tags.merge(queue.tags, given)))

        await self._db.write(change)
        return {}

    @operation(queue_resource)
    async def untag_queue(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            queue = self._queue(call, req["QueueUrl"], tx)
            kept = {key: value for key, value in queue.tags.items() if key not in req["TagKeys"]}
            store.QUEUES.put(tx, replace(queue, tags=kept))

        await self._db.write(change)
        return {}

    @operation(queue_resource)
    async def list_queue_tags(self, call: Call, req: Doc) -> Doc:
        return {"Tags": self._queue(call, req["QueueUrl"]).tags or None}


def _policy(queue: Queue) -> Doc:
    text = queue.attributes.get("Policy")
    empty = {"Version": "2012-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    found: Doc = json.loads(text) if text else empty
    if isinstance(found["Statement"], dict):
        found["Statement"] = [found["Statement"]]
    return found


def _put(tx: Tx, queue: Queue, policy: str) -> None:
    attributes = {name: value for name, value in queue.attributes.items() if name != "Policy"}
    if policy:
        attributes["Policy"] = policy
    store.QUEUES.put(tx, replace(queue, attributes=attributes))
