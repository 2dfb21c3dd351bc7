"""What is done with received messages: delete them, or change how long they stay hidden; one or up to ten."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.sqs.api.context import Context, check_batch, each, queue_resource
from trunkline.services.sqs.model import MAX_VISIBILITY_S, Queue, invalid, read_handle


class DeleteOperations(Context):
    """DeleteMessage, ChangeMessageVisibility and their batches."""

    @operation(queue_resource, mutates=False)
    async def delete_message(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        return await self._delete(queue, req["ReceiptHandle"])

    @operation(queue_resource, mutates=False)
    async def delete_message_batch(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        check_batch(req["Entries"], "DeleteMessageBatchRequestEntry")
        return await each(req["Entries"], lambda entry: self._delete(queue, entry["ReceiptHandle"]))

    async def _delete(self, queue: Queue, text: str) -> Doc:
        seq, count = read_handle(queue, text)

        def delete(tx: Tx) -> str:
            if queue.fifo:
                tx.after_commit(lambda: self._waiters.wake(queue.id))  # its group is free
            return self._messages.delete(tx, queue, seq, count, self._now())

        done = await self._db.write(delete)
        if done == "expired":
            raise invalid(
                f"Value {text} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
            )
        if done == "deleted":
            self._metrics.deleted(queue)
        return {}

    @operation(queue_resource, mutates=False)
    async def change_message_visibility(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        return await self._change(queue, req["ReceiptHandle"], req["VisibilityTimeout"])

    @operation(queue_resource, mutates=False)
    async def change_message_visibility_batch(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        check_batch(req["Entries"], "ChangeMessageVisibilityBatchRequestEntry")
        usual = queue.number("VisibilityTimeout")
        return await each(
            req["Entries"],
            lambda entry: self._change(queue, entry["ReceiptHandle"], entry.get("VisibilityTimeout", usual)),
        )

    async def _change(self, queue: Queue, text: str, timeout_s: int) -> Doc:
        if not 0 <= timeout_s <= MAX_VISIBILITY_S:
            raise invalid(
                f"Value {timeout_s} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an "
                f"integer between 0 and {MAX_VISIBILITY_S}."
            )
        seq, count = read_handle(queue, text)

        def change(tx: Tx) -> str:
            # Waiters sleep until a message is due: let them look again.
            tx.after_commit(lambda: self._waiters.wake(queue.id))
            return self._messages.hide(tx, queue, seq, count, timeout_s, self._now())

        done = await self._db.write(change)
        if done == "gone":
            raise invalid(
                f"Value {text} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
                "available for visibility timeout change."
            )
        if done == "visible":
            raise AwsError("MessageNotInflight", "The message referred to isn't in flight.")
        return {}
