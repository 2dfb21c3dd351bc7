"""One request and its answer, in ASGI's terms."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.interface import Grant
from trunkline.engines.registry.manifests import MAX_BYTES

Message = MutableMapping[str, Any]


class Exchange:
    """A request under way. `grant` and `who` are set once the gate has let it through."""

    def __init__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        self.client: str = (scope.get("client") or ("", 0))[0]
        self.started = False
        self.who: object = None
        self.grant = Grant("")
        self._receive = receive
        self._send = send

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it arrives."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise RegistryError("BLOB_UPLOAD_INVALID", "the client went away")
            if chunk := message.get("body", b""):
                yield chunk
            if not message.get("more_body", False):
                return

    async def small_body(self) -> bytes:
        """The whole of a manifest."""
        found = bytearray()
        async for chunk in self.body():
            found += chunk
            if len(found) > MAX_BYTES:
                raise RegistryError("MANIFEST_INVALID", "the manifest is larger than 4 MiB", status=413)
        return bytes(found)

    async def answer(self, status: int, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> None:
        """Send a whole answer. A HEAD request gets the headers alone."""
        lengthy = () if any(name == "Content-Length" for name, _ in headers) else (("Content-Length", str(len(body))),)
        await self._start(status, (*headers, *lengthy))
        await self._send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})

    async def stream(self, status: int, headers: Sequence[tuple[str, str]], body: AsyncIterator[bytes]) -> None:
        """Send an answer as it comes."""
        await self._start(status, headers)
        async for chunk in body:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def _start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.started = True
        every = (("Docker-Distribution-Api-Version", "registry/2.0"), *headers)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in every]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
