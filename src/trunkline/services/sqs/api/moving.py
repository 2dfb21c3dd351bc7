"""Message move tasks: start, cancel, list."""

import base64
import binascii

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.sqs import store
from trunkline.services.sqs.api.context import Context
from trunkline.services.sqs.model import MoveTask, invalid

_MOST_PER_SECOND = 500


def _handle(task: MoveTask) -> str:
    return base64.b64encode(f"{task.id}|{task.source}|{task.started!r}".encode()).decode()


class MoveOperations(Context):
    """StartMessageMoveTask, CancelMessageMoveTask, ListMessageMoveTasks."""

    @operation("{SourceArn}")
    async def start_message_move_task(self, call: Call, req: Doc) -> Doc:
        source_arn, target_arn = req["SourceArn"], req.get("DestinationArn", "")
        per_second = req.get("MaxNumberOfMessagesPerSecond", 0)
        if not 0 <= per_second <= _MOST_PER_SECOND:
            raise invalid(f"Value {per_second} for parameter MaxNumberOfMessagesPerSecond is invalid.")

        def start(tx: Tx) -> MoveTask:
            source = store.by_arn(tx, source_arn)
            if source is None:
                raise AwsError(
                    "ResourceNotFoundException",
                    "The resource that you specified for the SourceArn parameter doesn't exist.",
                )
            queues = store.QUEUES.find(tx, prefix=(source.account, source.region))
            if not any(one.redrive is not None and one.redrive.arn == source.arn for one in queues):
                raise invalid("Source queue must be configured as a Dead Letter Queue.")
            if target_arn:
                target = store.by_arn(tx, target_arn)
                if target is None:
                    raise AwsError(
                        "ResourceNotFoundException",
                        "The resource that you specified for the DestinationArn parameter doesn't exist.",
                    )
                if target.fifo != source.fifo or target.id == source.id:
                    raise invalid("The destination must be another queue of the source's type.")
            tasks = store.MOVES.find(tx, prefix=(source.account, source.region, source.arn))
            if any(task.status in ("RUNNING", "CANCELLING") for task in tasks):
                raise AwsError(
                    "UnsupportedOperation",
                    "There is already a task running. Only one active task is allowed for a "
                    "source queue arn at a given time.",
                )
            task = MoveTask(
                source.account,
                source.region,
                source.arn,
                self._now(),
                ids.uuid(),
                "RUNNING",
                target_arn,
                per_second,
                store.counts(tx, source, self._now()).visible,
                0,
                store.last_number(tx, source),
            )
            store.MOVES.insert(tx, task)
            tx.after_commit(self._mover.nudge)
            return task

        return {"TaskHandle": _handle(await self._db.write(start))}

    @operation()
    async def cancel_message_move_task(self, call: Call, req: Doc) -> Doc:
        try:
            _, source, started = base64.b64decode(req["TaskHandle"], validate=True).decode().split("|")
            task_id = base64.b64decode(req["TaskHandle"]).decode().split("|")[0]
            at = float(started)
        except (ValueError, binascii.Error):
            raise invalid("Value for parameter TaskHandle is invalid.") from None

        def cancel(tx: Tx) -> int:
            task = store.MOVES.get(tx, call.account, call.region, source, at, task_id)
            if task is None:
                raise AwsError("ResourceNotFoundException", "Task does not exist.")
            if task.status != "RUNNING":
                raise AwsError("UnsupportedOperation", "The task is not running.")
            task.status = "CANCELLED"
            store.MOVES.put(tx, task)
            return task.moved

        return {"ApproximateNumberOfMessagesMoved": await self._db.write(cancel)}

    @operation("{SourceArn}")
    async def list_message_move_tasks(self, call: Call, req: Doc) -> Doc:
        source = store.by_arn(self._db, req["SourceArn"])
        if source is None:
            raise AwsError(
                "ResourceNotFoundException",
                "The resource that you specified for the SourceArn parameter doesn't exist.",
            )
        limit = req.get("MaxResults", 1)
        if not 1 <= limit <= 10:
            raise invalid(f"Value {limit} for parameter MaxResults is invalid. Reason: Must be between 1 and 10.")
        tasks = store.MOVES.find(self._db, prefix=(source.account, source.region, source.arn))
        return {"Results": [_shown(task) for task in reversed(tasks)][:limit]}


def _shown(task: MoveTask) -> Doc:
    return {
        "TaskHandle": _handle(task) if task.status == "RUNNING" else None,
        "Status": task.status,
        "SourceArn": task.source,
        "DestinationArn": task.destination or None,
        "MaxNumberOfMessagesPerSecond": task.per_second or None,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure or None,
        "StartedTimestamp": int(task.started * 1000),
    }
