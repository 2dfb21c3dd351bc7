"""A service level objective, and the times over which it is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trunkline.aws import arn
from trunkline.services.applicationsignals.excluding import Exclusion

Doc = dict[str, Any]

PERIODS, REQUESTS = "PeriodBased", "RequestBased"
DEFAULT_INTERVAL: Doc = {"RollingInterval": {"DurationUnit": "DAY", "Duration": 7}}
DEFAULT_GOAL, DEFAULT_WARNING = 99.0, 50.0
_UNITS = {"MINUTE": timedelta(minutes=1), "HOUR": timedelta(hours=1), "DAY": timedelta(days=1)}


@dataclass
class Objective:
    """`metric` is SliMetric or RequestBasedSliMetric as they are shown. Times are epoch milliseconds."""

    account: str
    region: str
    name: str
    description: str
    kind: str
    metric: Doc
    threshold: float | None
    comparison: str | None
    interval: Doc
    goal_pct: float
    warning_pct: float
    burn_windows_min: list[int]
    created_ms: int
    updated_ms: int
    exclusions: list[Exclusion] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return objective_arn(self.account, self.region, self.name)

    @property
    def of_service(self) -> bool:
        return "KeyAttributes" in self.metric


def objective_arn(account: str, region: str, name: str) -> str:
    return arn.arn("application-signals", region, account, f"slo/{name}")


def interval_at(interval: Doc, now: datetime) -> tuple[datetime, datetime]:
    """From when to when the interval that holds at a time goes; a rolling one ends now."""
    if "RollingInterval" in interval:
        rolling = interval["RollingInterval"]
        return _later(now, rolling["DurationUnit"], -rolling["Duration"]), now
    calendar = interval["CalendarInterval"]
    unit, count = calendar["DurationUnit"], calendar["Duration"]
    first = datetime.fromtimestamp(calendar["StartTime"], UTC)
    # Near enough by division, then to the exact one: months have different lengths.
    about = _UNITS.get(unit, timedelta(days=31)) * count
    number = max(0, (now - first) // about)
    while _later(first, unit, (number + 1) * count) <= now:
        number += 1
    return _later(first, unit, number * count), _later(first, unit, (number + 1) * count)


def _later(moment: datetime, unit: str, count: int) -> datetime:
    if unit != "MONTH":
        return moment + _UNITS[unit] * count
    months = moment.year * 12 + moment.month - 1 + count
    year, month = divmod(months, 12)
    following = datetime(year + (month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=UTC)
    last_day = (following - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))
