"""The one door: a request's way from bytes to answer, in order, on one screen (`Gateway.answer`)."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, cast

from trunkline.aws import protocols, sigv4
from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.identity import Identity
from trunkline.aws.operations import Operations
from trunkline.aws.service import ANONYMOUS, AsgiApp, Call, Caller, Origins
from trunkline.aws.upstream import Upstream
from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.core.settings import Settings

log = get(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_DRAIN_LIMIT = 1024 * 1024
_BODY_LIMIT = 128 * 1024 * 1024  # what is not streamed is held in memory; AWS's own limits are all below this


class Gateway:
    """The ASGI application of the AWS endpoint."""

    def __init__(self, settings: Settings, operations: Operations, identity: Identity, clock: Clock) -> None:
        self._settings = settings
        self._operations = operations
        self._identity = identity
        self._clock = clock
        self._upstream = Upstream(settings.upstream) if settings.upstream else None
        self.origins: Origins | None = None
        self.routes: dict[str, AsgiApp] = {}
        self._prefixes: tuple[str, ...] = ()

    def mount(self, routes: Mapping[str, AsgiApp]) -> None:
        """Serve paths under these prefixes by applications that are not AWS APIs."""
        self.routes.update(routes)
        self._prefixes = tuple(self.routes)

    async def close(self) -> None:
        """Let go of what it holds."""
        if self._upstream is not None:
            await self._upstream.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["raw_path"].decode("latin-1")
        if path.startswith(self._prefixes):
            await next(app for prefix, app in self.routes.items() if path.startswith(prefix))(scope, receive, send)
            return
        request = request_of(scope, receive)
        body = request.stream
        response = await self.answer(request)
        if self.origins is not None and "origin" in request.headers and request.method != "OPTIONS":
            response.headers.extend(self.origins.headers(request))
        if isinstance(body, _Body) and not body.ended and not await body.drained(request.headers):
            response.headers.append(("connection", "close"))
        await send_response(response, send)

    async def answer(self, request: Request) -> Response:
        """Every step of a request, in order. What any of them refuses is answered in the request's protocol."""
        request_id = ids.request_id()
        route: protocols.Route | None = None
        try:
            if request.method == "OPTIONS" and self.origins is not None:
                return self.origins.preflight(request)
            claim = sigv4.claim(request)
            route = protocols.route_head(request)
            if route is None or not route.streams:
                await _read(request)
            if route is None:
                route = protocols.route_body(request)
            caller = self._authenticate(request, claim, route, request_id)
            if request.stream is not None and not route.streams:
                await _read(request)  # an aws-chunked body has become a stream that decodes and checks it
            found = self._operations.find(route.service.name, route.operation.name)
            call = Call(
                caller,
                route.service.name,
                route.operation.name,
                request_id,
                request.headers.get("host", ""),
                request.headers,
            )
            result = await self._operations.perform(found, call, route.parse(request))
            return route.answer(result, request_id)
        except protocols.UnknownService as error:
            if self._upstream is None:
                return protocols.failure(request, None, error, request_id)
            return await self._forward(self._upstream, request, request_id)
        except AwsError as error:
            return protocols.failure(request, route, error, request_id)
        except Exception as error:
            log.exception("a request failed", path=request.path, request=request_id)
            failure = AwsError("InternalFailure", f"Unhandled {type(error).__name__}.", status=500)
            return protocols.failure(request, route, failure, request_id)

    async def _forward(self, upstream: Upstream, request: Request, request_id: str) -> Response:
        """Have another endpoint answer for a service that we do not have, if the caller is one of ours."""
        try:
            if request.stream is not None:
                await _read(request)
            claim = sigv4.claim(request)
            if self._settings.auth != "open":
                sigv4.verify(request, claim, self._identity.credential, self._clock.time(), "json")
            return await upstream.forward(request)
        except AwsError as error:
            return protocols.failure(request, None, error, request_id)

    def _authenticate(
        self, request: Request, claim: sigv4.Claim | None, route: protocols.Route, request_id: str
    ) -> Caller:
        """Verify the signature over the request as sent, then undo what the client did to the body for the wire."""
        protocol = cast(sigv4.Protocol, route.wire.protocol)
        if self._settings.auth == "open":
            verified = sigv4.open_door(claim, self._identity.credential, self._settings.account)
        elif claim is None and (protocol == "rest-xml" or route.operation.unsigned):
            # S3 decides by its bucket policies whether nobody in particular may do this.
            return Caller(
                self._settings.account, self._settings.region, ANONYMOUS, request.client, request_id=request_id
            )
        else:
            verified = sigv4.verify(request, claim, self._identity.credential, self._clock.time(), protocol)
            self._identity.note_use(verified.access_key_id, route.service.name, verified.region)
        request.stream = sigv4.signed_body(verified, request)
        if request.stream is None and request.headers.get("content-encoding") == "gzip":
            request.body = _gunzip(request.body)
        return Caller(
            verified.credential.account,
            verified.claim.region or self._settings.region,
            verified.principal,
            request.client,
            request.headers.get("user-agent", ""),
            verified.credential.access_key_id,
            request_id,
        )


