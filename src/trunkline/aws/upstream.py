"""Services that Trunkline does not have, answered by another AWS-compatible endpoint (`--upstream URL`).

The caller is verified here first: an upstream emulator accepts anybody. The request goes on as it came, signature and
all; only the Host header names the upstream.
"""

from collections.abc import AsyncIterator

import aiohttp

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response

_TIMEOUT_S = 300
_OWN_HEADERS = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})
_CHUNK_BYTES = 256 * 1024


class Upstream:
    """One other endpoint."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def forward(self, request: Request) -> Response:
        """The upstream's answer, as it comes. Raises ServiceUnavailable when it does not answer."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
            self._session = aiohttp.ClientSession(timeout=timeout, auto_decompress=False)
        query = f"?{request.query}" if request.query else ""
        headers = {name: value for name, value in request.headers.items() if name not in _OWN_HEADERS}
        try:
            answer = await self._session.request(
                request.method,
                f"{self._url}{request.path}{query}",
                headers=headers,
                data=request.body,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            message = f"The upstream endpoint {self._url} does not answer: {error}"
            raise AwsError("ServiceUnavailable", message, status=503) from error
        kept = [(name.lower(), value) for name, value in answer.headers.items() if name.lower() not in _OWN_HEADERS]
        return Response(answer.status, kept, _chunks(answer))

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with answer:
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            yield chunk
