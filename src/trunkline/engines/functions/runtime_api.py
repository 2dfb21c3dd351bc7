"""AWS's runtime API for one sandbox: where the code inside asks for work and brings what came of it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Each sandbox has a port of its own, so the port says who
asks. A sandbox with a place of its own (`Place`) asks through its host instead, which knows it by its address.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from trunkline.engines.functions.interface import Invocation, RuntimeAnswer

_PREFIX = "/2018-06-01/runtime/"
_RESPONSE_LIMIT = 6 * 1024 * 1024
_STREAMED_LIMIT = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the runtime posted. failed: as an error; the body then is AWS's error document."""

    body: bytes
    failed: bool
    is_init: bool = False


class RuntimeApi:
    """One listener. `asked` is set whenever the runtime waits for an invocation."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.port = 0
        self._work: asyncio.Queue[tuple[Invocation, float]] = asyncio.Queue()
        self._current = ""
        self._server: asyncio.Server | None = None
        self._http: web.Server | None = None

    async def open(self, host: str) -> None:
        """Listen on a free port of `host`."""
        self._http = web.Server(self._handle, access_log=None, handler_cancellation=True)
        self._server = await asyncio.get_running_loop().create_server(self._http, host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening; whoever waits for an invocation is hung up on."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._http is not None:
            http, self._http = self._http, None
            await http.shutdown(0.05)

    def give(self, invocation: Invocation, deadline: float) -> "asyncio.Future[Answer]":
        """Hand out an invocation whose time is over at the epoch `deadline`; the future is its answer."""
        self.answer = asyncio.get_running_loop().create_future()
        self._current = invocation.request_id
        self.asked.clear()
        self._work.put_nowait((invocation, deadline))
        return self.answer

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.content.read() if request.method == "POST" else b""
        answer = await self.handle(request.method, request.path, headers, body)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> RuntimeAnswer:
        """One request, whichever way it came; header names are lower case."""
        what = path.removeprefix(_PREFIX)
        if method == "GET" and what == "invocation/next":
            return await self._next()
        if method == "POST" and what == "init/error":
            return self._settle(Answer(body, failed=True, is_init=True))
        if method == "POST" and what.startswith("invocation/"):
            _, request_id, end = (*what.split("/"), "", "")[:3]
            if request_id != self._current or self.answer.done():
                return _refusal(400, "InvalidRequestID", "Invalid request ID")
            if end == "response":
                return self._response(headers, body)
            if end == "error":
                return self._settle(Answer(body, failed=True))
        return _refusal(404, "NotFound", f"There is no {method} {path} here")

    async def _next(self) -> RuntimeAnswer:
        self.asked.set()
        invocation, deadline = await self._work.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Content-Type": "application/json",
        }
        if invocation.trace_id:
            headers["Lambda-Runtime-Trace-Id"] = invocation.trace_id
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return RuntimeAnswer(200, headers, invocation.payload)

    def _response(self, headers: Mapping[str, str], body: bytes) -> RuntimeAnswer:
        is_streamed = headers.get("lambda-runtime-function-response-mode", "").lower() == "streaming"
        limit = _STREAMED_LIMIT if is_streamed else _RESPONSE_LIMIT
        if len(body) > limit:
            why = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
            error = f'{{"errorMessage":"{why}","errorType":"Function.ResponseSizeTooLarge"}}'
            self._settle(Answer(error.encode(), failed=True))
            return _refusal(413, "RequestEntityTooLarge", why)
        return self._settle(Answer(body, failed=False))

    def _settle(self, answer: Answer) -> RuntimeAnswer:
        if not self.answer.done():
            self.answer.set_result(answer)
        return _json(202, {"status": "OK"})


def _refusal(status: int, kind: str, message: str) -> RuntimeAnswer:
    return _json(status, {"errorType": kind, "errorMessage": message})


def _json(status: int, document: dict[str, str]) -> RuntimeAnswer:
    return RuntimeAnswer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())
