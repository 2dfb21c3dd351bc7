"""Where functions, instances and scripts tell CloudFormation how they fared: URLs that need no signature.

AWS gives presigned S3 URLs for this; these are the server's own, with a secret in the path, answered like S3 does.
The address is the one that containers see, which is this machine's too.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from trunkline.aws.service import Kit
from trunkline.core import ids
from trunkline.core.db import Reader, Table, Tx
from trunkline.engines import Engines
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Signal

Doc = dict[str, Any]
ROUTE = "/_trunkline/cloudformation/response/"
_LIMIT_BYTES = 64 * 1024


@dataclass(slots=True)
class Reply:
    """One place to send an answer to, and the answer once it came. kind: "custom" takes one, "signal" many."""

    id: str
    kind: str
    stack_id: str
    logical_id: str
    body: Doc | None = None
    sent: bool = False


replies = Table("cloudformation_replies", Reply, key=("id",), index=("stack_id",))
MIGRATIONS = [replies.ddl]


class Responses:
    """Makes such URLs and takes what is sent to them."""

    def __init__(self, kit: Kit, engines: Engines) -> None:
        self._kit = kit
        self._engines = engines
        self._waiting: dict[str, asyncio.Event] = {}

    async def address(self, reply_id: str) -> str:
        settings = self._kit.settings
        host = self._engines.networks.endpoint or (await self._engines.containers.home_network()).gateway
        return f"http://{host or settings.host}:{settings.port}{ROUTE}{quote(reply_id, safe='')}"

    async def open(self, reply_id: str, kind: str, stack_id: str, logical_id: str) -> str:
        """A URL for this id; the same one again if it is open already."""

        def write(tx: Tx) -> None:
            if replies.get(tx, reply_id) is None:
                replies.put(tx, Reply(reply_id, kind, stack_id, logical_id))

        await self._kit.db.write(write)
        return await self.address(reply_id)

    def was_sent(self, reply_id: str) -> bool:
        found = replies.get(self._kit.db, reply_id)
        return found is not None and found.sent

    async def mark_sent(self, reply_id: str) -> None:
        def write(tx: Tx) -> None:
            found = replies.get(tx, reply_id)
            if found is not None:
                found.sent = True
                replies.put(tx, found)

        await self._kit.db.write(write)

    async def woken(self, reply_id: str, timeout_s: float) -> None:
        """Until an answer comes, or the time is over."""
        event = self._waiting.setdefault(reply_id, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout_s)
        self._waiting.pop(reply_id, None)

    def answered(self, reply_id: str) -> Doc | None:
        found = replies.get(self._kit.db, reply_id)
        return found.body if found is not None else None

    async def __call__(self, scope: Doc, receive: Any, send: Any) -> None:
        """The ASGI application: PUT of a JSON document."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > _LIMIT_BYTES:
                break
        status, text = await self._take(scope["method"], scope["path"].removeprefix(ROUTE), body)
        headers = [
            (b"content-type", b"text/plain"),
            (b"content-length", str(len(text)).encode()),
            (b"etag", f'"{ids.hex_id(32)}"'.encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    async def _take(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method != "PUT":
            return 405, b"only PUT\n"
        if len(body) > _LIMIT_BYTES:
            return 413, b"too large\n"
        try:
            told = json.loads(body)
            if not isinstance(told, dict):
                raise ValueError("not an object")
        except ValueError:
            return 400, b"the body must be a JSON object\n"
        reply_id = unquote(path)

        def write(tx: Tx) -> bool:
            reply = replies.get(tx, reply_id)
            if reply is None:
                return False
            if reply.kind == "signal":
                store.signals.put(tx, _signal(reply, told, self._kit))
            elif reply.body is None:
                reply.body = told
                replies.put(tx, reply)
            return True

        if not await self._kit.db.write(write):
            return 403, b"there is no such request\n"
        if reply_id in self._waiting:
            self._waiting[reply_id].set()
        return 200, b""


def by_url(reader: Reader, url: str) -> Reply | None:
    """The reply that a URL of ours names."""
    return replies.get(reader, unquote(url.rpartition("/")[2]))


def _signal(reply: Reply, told: Doc, kit: Kit) -> Signal:
    return Signal(
        reply.stack_id,
        reply.logical_id,
        str(told.get("UniqueId", "")),
        str(told.get("Status", "")),
        kit.clock.now(),
        data=str(told.get("Data", "")),
        reason=str(told.get("Reason", "")),
    )
