"""A load balancer inside our own process, for tests and for machines without HAProxy.

It really listens, checks health, draws weights and forwards, with the semantics of interface.py; what it does not
do is outlive this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import partial

import aiohttp
from aiohttp import web
from yarl import URL

from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.engines.proxy.interface import (
    ConfigurationRefused,
    Desired,
    Failure,
    FixedResponse,
    Forward,
    Health,
    HealthState,
    Listener,
    Member,
    MemberHealth,
    Redirect,
    RequestRecord,
    RequestSink,
    TargetGroup,
    Trace,
    check,
)
from trunkline.engines.proxy.matching import Asked, choose, location
from trunkline.engines.proxy.probe import ProbeResult, probe
from trunkline.engines.proxy.tracer import Tracer

log = get(__name__)

_FIRST_CHECKS_S = 0.05
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}


@dataclass(slots=True)
class _Watched:
    """A member and what its health checks say."""

    member: Member
    group: TargetGroup
    state: HealthState = HealthState.INITIAL
    failure: Failure = Failure.NONE
    code: int | None = None
    sessions: int = 0
    task: asyncio.Task[None] | None = None
    open: set[asyncio.Task[object]] = field(default_factory=set)


@dataclass(slots=True)
class _Answer:
    response: web.StreamResponse
    kind: str
    target_group: str = ""
    member: str = ""
    by_target: bool = False
    target_time_s: float = 0.0


class FakeProxy:
    """See interface.Proxy."""

    outlives_us = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tracer = Tracer(clock)
        self._desired = Desired()
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._runners: dict[tuple[str, int], web.ServerRunner] = {}
        self._servers: dict[tuple[str, int], asyncio.Server] = {}
        """Of listeners that take connections as they are."""
        self._watched: dict[tuple[str, Member], _Watched] = {}
        self._turns: dict[str, int] = {}
        self._sinks: list[RequestSink] = []
        self._clients: dict[str, aiohttp.ClientSession] = {}
        """By the address that their connections are bound to."""
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        pass

    def _client(self, source: str) -> aiohttp.ClientSession:
        if source not in self._clients:
            bound = (source, 0) if source else None
            self._clients[source] = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=1, local_addr=bound),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=1),
            )
        return self._clients[source]

    async def apply(self, desired: Desired) -> None:
        check(desired)
        async with self._one_at_a_time:
            wanted = {(listener.address, listener.port): listener for listener in desired.listeners}
            await self._bind(wanted)
            self._listeners = wanted
            self._desired = desired
            self._watch(desired)

    async def health(self) -> Health:
        report: dict[str, dict[Member, MemberHealth]] = {}
        for group in self._desired.target_groups:
            report[group.id] = {}
            for member in group.members:
                watched = self._watched.get((group.id, member)) or _Watched(member, group)
                state = HealthState.DRAINING if member.draining else watched.state
                known = MemberHealth(state, watched.failure, watched.code, watched.sessions)
                report[group.id][member] = known
        return report

    def subscribe(self, sink: RequestSink) -> None:
        self._sinks.append(sink)

    async def detach(self) -> None:
        for runner in self._runners.values():
            await runner.cleanup()
        self._runners.clear()
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        for key in list(self._watched):
            self._forget(key)
        for client in self._clients.values():
            await client.close()
        self._clients = {}

    async def shutdown(self) -> None:
        await self.detach()

    # --- listeners and members --------------------------------------------------------------------

    async def _bind(self, wanted: dict[tuple[str, int], Listener]) -> None:
        opened: dict[tuple[str, int], web.ServerRunner] = {}
        try:
            for key in [key for key in wanted if wanted[key].tcp and key not in self._servers]:
                self._servers[key] = await asyncio.start_server(partial(self._pipe, key), *key, reuse_address=True)
            for key in [key for key in wanted if not wanted[key].tcp and key not in self._runners]:
                runner = web.ServerRunner(web.Server(self._handler(key), access_log=None))
                await runner.setup()
                opened[key] = runner
                await web.TCPSite(runner, *key, reuse_address=True).start()
        except OSError as error:
            for runner in opened.values():
                await runner.cleanup()
            ids = tuple(wanted[key].id for key in [*opened][-1:])
            raise ConfigurationRefused(f"cannot bind an address: {error}", ids) from error
        self._runners |= opened
        for key in self._runners.keys() - wanted.keys():
            await self._runners.pop(key).cleanup()
        for key in self._servers.keys() - wanted.keys():
            self._servers.pop(key).close()

    def _watch(self, desired: Desired) -> None:
        wanted = {(group.id, member): (group, member) for group in desired.target_groups for member in group.members}
        for key in self._watched.keys() - wanted.keys():
            self._forget(key)
        for key, (group, member) in wanted.items():
            watched = self._watched.get(key)
            if watched is None:
                watched = self._watched[key] = _Watched(member, group)
            if watched.task is not None and watched.group.health_check != group.health_check:
                watched.task.cancel()
                watched.task, watched.state = None, HealthState.INITIAL
            watched.group, watched.member = group, member
            if watched.task is None and desired.listeners:
                watched.task = asyncio.create_task(self._check(watched))

    def _forget(self, key: tuple[str, Member]) -> None:
        watched = self._watched.pop(key)
        for task in [watched.task, *watched.open]:
            if task is not None:
                task.cancel()

    async def _check(self, watched: _Watched) -> None:
        passed = failed = 0
        since = self._clock.monotonic()
        while True:
            check = watched.group.health_check
            result: ProbeResult = await probe(watched.member, check, watched.group.source)
            if result.passed:
                passed, failed = passed + 1, 0
                if watched.state is HealthState.INITIAL or passed >= check.healthy_threshold:
                    watched.state, watched.failure, watched.code = HealthState.HEALTHY, Failure.NONE, None
            else:
                passed, failed = 0, failed + 1
                waited = self._clock.monotonic() - since >= check.interval_s * check.unhealthy_threshold
                if waited if watched.state is HealthState.INITIAL else failed >= check.unhealthy_threshold:
                    watched.state, watched.failure, watched.code = HealthState.UNHEALTHY, result.failure, result.code
            first = watched.state is HealthState.INITIAL
            await self._clock.sleep(_FIRST_CHECKS_S if first else check.interval_s)

    # --- requests ---------------------------------------------------------------------------------

    def _handler(self, key: tuple[str, int]):  # type: ignore[no-untyped-def]  # aiohttp's request type is generic
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            listener = self._listeners[key]
            asked = Asked(
                request.method,
                request.rel_url.raw_path,
                request.rel_url.raw_query_string,
                {name.lower(): value for name, value in request.headers.items()},
                request.remote or "127.0.0.1",
            )
            rule, action = choose(listener, asked)
            header, trace = self._tracer.trace(listener, asked)
            if isinstance(action, FixedResponse):
                body = action.body.encode()
                headers = {"Content-Type": action.content_type} if body else {}
                answer = _Answer(web.Response(status=action.status, body=body, headers=headers), "fixed")
            elif isinstance(action, Redirect):
                to = location(action, asked, listener.port)
                answer = _Answer(web.Response(status=action.status, headers={"Location": to}), "redirect")
            else:
                answer = await self._forward(request, header, listener, action)
            self._record(listener, rule, answer, trace)
            return answer.response

        return handle

    def _pick(self, request: web.BaseRequest, action: Forward) -> str | None:
        groups = {weighted.target_group: weighted.weight for weighted in action.groups if weighted.weight > 0}
        if not groups:
            return None
        if action.sticky_s is not None:
            held = _decoded(request.cookies.get("AWSALBTG", "")).removeprefix("t-")
            if held in groups:
                return held
        return random.choices(list(groups), list(groups.values()))[0]  # noqa: S311  # shares, not secrets

    def _members(self, request: web.BaseRequest, group: TargetGroup) -> list[_Watched]:
        usable = [
            watched
            for (group_id, _), watched in self._watched.items()
            if group_id == group.id and watched.state is HealthState.HEALTHY and not watched.member.draining
        ]
        if group.cookie_s is not None:
            held = _decoded(request.cookies.get("AWSALB", ""))
            usable.sort(key=lambda watched: watched.member.name != held)
            if usable and usable[0].member.name == held:
                return usable
        turn = self._turns[group.id] = self._turns.get(group.id, -1) + 1
        return usable[turn % len(usable) :] + usable[: turn % len(usable)] if usable else []

    async def _forward(self, request: web.BaseRequest, header: str, listener: Listener, action: Forward) -> _Answer:
        group_id = self._pick(request, action)
        group = next((group for group in self._desired.target_groups if group.id == group_id), None)
        unavailable = web.Response(status=503, text="<html>503 Service Temporarily Unavailable</html>")
        if group is None:
            return _Answer(unavailable, "forward")
        body = await request.read()
        for watched in self._members(request, group):
            task = asyncio.current_task()
            watched.sessions += 1
            if task is not None:
                watched.open.add(task)
            try:
                return await self._ask(request, body, header, listener, action, group, watched)
            except aiohttp.ClientConnectorError:
                continue  # nothing was sent: the next one may try
            except (aiohttp.ClientError, TimeoutError, OSError):
                failed = web.Response(status=502, text="<html>502 Bad Gateway</html>")
                return _Answer(failed, "forward", group.id, watched.member.name)
            finally:
                watched.sessions -= 1
                watched.open.discard(task) if task is not None else None
        return _Answer(unavailable, "forward", group.id)

    async def _ask(
        self,
        request: web.BaseRequest,
        body: bytes,
        trace_header: str,
        listener: Listener,
        action: Forward,
        group: TargetGroup,
        watched: _Watched,
    ) -> _Answer:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
        seen = request.headers.get("X-Forwarded-For")
        headers = [pair for pair in headers if not pair[0].lower().startswith("x-forwarded-")]
        headers += [
            ("X-Forwarded-For", f"{seen}, {request.remote}" if seen else str(request.remote)),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Port", str(listener.public_port or listener.port)),
        ]
        headers = [pair for pair in headers if pair[0].lower() != "x-amzn-trace-id"]
        headers.append(("X-Amzn-Trace-Id", trace_header))
        began = self._clock.monotonic()
        url = URL(f"http://{watched.member.name}{request.rel_url.raw_path_qs}", encoded=True)
        async with self._client(group.source).request(
            request.method, url, headers=headers, data=body or None,
            allow_redirects=False,
        ) as upstream:  # fmt: skip
            took_s = self._clock.monotonic() - began
            payload = await upstream.read()
            response = web.Response(status=upstream.status, body=payload)
            response.headers.clear()
            for name, value in upstream.headers.items():
                if name.lower() not in {*_HOP_BY_HOP, "content-length"}:
                    response.headers.add(name, value)
        if action.sticky_s is not None:
            response.headers.add("Set-Cookie", f"AWSALBTG={_encoded('t-' + group.id)}; Path=/")
        if group.cookie_s is not None:
            response.headers.add("Set-Cookie", f"AWSALB={_encoded(watched.member.name)}; Path=/")
        return _Answer(response, "forward", group.id, watched.member.name, True, took_s)

    # --- connections ------------------------------------------------------------------------------

    async def _pipe(self, key: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a listener that reads nothing of it."""
        action = self._listeners[key].default
        groups = {one.target_group: one.weight for one in action.groups} if isinstance(action, Forward) else {}
        drawn = random.choices(list(groups), list(groups.values()))[0] if any(groups.values()) else ""  # noqa: S311
        usable = [
            watched
            for (group_id, _), watched in self._watched.items()
            if group_id == drawn and watched.state is HealthState.HEALTHY and not watched.member.draining
        ]
        turn = self._turns[drawn] = self._turns.get(drawn, -1) + 1
        with contextlib.suppress(OSError):
            for watched in usable[turn % len(usable) :] + usable[: turn % len(usable)] if usable else []:
                source = watched.group.source
                bound = (source, 0) if source else None
                up_reader, up_writer = await asyncio.open_connection(
                    watched.member.ip, watched.member.port, local_addr=bound
                )
                watched.sessions += 1
                try:
                    await asyncio.gather(_copy(reader, up_writer), _copy(up_reader, writer))
                finally:
                    watched.sessions -= 1
                    up_writer.close()
                break
        writer.close()

    def _record(self, listener: Listener, rule: str, answer: _Answer, trace: Trace | None) -> None:
        record = RequestRecord(
            time=self._clock.time(),
            listener=listener.id,
            rule=rule,
            kind=answer.kind,
            target_group=answer.target_group,
            member=answer.member,
            status=answer.response.status,
            answered_by_target=answer.by_target,
            target_time_s=answer.target_time_s,
            trace=trace,
        )
        for sink in self._sinks:
            try:
                sink([record])
            except Exception:
                log.exception("a receiver of request records failed")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until its end, which is handed on."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    with contextlib.suppress(ValueError):
        return b64decode(text).decode()
    return ""
