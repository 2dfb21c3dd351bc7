"""What an alarm should have caught, and the deployments of the time, from the ledger.

An incident is: a deployment that users met and that failed, until service was restored; and each of the times given by
whoever asks. Where none are given, also the alarm's own ALARM states, as they were recorded, of a certain length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.insights import dora
from trunkline.insights.noise.asked import Asked

ALARM_CHANGE = "CloudWatch Alarm State Change"
_PAGE = 5000
_WEEK_S = 604_800
"""Deployments that began this long before the time asked for are still seen."""


@dataclass(frozen=True)
class Incident:
    kind: str
    """given, deployment or alarm."""
    what: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Deployed:
    id: str
    state: str
    commit: str
    start_ms: int
    end_ms: int


def read(
    ledger: Ledger, account: str, region: str, asked: Asked, now: datetime
) -> tuple[list[Incident], list[Deployed]]:
    """The incidents of the time asked for, and all deployments that ran in it."""
    after = ledger.before(asked.start_ms / 1000 - _WEEK_S)
    events = [e for e in _events(ledger, after) if (e.account, e.region) == (account, region)]
    incidents = [Incident("given", f"incident {n}", *times) for n, times in enumerate(asked.incidents, start=1)]
    deployments: list[Deployed] = []
    for one in dora.read(events):
        end = one.restored if one.failed_in_production and one.restored else one.ended or now
        shown = Deployed(one.id, one.state, one.commit, _ms(one.started), _ms(end))
        if shown.start_ms < asked.end_ms and shown.end_ms > asked.start_ms:
            deployments.append(shown)
            if one.failed_in_production:
                what = f"failed deployment {one.id}"
                incidents.append(Incident("deployment", what, shown.start_ms, shown.end_ms))
    if not asked.incidents:
        incidents += _alarmed(events, asked)
    inside = [one for one in incidents if one.start_ms < asked.end_ms and one.end_ms > asked.start_ms]
    return sorted(inside, key=lambda one: one.start_ms), deployments


def _alarmed(events: Iterable[Event], asked: Asked) -> Iterator[Incident]:
    """The alarm's own ALARM states that lasted."""
    began: int | None = None
    for event in events:
        if event.detail_type != ALARM_CHANGE or event.detail.get("alarmName") != asked.name:
            continue
        firing = event.detail["state"]["value"] == "ALARM"
        if firing and began is None:
            began = _ms(event.time)
        elif not firing and began is not None:
            if _ms(event.time) - began >= asked.incident_minutes * 60_000:
                yield Incident("alarm", "the alarm's own ALARM state", began, _ms(event.time))
            began = None
    if began is not None and asked.end_ms - began >= asked.incident_minutes * 60_000:
        yield Incident("alarm", "the alarm's own ALARM state, which lasts", began, asked.end_ms)


def _events(ledger: Ledger, after: int) -> Iterator[Event]:
    while events := ledger.read(after, detail_types=dora.KINDS, limit=_PAGE):
        yield from events
        after = events[-1].seq


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
