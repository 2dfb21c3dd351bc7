"""What a load balancer in front of containers has to do for Trunkline, whatever program does it.

Order of calls: `start()` once, then `apply()` with the *whole* desired state as often as it changes, `detach()` at
the end.

`apply` compares the desired state with what the running proxy reports and makes the smallest change: weights alone
are a runtime command (milliseconds, nothing is reloaded), members are added and drained at run time, anything else
is a hitless reload. It may be repeated (a second identical call changes nothing), it may be called from several
tasks (calls are served one after another), and it is all or nothing for the configuration: when the proxy refuses
it, `ConfigurationRefused` is raised and the previous state goes on serving.

The data plane outlives the control plane: `detach()` leaves the proxy serving, and the `start()` of the next
process adopts it. Only `shutdown()` ends it. A proxy that died is started again by the driver with the last applied
state.

A member receives requests only after it passed a health check. Taking one out is two steps, so that the caller can
keep the deadline durable: first `draining=True` (no new requests, the current ones go on; watch
`MemberHealth.sessions`), then leave it out (what is still open is cut).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

IDENTIFIER = re.compile(r"[A-Za-z0-9]{1,48}")
"""Ids of listeners, rules and target groups are used in names inside the proxy: letters and digits only."""

MAX_FORWARD_GROUPS = 5


class ProxyError(Exception):
    """The proxy could not do what was asked."""


class ProxyUnavailable(ProxyError):
    """The proxy is not installed, or is down and cannot be started."""


class ConfigurationRefused(ProxyError):
    """The proxy refused the desired state (or could not bind an address); the previous one is still serving."""

    def __init__(self, message: str, listeners: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.listeners = listeners
        """The ids of listeners whose address another program has; without them the state could be applied."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    path: str = "/"
    port: int | None = None
    """None: the port on which the member receives traffic."""
    interval_s: int = 30
    timeout_s: int = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    matcher: str = "200"
    """Status codes and ranges: "200", "200,202", "200-299"."""
    tcp: bool = False
    """A connection that opens is enough; path and matcher mean nothing."""


@dataclass(frozen=True, slots=True, order=True)
class Member:
    ip: str
    port: int
    draining: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class TargetGroup:
    id: str
    health_check: HealthCheck = HealthCheck()
    members: tuple[Member, ...] = ()
    algorithm: str = "round_robin"
    """"round_robin" or "least_outstanding_requests"."""
    cookie_s: int | None = None
    """Seconds for which a client stays with its member (cookie AWSALB); None: no stickiness."""
    idle_timeout_s: int = 60
    source: str = ""
    """The address of this host that connections to members are bound to, as of when a member joins."""
    tcp: bool = False
    """Whether it takes connections as they are; only listeners of the same kind forward to it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """All values are alternatives. `*` and `?` are wildcards except for methods and addresses."""

    kind: str
    """"host-header", "path-pattern", "http-header", "query-string", "http-request-method" or "source-ip"."""
    values: tuple[str, ...] = ()
    header: str = ""
    pairs: tuple[tuple[str | None, str], ...] = ()
    """query-string only: (key or None for any key, value)."""
    regex_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighted:
    target_group: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Forward:
    groups: tuple[Weighted, ...]
    sticky_s: int | None = None
    """Seconds for which a client stays with its target group (cookie AWSALBTG), while that group has a weight."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Parts may use #{protocol}, #{host}, #{port}, #{path} and #{query} of the request."""

    status: int = 302
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


@dataclass(frozen=True, slots=True)
class FixedResponse:
    status: int
    content_type: str = "text/plain"
    body: str = ""


