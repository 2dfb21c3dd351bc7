"""What everybody who makes traces shares: X-Ray's ids, its header, and a way for segments into the X-Ray API.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc
from trunkline.core import ids
from trunkline.core.log import get

if TYPE_CHECKING:
    from trunkline.aws.call import Client

log = get(__name__)

_TRACE_ID = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")
_SPAN_ID = re.compile(r"[0-9a-fA-F]{16}")
_BATCH = 50  # as many as AWS's daemon sends at once
_PAUSE_S = 0.1  # segments of a moment go together
_MOST = 20_000
_MOST_BYTES = 64 * 1024 * 1024
_TOLD_EVERY = 1_000


def new_trace_id(epoch: float) -> str:
    """An id for a trace that begins at `epoch`."""
    return f"1-{int(epoch):08x}-{ids.hex_id(24)}"


def new_segment_id() -> str:
    return ids.hex_id(16)


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """`Root=…;Parent=…;Sampled=…`. root and parent are "" where the header has none or nonsense; sampled is None
    where nobody has decided yet; more: what else it carried, to be handed on."""

    root: str = ""
    parent: str = ""
    sampled: bool | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "TraceHeader":
        """Whatever can be read of it; never raises."""
        pairs = {}
        for part in text[:1024].split(";"):
            key, found, value = part.strip().partition("=")
            if found:
                pairs[key.strip().title()] = value.strip()
        root, parent = pairs.pop("Root", ""), pairs.pop("Parent", "")
        sampled = {"1": True, "0": False}.get(pairs.pop("Sampled", ""))
        return cls(
            root if _TRACE_ID.fullmatch(root) else "", parent if _SPAN_ID.fullmatch(parent) else "", sampled, pairs
        )

    def __str__(self) -> str:
        parts = [f"Root={self.root}"]
        if self.parent:
            parts.append(f"Parent={self.parent}")
        if self.sampled is not None:
            parts.append(f"Sampled={int(self.sampled)}")
        return ";".join([*parts, *(f"{key}={value}" for key, value in self.more.items())])


class SegmentOutbox:
    """Segments on their way to PutTraceSegments, in batches, in the background.

    `add` never waits: what is beyond the limit is dropped and counted, as traces are no accounts. `stop` sends what is
    there.
    """

    def __init__(self, call: "Client", principal: str) -> None:
        """principal: the service in whose name segments are put, such as "elasticloadbalancing.amazonaws.com"."""
        self._call = call
        self._principal = principal
        self._waiting: deque[tuple[str, str, str]] = deque()
        self._bytes = 0
        self._sending: asyncio.Task[None] | None = None
        self.dropped = 0
        self.sent = 0

    def add(self, account: str, region: str, segment: Doc | str) -> None:
        """Take a segment (or its JSON) in."""
        document = segment if isinstance(segment, str) else orjson.dumps(segment).decode()
        if len(self._waiting) >= _MOST or self._bytes + len(document) > _MOST_BYTES:
            self.drop()
            return
        self._waiting.append((account, region, document))
        self._bytes += len(document)
        if self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._send(), name="segments")

    def drop(self, count: int = 1, why: str = "more than can be stored") -> None:
        """Note segments that are lost."""
        if self.dropped == 0 or self.dropped // _TOLD_EVERY != (self.dropped + count) // _TOLD_EVERY:
            log.warning("trace segments were dropped", of=self._principal, so_far=self.dropped + count, why=why)
        self.dropped += count

    async def stop(self) -> None:
        """Return when everything that was taken in is stored or refused."""
        while self._sending is not None:
            await asyncio.wait({self._sending})

    async def _send(self) -> None:
        try:
            await asyncio.sleep(_PAUSE_S)
            while self._waiting:
                place, documents = self._next()
                await self._put(place, documents)
        finally:
            self._sending = None

    def _next(self) -> tuple[tuple[str, str], list[str]]:
        """The next batch of one account and region."""
        place = self._waiting[0][:2]
        documents: list[str] = []
        while self._waiting and len(documents) < _BATCH and self._waiting[0][:2] == place:
            document = self._waiting.popleft()[2]
            self._bytes -= len(document)
            documents.append(document)
        return place, documents

    async def _put(self, place: tuple[str, str], documents: list[str]) -> None:
        caller = Caller.service(self._principal, *place)
        try:
            answer = await self._call("xray", "PutTraceSegments", {"TraceSegmentDocuments": documents}, as_=caller)
        except AwsError as error:
            self.drop(len(documents), error.message)
            return
        except Exception:
            log.exception("storing trace segments failed")
            self.drop(len(documents), "storing failed")
            return
        refused = answer.get("UnprocessedTraceSegments") or []
        self.sent += len(documents) - len(refused)
        if refused:
            self.drop(len(refused), f"{refused[0].get('ErrorCode')}: {refused[0].get('Message')}")
