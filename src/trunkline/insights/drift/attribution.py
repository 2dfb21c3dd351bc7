"""Which call caused a difference: the latest one after the stack last touched the resource that means the resource and
can have changed that property. Told from the audit record alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.aws.audit import DETAIL_TYPE
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.insights.drift import changes
from trunkline.insights.drift.naming import Names, means, parts_of, texts

Doc = dict[str, Any]
_PAGE = 2000
_LONGEST = 512  # characters of what may be a name
_SOURCES = {
    "ApplicationAutoScaling": "application-autoscaling",
    "ApplicationSignals": "application-signals",
    "CloudWatch": "monitoring",
    "CodeStarNotifications": "codestar-notifications",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """A call and who made it. source: the address, or the service through which it came."""

    operation: str
    service: str
    principal: str
    source: str
    user_agent: str
    time: str
    request_id: str
    event_id: str
    seq: int

    def described(self) -> Doc:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Call:
    """One audit event, taken apart once."""

    event: Event
    operation: str
    members: list[tuple[str, str]]
    keys: set[str]


class _Calls:
    """The calls to one service behind `first`, and which of them say what."""

    def __init__(self, first: int, calls: Iterable[Call]) -> None:
        self.first = first
        self._whole: dict[str, list[Call]] = {}
        self._parts: dict[str, list[Call]] = {}
        for call in calls:
            said = {text for _, text in call.members if len(text) <= _LONGEST}
            for text in said:
                self._whole.setdefault(text, []).append(call)
            for part in {part for text in said for part in parts_of(text)}:
                self._parts.setdefault(part, []).append(call)

    def meaning(self, name: str) -> Iterator[Call]:
        """Those that may mean it (`means` tells): they say it, something that ends in it or that it ends in."""
        yield from self._whole.get(name, ())
        yield from self._parts.get(name, ())
        for part in parts_of(name):
            yield from self._whole.get(part, ())

    def saying(self, text: str) -> Iterable[Call]:
        return self._whole.get(text, ())


class Record:
    """The calls that may have changed resources, since an instant."""

    def __init__(self, ledger: Ledger, account: str, region: str) -> None:
        self._ledger = ledger
        self._account = account
        self._region = region
        self._calls: dict[str, _Calls] = {}

    def cause(
        self, names: Names, since: float, path: str, expected: str | None = None, actual: str | None = None
    ) -> Cause | None:
        """Of a difference at `path`."""
        at = changes.place(names.type, path, expected, actual)
        best: tuple[float, int, int] = (0.0, 0, 0)
        found: Call | None = None
        for call, closeness in self._about(names, since):
            fit = changes.fit(call.operation, call.members, call.keys, at)
            # A call that names only what the resource refers to must be about the property itself.
            if fit < (2.0 if closeness < _OWN else 0.5):
                continue
            rank = (fit, closeness, call.event.seq)
            if rank > best:
                best, found = rank, call
        return cause_of(found.event) if found else None

    def remover(self, names: Names, since: float) -> Cause | None:
        """Of a resource that is gone."""
        best: tuple[int, int, int] = (0, 0, 0)
        found: Call | None = None
        for call, closeness in self._about(names, since):
            if changes.removes(call.operation) and closeness >= _OWN:
                rank = (closeness, changes.noun(names.type) in changes.flat(call.operation), call.event.seq)
                if rank > best:
                    best, found = rank, call
        return cause_of(found.event) if found else None

    def creator(self, names: Names) -> Cause | None:
        """Of a resource that is there."""
        ids = [part for part in names.parts if "-" in part]  # of a route: its table, and not "0.0.0.0/0"
        makers = [
            call
            for call, closeness in self._about(names, 0.0)
            if closeness >= _OWN
            and changes.split(call.operation)[0] in _MAKING
            and all(any(means(text, id) for _, text in call.members) for id in ids)
        ]
        own = [call for call in makers if changes.makes(call.operation, names.type)]
        return cause_of(max(own, key=lambda call: call.event.seq).event) if own else None

    def _about(self, names: Names, since: float) -> Iterator[tuple[Call, int]]:
        """Calls since an instant that mean the resource, with how closely."""
        source = service_source(names.type)
        first = self._ledger.before(since) if since else 0
        known = self._calls.get(source)
        if known is None or known.first > first:
            known = self._calls[source] = _Calls(first, self._read(source, first))
        close: dict[int, tuple[Call, int]] = {}
        for name in names.own:
            for call in known.meaning(name):
                seq = call.event.seq
                if seq > first and seq not in close and any(means(text, name) for _, text in call.members):
                    parts = sum(any(means(text, part) for _, text in call.members) for part in names.parts)
                    close[seq] = call, _OWN + parts
        for name in names.related:
            for call in known.saying(name):
                if call.event.seq > first:
                    _, before = close.get(call.event.seq, (call, 0))
                    close[call.event.seq] = call, before if before >= _OWN else min(before + 1, _OWN - 1)
        yield from close.values()

    def _read(self, source: str, after: int) -> Iterator[Call]:
        """The successful calls to a service."""
        while True:
            events = self._ledger.read(after, sources=(source,), detail_types=(DETAIL_TYPE,), limit=_PAGE)
            for event in events:
                mine = event.account == self._account and event.region == self._region
                if mine and "errorCode" not in event.detail:
                    yield taken_apart(event)
            if len(events) < _PAGE:
                return
            after = events[-1].seq


_OWN = 10
_MAKING = frozenset(
    {"add", "allocate", "associate", "attach", "authorize", "copy", "create", "import", "put", "register", "request",
     "restore", "run", "subscribe"}
)  # fmt: skip


def service_source(type: str) -> str:
    """The source of the events of a type's service."""
    space = type.split("::")[1]
    return f"aws.{_SOURCES.get(space, space.lower())}"


def taken_apart(event: Event) -> Call:
    """An audit event with what it names."""
    request = event.detail.get("requestParameters") or {}
    members = [*texts(request), *texts(event.detail.get("responseElements") or {})]
    return Call(event, event.detail["eventName"], members, set(_keys(request)))


def cause_of(event: Event) -> Cause:
    """Who made a call, and how."""
    detail = event.detail
    identity = detail.get("userIdentity") or {}
    return Cause(
        detail["eventName"],
        detail["eventSource"],
        identity.get("arn") or identity.get("invokedBy") or identity.get("principalId", ""),
        detail.get("sourceIPAddress", ""),
        detail.get("userAgent", ""),
        event.time.isoformat(timespec="milliseconds"),
        detail.get("requestID", ""),
        detail.get("eventID", ""),
        event.seq,
    )


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield changes.flat(str(key))
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