Action = Forward | Redirect | FixedResponse


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    conditions: tuple[Condition, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which requests are traced that nobody has decided on yet: of those that meet the conditions, up to `reservoir`
    a second at even distances, and this share of the rest."""

    conditions: tuple[Condition, ...] = ()
    reservoir: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Listener:
    id: str
    address: str
    port: int
    default: Action
    rules: tuple[Rule, ...] = ()
    """In the order of evaluation; the first that matches decides."""
    public_port: int | None = None
    """The port users asked for, when another had to be bound (a plain user cannot bind 80)."""
    idle_timeout_s: int = 60
    tcp: bool = False
    """Connections go on as they are: the default action is a forward, and there are no rules."""
    sampling: tuple[Sampling, ...] = ()
    """In the order of evaluation; the first whose conditions are met decides."""


@dataclass(frozen=True, slots=True)
class Desired:
    listeners: tuple[Listener, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()


class HealthState(Enum):
    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


class Failure(Enum):
    NONE = ""
    TIMEOUT = "timeout"
    STATUS = "status"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class MemberHealth:
    state: HealthState
    failure: Failure = Failure.NONE
    code: int | None = None
    """The status answered to the last health check, when it was not one the matcher accepts."""
    sessions: int = 0
    """Requests that are being served or queued."""


Health = Mapping[str, Mapping[Member, MemberHealth]]
"""By target group id."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a traced request's segment is made of.

    header: its X-Amzn-Trace-Id, with an id of ours where it had none, but as it came otherwise. span: what the member
    was told to be its parent."""

    header: str
    span: str
    started: float
    """Epoch seconds."""
    method: str
    host: str
    path: str
    client: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request that was answered."""

    time: float
    """Epoch seconds at the end of the answer."""
    listener: str
    rule: str
    """Rule id, "default", or "" when the request was refused before any rule."""
    kind: str
    """"forward", "redirect", "fixed" or "" (refused before any rule)."""
    target_group: str
    member: str
    """"ip:port", or "" when no member answered."""
    status: int
    """What the client got; -1 when it went away first."""
    answered_by_target: bool
    target_time_s: float
    """From the request being sent to the member to the start of its answer."""
    trace: Trace | None = None
    """Of requests that came with Sampled=1, or that a Sampling chose."""


RequestSink = Callable[[Sequence[RequestRecord]], None]


class Proxy(Protocol):
    """A load balancer."""

    outlives_us: bool
    """Whether the proxy goes on serving when this process is killed."""

    async def start(self) -> None:
        """Adopt a proxy that is still serving for this data directory. Starts nothing: the first listener does."""
        ...

    async def apply(self, desired: Desired) -> None:
        """Make the proxy serve this state.

        Returns when rules and weights are in force; members join as they pass their checks."""
        ...

    async def health(self) -> Health:
        """What the proxy knows now about every member of the last applied state."""
        ...

    def subscribe(self, sink: RequestSink) -> None:
        """`sink` is called on the event loop with batches of answered requests, at most some 200 ms after the answer.

        Lossy while this process is down or overwhelmed: metrics, not accounting."""
        ...

    async def detach(self) -> None:
        """Stop watching; the proxy goes on serving."""
        ...

    async def shutdown(self) -> None:
        """End the proxy and everything it serves."""
        ...


def check(desired: Desired) -> None:
    """The rules that hold for every driver. Raises ConfigurationRefused."""
    group_ids = [group.id for group in desired.target_groups]
    ids = [*group_ids, *(listener.id for listener in desired.listeners)]
    ids += [rule.id for listener in desired.listeners for rule in listener.rules]
    for identifier in ids:
        if not IDENTIFIER.fullmatch(identifier):
            raise ConfigurationRefused(f"{identifier!r} is not an id of letters and digits")
    if len(set(group_ids)) != len(group_ids):
        raise ConfigurationRefused("two target groups have the same id")
    sockets = [(listener.address, listener.port) for listener in desired.listeners]
    if len(set(sockets)) != len(sockets):
        raise ConfigurationRefused("two listeners have the same address and port")
    known = {group.id: group for group in desired.target_groups}
    for listener in desired.listeners:
        if listener.tcp and (listener.rules or not isinstance(listener.default, Forward)):
            raise ConfigurationRefused("a listener for connections forwards, and nothing else")
        for action in [listener.default, *(rule.action for rule in listener.rules)]:
            if not isinstance(action, Forward):
                continue
            if not 1 <= len(action.groups) <= MAX_FORWARD_GROUPS:
                raise ConfigurationRefused(f"a forward names 1 to {MAX_FORWARD_GROUPS} target groups")
            for weighted in action.groups:
                if weighted.target_group not in known:
                    raise ConfigurationRefused(f"target group {weighted.target_group} does not exist")
                if known[weighted.target_group].tcp != listener.tcp:
                    raise ConfigurationRefused(f"target group {weighted.target_group} speaks another protocol")
                if not 0 <= weighted.weight <= 999:
                    raise ConfigurationRefused("a weight is from 0 to 999")
