"""Add up contributions, period by period, and tell who made the most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

METRICS = ("UniqueContributors", "MaxContributorValue", "SampleCount", "Average", "Sum", "Minimum", "Maximum")


@dataclass
class _Period:
    """What came in one period: by contributor, and one by one."""

    by_contributor: dict[tuple[str, ...], float] = field(default_factory=dict)
    count: int = 0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")


_OF: dict[str, Callable[[_Period], float]] = {
    "UniqueContributors": lambda period: float(len(period.by_contributor)),
    "MaxContributorValue": lambda period: max(period.by_contributor.values()),
    "SampleCount": lambda period: float(period.count),
    "Average": lambda period: period.total / period.count,
    "Sum": lambda period: period.total,
    "Minimum": lambda period: period.minimum,
    "Maximum": lambda period: period.maximum,
}


@dataclass
class Report:
    """Periods are whole ones since 1970."""

    period_ms: int
    periods: dict[int, _Period] = field(default_factory=dict)

    def add(self, time_ms: int, keys: tuple[str, ...], amount: float) -> None:
        at = time_ms - time_ms % self.period_ms
        period = self.periods.get(at)
        if period is None:
            period = self.periods[at] = _Period()
        period.by_contributor[keys] = period.by_contributor.get(keys, 0.0) + amount
        period.count += 1
        period.total += amount
        period.minimum = min(period.minimum, amount)
        period.maximum = max(period.maximum, amount)

    def contributors(self, order: str) -> list[tuple[tuple[str, ...], float, dict[int, float]]]:
        """Who, how much in all, and how much in each period; by the sum of it, or by the most in one period."""
        found: dict[tuple[str, ...], dict[int, float]] = {}
        for at in sorted(self.periods):
            for keys, amount in self.periods[at].by_contributor.items():
                found.setdefault(keys, {})[at] = amount
        rank = max if order == "Maximum" else sum
        ranked = sorted(found.items(), key=lambda one: (-rank(one[1].values()), one[0]))
        return [(keys, sum(points.values()), points) for keys, points in ranked]

    @property
    def total(self) -> float:
        return sum(period.total for period in self.periods.values())

    def metric(self, name: str) -> dict[int, float]:
        return {at: _OF[name](self.periods[at]) for at in sorted(self.periods)}
