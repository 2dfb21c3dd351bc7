"""How a rule's reservoir is shared among the clients that use it.

A client reports every ten seconds and gets its part of the reservoir for the time until its next report: everybody who
reported lately gets as much, and what does not divide goes to the first. Without a quota a client borrows one request a
second. https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html

Kept in memory: after a restart the quotas settle within a report of each client, as when clients come and go.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from trunkline.aws.service import Doc
from trunkline.services.xray.model import SamplingRule

INTERVAL_S = 10
_LATELY_S = 3 * INTERVAL_S
_TTL_S = INTERVAL_S + 5
_WINDOW_S = 60
_WINDOWS = 60
_BOOST_S = 60
_MOST_CLIENTS = 10_000
"""Of one rule; the reservoir of a rule with more is not worth sharing out."""


@dataclass(slots=True)
class _Window:
    start: float
    requests: int = 0
    sampled: int = 0
    borrowed: int = 0


@dataclass(slots=True)
class _Use:
    """How one rule has been used lately."""

    clients: dict[str, float] = field(default_factory=dict)
    windows: deque[_Window] = field(default_factory=lambda: deque(maxlen=_WINDOWS))
    boosts: dict[str, _Boost] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Boost:
    rate: float
    until: float
    next: float
    """No other boost before."""


Key = tuple[str, str, str]


class Quotas:
    def __init__(self) -> None:
        self._uses: dict[Key, _Use] = {}

    def report(self, rule: SamplingRule, statistics: Doc, now: float) -> Doc:
        """Count what a client says it sampled; answer the target for its next interval."""
        use = self._uses.setdefault(_key(rule), _Use())
        client = statistics["ClientID"]
        use.clients = {one: at for one, at in use.clients.items() if at > now - _LATELY_S}
        if len(use.clients) < _MOST_CLIENTS:
            use.clients[client] = now
        self._count(use, statistics, now)
        return {
            "RuleName": rule.name,
            "FixedRate": rule.rule["FixedRate"],
            "ReservoirQuota": _part(rule.rule["ReservoirSize"], sorted(use.clients), client),
            "ReservoirQuotaTTL": now + _TTL_S,
            "Interval": INTERVAL_S,
        }

    def boost(self, rule: SamplingRule, statistics: Doc, now: float) -> Doc | None:
        """A higher rate for a service that has anomalies which are not sampled; None where there is none.

        High enough to have caught those that were missed, at most the rule's MaxRate, and once in the rule's cool-down
        window.
        """
        given = rule.rule["SamplingRateBoost"]
        boosts = self._uses.setdefault(_key(rule), _Use()).boosts
        service, total = statistics["ServiceName"], statistics["TotalCount"]
        missed = statistics["AnomalyCount"] - statistics["SampledAnomalyCount"]
        current = boosts.get(service)
        if missed > 0 and total > 0 and (current is None or now >= current.next):
            rate = min(given["MaxRate"], rule.rule["FixedRate"] + missed / total)
            current = _Boost(rate, now + _BOOST_S, now + 60 * given["CooldownWindowMinutes"])
            boosts[service] = current
        if current is None or now >= current.until:
            return None
        return {"BoostRate": current.rate, "BoostRateTTL": current.until}

    def summaries(self, rule: SamplingRule) -> list[Doc]:
        """What the rule sampled in each of the last minutes, the latest first."""
        use = self._uses.get(_key(rule), _Use())
        return [
            {
                "RuleName": rule.name,
                "Timestamp": window.start,
                "RequestCount": window.requests,
                "SampledCount": window.sampled,
                "BorrowCount": window.borrowed,
            }
            for window in reversed(use.windows)
        ]

    def _count(self, use: _Use, statistics: Doc, now: float) -> None:
        start = now // _WINDOW_S * _WINDOW_S
        if not use.windows or use.windows[-1].start < start:
            use.windows.append(_Window(start))
        window = use.windows[-1]
        window.requests += statistics["RequestCount"]
        window.sampled += statistics["SampledCount"]
        window.borrowed += statistics.get("BorrowCount", 0)


def _key(rule: SamplingRule) -> Key:
    return (rule.account, rule.region, rule.name)


def _part(reservoir: int, clients: list[str], client: str) -> int:
    share, rest = divmod(reservoir, max(1, len(clients)))
    return share + (client in clients[:rest])
