"""HTTP to the Docker Engine's unix socket: version negotiation and the engine's refusals as our errors.

Every call opens or reuses a connection of its own, so a dockerd that was restarted is found again by the next call.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from trunkline.engines.containers.errors import ContainersError, ContainersUnavailable

# The newest API whose answers this driver was written for; older engines are spoken to in their own version.
_NEWEST_API = (1, 47)
_QUICK = aiohttp.ClientTimeout(total=120, sock_connect=10)
_ENDLESS = aiohttp.ClientTimeout(total=None, sock_connect=10)


class EngineRefusal(ContainersError):
    """An HTTP status of 400 or more; callers turn those they know into a more telling error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Connection:
    """One engine at one socket. Usable from the event loop that first used it."""

    def __init__(self, socket_path: str) -> None:
        self.socket_path = socket_path
        self._session: aiohttp.ClientSession | None = None
        self._prefix: str | None = None
        self._negotiating = asyncio.Lock()

    async def close(self) -> None:
        session, self._session, self._prefix = self._session, None, None
        if session is not None:
            await session.close()

    async def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The decoded answer; None for an empty one."""
        data = None if body is None else json.dumps(body).encode()
        sent = dict(headers or {})
        if data is not None:
            sent["content-type"] = "application/json"
        async with self.open(method, path, params=params, data=data, headers=sent) as response:
            raw = await response.read()
        return json.loads(raw) if raw.strip() else None

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        endless: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response whose body the caller reads. Raises EngineRefusal, ContainersUnavailable (also while reading)."""
        session = self._open_session()
        try:
            prefix = self._prefix or await self._negotiate()
            async with session.request(
                method,
                f"http://docker{prefix}{path}",
                params=params,
                data=data,
                headers=headers,
                timeout=_ENDLESS if endless else _QUICK,
                skip_auto_headers=("user-agent", "accept-encoding"),
            ) as response:
                if response.status >= 400:
                    raise EngineRefusal(response.status, _message(await response.read()))
                yield response
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError, FileNotFoundError) as error:
            self._prefix = None
            raise ContainersUnavailable(f"the Docker Engine at {self.socket_path} does not answer: {error}") from error
        except PermissionError as error:
            raise ContainersUnavailable(f"no permission to use {self.socket_path}: join its group") from error
        except aiohttp.ServerTimeoutError as error:
            raise ContainersUnavailable(f"the Docker Engine at {self.socket_path} timed out") from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # Log followers and waits hold a connection each: no limit.
            connector = aiohttp.UnixConnector(self.socket_path, limit=0, keepalive_timeout=20)
            self._session = aiohttp.ClientSession(connector=connector, read_bufsize=2**18, auto_decompress=False)
        return self._session

    async def _negotiate(self) -> str:
        async with self._negotiating:
            if self._prefix is not None:
                return self._prefix
            async with self._open_session().get("http://docker/_ping", timeout=_QUICK) as response:
                theirs = response.headers.get("Api-Version", "1.24")
                await response.read()
            major, _, minor = theirs.partition(".")
            version = min((int(major), int(minor)), _NEWEST_API)
            self._prefix = f"/v{version[0]}.{version[1]}"
            return self._prefix


def _message(raw: bytes) -> str:
    try:
        return str(json.loads(raw)["message"])
    except (ValueError, KeyError, TypeError):
        return raw.decode(errors="replace").strip() or "no reason given"
