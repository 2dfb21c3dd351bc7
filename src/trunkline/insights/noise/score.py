"""What firings were worth: which incidents they caught, which they missed, and who was paged for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trunkline.insights.noise.firing import Firing, flaps
from trunkline.insights.noise.incidents import Deployed, Incident

Doc = dict[str, Any]
_EARLY_MS = 30 * 60_000


@dataclass(frozen=True)
class Score:
    firings: list[Firing]
    incidents: list[Incident]
    caught_by: dict[Incident, Firing]

    @classmethod
    def of(cls, firings: list[Firing], incidents: list[Incident]) -> Score:
        """An incident is caught by the first firing in it, which may have begun a little before, but not long before:
        what rings all the time tells nobody anything."""
        caught: dict[Incident, Firing] = {}
        for incident in incidents:
            for firing in firings:
                if _meet(firing, incident) and firing.start_ms >= incident.start_ms - _EARLY_MS:
                    caught[incident] = firing
                    break
        return cls(firings, incidents, caught)

    @property
    def missed(self) -> list[Incident]:
        return [one for one in self.incidents if one not in self.caught_by]

    @property
    def false_pages(self) -> int:
        return sum(not self._during(one) for one in self.firings)

    @property
    def delay_s(self) -> float:
        """From an incident's start to its page, on average."""
        delays = [max(0, firing.start_ms - one.start_ms) / 1000 for one, firing in self.caught_by.items()]
        return sum(delays) / len(delays) if delays else 0.0

    @property
    def idle_hours(self) -> float:
        """In ALARM although there was no incident."""
        rang = sum(one.end_ms - one.start_ms for one in self.firings)
        needed = sum(
            max(0, min(firing.end_ms, one.end_ms) - max(firing.start_ms, one.start_ms))
            for firing in self.firings
            for one in self.incidents
        )
        return max(0, rang - needed) / 3_600_000

    @property
    def brief(self) -> Doc:
        return {
            "pages": len(self.firings),
            "false_pages": self.false_pages,
            "flaps": flaps(self.firings),
            "alarm_minutes": round(sum(one.end_ms - one.start_ms for one in self.firings) / 60_000, 1),
            "incidents": len(self.incidents),
            "caught": len(self.caught_by),
            "missed": len(self.missed),
            "mean_delay_s": round(self.delay_s, 1),
        }

    def told(self, deployments: list[Deployed]) -> Doc:
        """All of it."""
        return {
            **self.brief,
            "firings": [
                {**_times(one), "lasts": one.lasts, "during": [incident.what for incident in self._during(one)]}
                for one in self.firings
            ],
            "what_happened": [
                {
                    "kind": one.kind,
                    "what": one.what,
                    **_times(one),
                    "caught": one in self.caught_by,
                    "after_s": max(0, self.caught_by[one].start_ms - one.start_ms) // 1000
                    if one in self.caught_by
                    else None,
                }
                for one in self.incidents
            ],
            "deployments": [
                {
                    "id": one.id,
                    "state": one.state,
                    "commit": one.commit,
                    **_times(one),
                    "fired": any(_meet(firing, one) for firing in self.firings),
                }
                for one in deployments
            ],
        }

    def _during(self, firing: Firing) -> list[Incident]:
        return [one for one in self.incidents if _meet(firing, one)]


def _meet(firing: Firing, other: Incident | Deployed) -> bool:
    """Whether they share a moment; an alarm that fires as an incident ends was late, but fired for it."""
    return firing.start_ms <= other.end_ms and firing.end_ms > other.start_ms


def _times(of: Firing | Incident | Deployed) -> Doc:
    return {"start": iso(of.start_ms), "end": iso(of.end_ms)}


def iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