async def _read(request: Request) -> None:
    """Take in a body that its operation does not stream."""
    chunks, size = [], 0
    if request.stream is not None:
        async for chunk in request.stream:
            size += len(chunk)
            if size > _BODY_LIMIT:
                raise AwsError("RequestEntityTooLarge", "The request body is too large.", status=413)
            chunks.append(chunk)
    request.body = b"".join(chunks)
    request.stream = None


def request_of(scope: Scope, receive: Receive) -> Request:
    """The request of an ASGI scope, its body not yet read."""
    headers = _headers(scope["headers"])
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        stream=_Body(receive, empty="content-length" not in headers and "transfer-encoding" not in headers),
        client=(scope.get("client") or ("", 0))[0],
    )


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    if len(headers) == len(raw):
        return headers
    headers.clear()  # a header that came more than once is one list
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


class _Body:
    """A request's body as it arrives."""

    def __init__(self, receive: Receive, *, empty: bool) -> None:
        self._receive = receive
        self.ended = empty

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.ended = True
                raise AwsError("RequestTimeout", "The connection was closed before the whole body arrived.", status=400)
            self.ended = not message.get("more_body")
            if chunk := message.get("body"):
                return bytes(chunk)
        raise StopAsyncIteration

    async def drained(self, headers: Mapping[str, str]) -> bool:
        """Whether nothing of the body is left, so that the connection can carry another request.

        An error answered early leaves a body unread, perhaps unsent: the client waits for "100 Continue". What is small
        is taken in after all; for the rest the connection is given up.
        """
        length = headers.get("content-length", "0")
        if self.ended or (length == "0" and "transfer-encoding" not in headers):
            return True
        if not length.isdigit() or int(length) > _DRAIN_LIMIT or "transfer-encoding" in headers:
            return False
        try:
            async for _ in self:
                pass
        except AwsError:
            return False
        return True


def _gunzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, _BODY_LIMIT)
    except zlib.error as error:
        raise AwsError("SerializationException", "The request body is not valid gzip.", status=400) from error
    if unpacker.unconsumed_tail:
        raise AwsError("RequestEntityTooLarge", "The request body is too large.", status=413)
    return plain


async def send_response(response: Response, send: Send) -> None:
    """Send an answer, whole or as it comes."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    start = {"type": "http.response.start", "status": response.status, "headers": headers}
    body = response.body
    if isinstance(body, bytes):
        if response.status in (204, 304):
            body = b""  # these have none; a client would take it for the beginning of the next answer
        elif not any(name == "content-length" for name, _ in response.headers):
            headers.append((b"content-length", str(len(body)).encode()))
        await send(start)
        await send({"type": "http.response.body", "body": body})
        return
    await send(start)
    async for chunk in body:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
