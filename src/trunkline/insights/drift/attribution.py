"""Which call caused a difference: the latest one after the stack last touched the resource that means the resource and
can have changed that property. Told from the audit record alone.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.aws.audit import DETAIL_TYPE
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.insights.drift import changes
from trunkline.insights.drift.naming import Names, means, texts

Doc = dict[str, Any]
_PAGE = 2000
_SOURCES = {
    "ApplicationAutoScaling": "application-autoscaling",
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
class _Call:
    """One audit event, taken apart once."""

    event: Event
    operation: str
    members: list[tuple[str, str]]
    keys: set[str]


class Record:
    """The calls that may have changed resources, since an instant."""

    def __init__(self, ledger: Ledger, account: str, region: str) -> None:
        self._ledger = ledger
        self._account = account
        self._region = region
        self._calls: dict[str, tuple[int, list[_Call]]] = {}

    def cause(
        self, names: Names, since: float, path: str, expected: str | None = None, actual: str | None = None
    ) -> Cause | None:
        """Of a difference at `path`."""
        at = changes.place(names.type, path, expected, actual)
        best: tuple[float, int, int] = (0.0, 0, 0)
        found: _Call | None = None
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
        found: _Call | None = None
        for call, closeness in self._about(names, since):
            if changes.removes(call.operation) and closeness >= _OWN:
                rank = (closeness, changes.noun(names.type) in changes.flat(call.operation), call.event.seq)
                if rank > best:
                    best, found = rank, call
        return cause_of(found.event) if found else None

    def creator(self, names: Names) -> Cause | None:
        """Of a resource that is there."""
        makers = [
            call
            for call, closeness in self._about(names, 0.0)
            if closeness >= _OWN and changes.split(call.operation)[0] in _MAKING
        ]
        own = [call for call in makers if changes.noun(names.type) in changes.flat(call.operation)] or makers
        return cause_of(own[-1].event) if own else None

    def _about(self, names: Names, since: float) -> Iterator[tuple[_Call, int]]:
        """Calls that mean the resource, oldest first, with how closely."""
        for call in self._of(names.type, since):
            if any(means(text, name) for name in names.own for _, text in call.members):
                parts = sum(any(means(text, part) for _, text in call.members) for part in names.parts)
                yield call, _OWN + parts
            elif related := sum(any(text == name for _, text in call.members) for name in names.related):
                yield call, min(related, _OWN - 1)

    def _of(self, type: str, since: float) -> Iterator[_Call]:
        """The successful calls to a type's service since an instant."""
        source = service_source(type)
        first = self._ledger.before(since) if since else 0
        known = self._calls.get(source)
        if known is None or known[0] > first:
            known = self._calls[source] = first, list(self._read(source, first))
        return (call for call in known[1] if call.event.seq > first)

    def _read(self, source: str, after: int) -> Iterator[_Call]:
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


def taken_apart(event: Event) -> _Call:
    """An audit event with what it names."""
    request = event.detail.get("requestParameters") or {}
    members = [*texts(request), *texts(event.detail.get("responseElements") or {})]
    return _Call(event, event.detail["eventName"], members, set(_keys(request)))


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
