"""HAProxy as Trunkline's load balancer: level-triggered. Whatever is desired is compared with what the running
worker reports.

Three things change at three speeds. Structure by a reload, forwards by `set var`, members one by one as they pass
their checks. A task looks once a second (more often while something is pending) at what is left to do, and at once
when HAProxy dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.engines.proxy.haproxy import servers
from trunkline.engines.proxy.haproxy.accesslog import AccessLog
from trunkline.engines.proxy.haproxy.joining import Joining
from trunkline.engines.proxy.haproxy.process import Haproxy, connection_limit, thread_count
from trunkline.engines.proxy.haproxy.render import Rendered, render
from trunkline.engines.proxy.interface import (
    ConfigurationRefused,
    Desired,
    Health,
    HealthState,
    Listener,
    Member,
    MemberHealth,
    ProxyError,
    ProxyUnavailable,
    RequestRecord,
    RequestSink,
    check,
)

log = get(__name__)

_ROUND_S = 1.0
_PENDING_ROUND_S = 0.1


class HaproxyProxy:
    """See interface.Proxy."""

    outlives_us = True

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._clock = clock
        self._haproxy = Haproxy(directory, clock)
        self._access_log = AccessLog(directory / "log.port", self._deliver)
        self._sinks: list[RequestSink] = []
        self._desired = Desired()
        self._rendered: Rendered | None = None
        self._digest = ""
        """The structure that the running worker serves; "" when unknown or not running."""
        self._forwards: dict[str, str] = {}
        self._bound: set[tuple[str, int]] = set()
        self._last: servers.Servers = {}
        self._joining = Joining(clock)
        self._one_at_a_time = asyncio.Lock()
        self._wake = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None
        self._master_fd: int | None = None

    # --- interface --------------------------------------------------------------------------------

    async def start(self) -> None:
        self._access_log.open()
        if await self._haproxy.adopt():
            await self._learn()
            log.info("adopted HAProxy", pid=self._haproxy.master_pid)
        self._watcher = asyncio.create_task(self._watch(), name="proxy-watch")

    async def apply(self, desired: Desired) -> None:
        check(desired)
        async with self._one_at_a_time:
            rendered = render(
                desired, log_port=self._access_log.port, max_connections=connection_limit(), threads=thread_count()
            )
            previous = self._desired
            self._desired = desired  # so that members render by it
            try:
                await self._serve(rendered)
            except BaseException:
                self._desired = previous
                raise
            self._rendered = rendered
            if desired.target_groups != previous.target_groups:
                await self._members_now()
        self._joining.keep({(group.id, member) for group in desired.target_groups for member in group.members})
        self._wake.set()

    async def health(self) -> Health:
        async with self._one_at_a_time:
            desired, found, old = self._desired, self._last, dict[tuple[str, str], int]()
            if self._digest:
                found = self._last = await servers.read(self._haproxy)
                if any(member.draining for group in desired.target_groups for member in group.members):
                    old = await servers.sessions_of_old_workers(self._haproxy)
        report: dict[str, dict[Member, MemberHealth]] = {}
        for group in desired.target_groups:
            report[group.id] = {}
            for member in group.members:
                key = (group.id, member.name)
                server = found.get(key)
                sessions = (server.sessions if server else 0) + old.get(key, 0)
                if member.draining:
                    known = MemberHealth(HealthState.DRAINING, sessions=sessions)
                elif server is not None:
                    known = server.health()
                else:
                    known = self._joining.health(group, member)
                report[group.id][member] = known
        return report

    def subscribe(self, sink: RequestSink) -> None:
        self._sinks.append(sink)

    async def detach(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        self._unwatch_master()
        await self._joining.close()
        self._access_log.close()

    async def shutdown(self) -> None:
        await self.detach()
        await self._haproxy.end()
        self._digest = ""

    # --- making it so -----------------------------------------------------------------------------

    async def _serve(self, rendered: Rendered) -> None:
        """Structure and forwards. Under the lock."""
        if not self._desired.listeners:
            # Nobody listens: no process either. Members join again when a listener comes.
            if self._digest:
                self._stopped()
                self._last = {}
                await self._haproxy.end()
            return
        if not self._digest:
            await self._cold_start(rendered)
            return
        try:
            if self._digest != rendered.digest:
                await self._reload(rendered)
            else:
                await self._set_forwards(rendered)
        except ProxyUnavailable:
            if await self._haproxy.adopt():
                raise
            self._stopped()
            await self._cold_start(rendered)

    def _sockets(self) -> set[tuple[str, int]]:
        return {(listener.address, listener.port) for listener in self._desired.listeners}

    async def _cold_start(self, rendered: Rendered) -> None:
        _try_to_bind(self._desired.listeners)
        proven = {key for key, server in self._last.items() if server.up}
        members = {
            group.id: [m for m in group.members if not m.draining and (group.id, m.name) in proven]
            for group in self._desired.target_groups
        }
        await self._haproxy.start(rendered.text(members), rendered.bodies)
        self._in_force(rendered)
        self._watch_master()

    async def _reload(self, rendered: Rendered) -> None:
        if self._bound:
            _try_to_bind([each for each in self._desired.listeners if (each.address, each.port) not in self._bound])
        found = self._last = await servers.read(self._haproxy)
        # What is being drained stays behind with the old worker, which still serves its last requests.
        members = {
            group.id: [m for m in group.members if not m.draining and (group.id, m.name) in found]
            for group in self._desired.target_groups
        }
        states = await servers.states(self._haproxy)
        await self._haproxy.reload(rendered.text(members), rendered.bodies, states)
        self._in_force(rendered)

    async def _members_now(self) -> None:
        """Who drains gets nothing new from the moment `apply` returns. What fails here is tried again by the watch."""
        try:
            await self._round()
        except ProxyError as error:
            log.warning("members will be changed in a moment", error=str(error))

    async def _set_forwards(self, rendered: Rendered) -> None:
        changed = {name: value for name, value in rendered.forwards.items() if self._forwards.get(name) != value}
        if not changed:
            return
        said = await self._haproxy.tell([f"set var {name} str({value})" for name, value in changed.items()])
        if said:
            raise ProxyError(f"HAProxy did not take the weights: {said}")
        self._forwards |= changed

    def _in_force(self, rendered: Rendered) -> None:
        self._digest = rendered.digest
        self._forwards = dict(rendered.forwards)
        self._bound = self._sockets()

    def _stopped(self) -> None:
        self._digest = ""
        self._forwards = {}
        self._bound = set()
        self._unwatch_master()

    async def _learn(self) -> None:
        """What the worker we found serves."""
        said = await self._haproxy.ask("@1 get var proc.structure")
        self._digest = said.partition("value=<")[2].partition(">")[0] or "unknown"
        self._forwards = {}  # set again by the next apply: harmless
        self._last = await servers.read(self._haproxy)
        self._watch_master()

    # --- watching ---------------------------------------------------------------------------------

    async def _watch(self) -> None:
        failures = 0
        while True:
            pending = False
            try:
                async with self._one_at_a_time:
                    pending = await self._round()
                failures = 0
            except ProxyError as error:
                failures += 1
                log.warning("the load balancer needs attention", error=str(error), failures=failures)
            except Exception:
                failures += 1
                log.exception("the load balancer's watch failed")
            pause_s = _PENDING_ROUND_S if pending and not failures else min(30.0, _ROUND_S * max(1, failures))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
            self._wake.clear()

    async def _round(self) -> bool:
        """Bring members in and out; True while something is about to change."""
        if self._rendered is None or not self._desired.listeners:
            return False
        if not self._digest or not await self._haproxy.adopt():
            if self._digest:
                log.error("HAProxy died; starting it again")
                self._stopped()
            await self._cold_start(self._rendered)
        found = self._last = await servers.read(self._haproxy)
        wanted: set[tuple[str, str]] = set()
        pending = False
        for group in self._desired.target_groups:
            for member in group.members:
                key = (group.id, member.name)
                wanted.add(key)
                server = found.get(key)
                if member.draining:
                    self._joining.forget(group, member)
                    if server is not None and not server.commanded_out:
                        await servers.take_out(self._haproxy, server, sticky=group.cookie_s is not None)
                elif server is not None:
                    if server.commanded_out:
                        await servers.bring_in(self._haproxy, server)
                elif self._joining.passed(group, member):
                    await servers.add(self._haproxy, group, member, self._rendered.server_options[group.id])
                    self._joining.forget(group, member)
                else:
                    pending = True
        for key, server in found.items():
            if key not in wanted and not await servers.remove(self._haproxy, server):
                pending = True
        return pending

    def _watch_master(self) -> None:
        """Be told of its death by the kernel, rather than find out within a second."""
        self._unwatch_master()
        pid = self._haproxy.master_pid
        if pid is None:
            return
        with contextlib.suppress(OSError, AttributeError, NotImplementedError):
            descriptor = os.pidfd_open(pid)
            asyncio.get_running_loop().add_reader(descriptor, self._master_ended)
            self._master_fd = descriptor

    def _unwatch_master(self) -> None:
        if self._master_fd is not None:
            asyncio.get_running_loop().remove_reader(self._master_fd)
            os.close(self._master_fd)
            self._master_fd = None

    def _master_ended(self) -> None:
        self._unwatch_master()
        self._wake.set()

    def _deliver(self, records: Sequence[RequestRecord]) -> None:
        for sink in self._sinks:
            try:
                sink(records)
            except Exception:
                log.exception("a receiver of request records failed")


def _try_to_bind(listeners: Sequence[Listener]) -> None:
    """HAProxy would try for two seconds, and say nothing of which address it was."""
    failed: dict[str, str] = {}
    for listener in listeners:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((listener.address, listener.port))
            except OSError as error:
                failed[listener.id] = f"cannot listen on {listener.address}:{listener.port}: {error.strerror}"
    if failed:
        raise ConfigurationRefused("; ".join(failed.values()), tuple(failed))


__all__ = ["ConfigurationRefused", "HaproxyProxy"]
