"""The servers of the running workers: read what they are, and the commands that change them at run time."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from trunkline.engines.proxy.haproxy.process import Haproxy
from trunkline.engines.proxy.haproxy.render import backend
from trunkline.engines.proxy.interface import Failure, HealthState, Member, MemberHealth, ProxyError, TargetGroup

_DRAINED = 0x08 | 0x10
_MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20


@dataclass(frozen=True, slots=True)
class Server:
    group: str
    member: Member
    up: bool
    """By its health checks, whatever was commanded."""
    commanded_out: bool
    """Drained or in maintenance by command."""
    failure: Failure
    code: int | None
    sessions: int

    def health(self) -> MemberHealth:
        if self.up:
            return MemberHealth(HealthState.HEALTHY, sessions=self.sessions)
        return MemberHealth(HealthState.UNHEALTHY, self.failure, self.code, self.sessions)


Servers = dict[tuple[str, str], Server]
"""By target group id and member name."""


async def read(haproxy: Haproxy, worker: str = "@1") -> Servers:
    answer = await haproxy.ask(f"{worker} show stat -1 4 -1")
    servers: Servers = {}
    for row in csv.DictReader(io.StringIO(answer.lstrip("# "))):
        if not (row.get("# pxname") or row.get("pxname") or "").startswith("t-"):
            continue
        server = _server(row)
        servers[server.group, server.member.name] = server
    return servers


def _server(row: Mapping[str, str]) -> Server:
    group = row["pxname"].removeprefix("t-")
    ip, _, port = row["svname"].rpartition(":")
    status, check = row["status"], row["check_status"].strip("* ")
    commanded_out = status.startswith(("DRAIN", "MAINT"))
    # check_health counts up to rise+fall-1; from `rise` on the server is up, drained or not.
    health, rise = int(row["check_health"] or 0), int(row["check_rise"] or 1)
    up = health >= rise if check not in ("", "INI") else not status.startswith("DOWN")
    failure = Failure.NONE
    code: int | None = None
    if not up:
        if check == "L7STS":
            failure, code = Failure.STATUS, int(row["check_code"] or 0)
        elif check in ("L4TOUT", "L6TOUT", "L7TOUT"):
            failure = Failure.TIMEOUT
        else:
            failure = Failure.CONNECTION
    sessions = int(row["scur"] or 0) + int(row["qcur"] or 0)
    return Server(group, Member(ip, int(port)), up, commanded_out, failure, code, sessions)


async def sessions_of_old_workers(haproxy: Haproxy) -> dict[tuple[str, str], int]:
    """Requests that began before a reload are still with the worker of their time."""
    totals: dict[tuple[str, str], int] = {}
    for pid in (await haproxy.processes()).old_workers:
        try:
            servers = await read(haproxy, f"@!{pid}")
        except (ProxyError, KeyError):
            continue  # it ended meanwhile
        for key, server in servers.items():
            totals[key] = totals.get(key, 0) + server.sessions
    return totals


async def add(haproxy: Haproxy, group: TargetGroup, member: Member, options: str) -> None:
    """It has just been found healthy: a new server counts as up until its first check by HAProxy."""
    name = f"{backend(group.id)}/{member.name}"
    said = await haproxy.tell([f"add server {name} {member.name} {options}"])
    if "New server registered" not in said and "Already exists" not in said:
        raise ProxyError(f"HAProxy did not add {name}: {said}")
    said = await haproxy.tell([f"enable health {name}", f"set server {name} state ready"])
    if said:
        raise ProxyError(f"HAProxy did not enable {name}: {said}")


async def bring_in(haproxy: Haproxy, server: Server) -> None:
    await haproxy.tell([f"set server {backend(server.group)}/{server.member.name} state ready"])


async def take_out(haproxy: Haproxy, server: Server, *, sticky: bool) -> None:
    """No new requests. A drained server would still get those whose cookie names it; one in maintenance gets none."""
    state = "maint" if sticky else "drain"
    await haproxy.tell([f"set server {backend(server.group)}/{server.member.name} state {state}"])


async def remove(haproxy: Haproxy, server: Server) -> bool:
    """Cut what is open and delete; False when it has to be tried again in a moment."""
    name = f"{backend(server.group)}/{server.member.name}"
    await haproxy.tell([f"set server {name} state maint", f"shutdown sessions server {name}"])
    said = await haproxy.tell([f"del server {name}"])
    return "Server deleted" in said or "No such server" in said


async def states(haproxy: Haproxy) -> str:
    """In the form of HAProxy's server state file."""
    answer = await haproxy.ask("@1 show servers state")
    return "\n".join(line for line in answer.splitlines() if line.strip()) + "\n"
