"""A stream of CloudWatch Logs that a service writes from a source it follows: each event once, also across a crash.

With every batch goes a mark of how far the source has been read. The logs service commits it with the batch (in
sequenceToken, which means nothing to other callers), gives it back as uploadSequenceToken, and refuses a batch whose
mark it has.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc

if TYPE_CHECKING:
    from trunkline.aws.call import Client

_LONGEST = 256_000


class LogStream:
    """One stream, written as one service caller."""

    def __init__(self, call: "Client", caller: Caller, group: str, stream: str) -> None:
        self._call = call
        self._caller = caller
        self.group = group
        self.stream = stream

    async def open(self) -> None:
        """Make the group and the stream if they are missing."""
        group = {"logGroupName": self.group}
        for operation, params in (
            ("CreateLogGroup", group),
            ("CreateLogStream", {**group, "logStreamName": self.stream}),
        ):
            try:
                await self._call("logs", operation, params, as_=self._caller)
            except AwsError as error:
                if error.code != "ResourceAlreadyExistsException":
                    raise

    async def mark(self) -> str | None:
        """How far the source has been stored; None when nothing has, or when the stream is gone."""
        params = {"logGroupName": self.group, "logStreamNamePrefix": self.stream}
        try:
            found = await self._call("logs", "DescribeLogStreams", params, as_=self._caller)
        except AwsError:
            return None
        one: Doc = next((s for s in found["logStreams"] if s["logStreamName"] == self.stream), {})
        return one.get("uploadSequenceToken") or None

    async def put(self, lines: Iterable[tuple[int, bytes]], mark: str) -> None:
        """Store lines (milliseconds since the epoch, text) together with their mark; once, however often."""
        events = [
            {"timestamp": at_ms, "message": text[:_LONGEST].decode("utf-8", "replace") or " "} for at_ms, text in lines
        ]
        params: Doc = {
            "logGroupName": self.group,
            "logStreamName": self.stream,
            "logEvents": sorted(events, key=lambda event: int(event["timestamp"])),
            "sequenceToken": mark,
        }
        try:
            await self._call("logs", "PutLogEvents", params, as_=self._caller)
        except AwsError as error:
            if error.code != "DataAlreadyAcceptedException":
                raise
