"""A fitted model, and the band it gives: plain arithmetic, no libraries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

_HOUR_S, _DAY_S = 3600, 86_400
FEWEST_POINTS = 12
"""From fewer nothing can be learnt."""


class Band(NamedTuple):
    """What is normal at one time."""

    time_ms: int
    low: float
    high: float


@dataclass
class Model:
    """Expected is level + season + shape. Seasons and shapes are those of local time in `zone`.

    A value stands for the period of `period_s` that starts at its time. `season`: one value for each `season_step_s` of
    a day or a week, from 1970-01-01T00:00 on; empty when none was seen.
    `shape`: what each slot of a day adds to that. `spread`: a standard deviation, for each hour of the day or for all.
    """

    levels: list[float]
    spread: list[float]
    period_s: int = 300
    levels_start_s: int = 0
    levels_step_s: int = _DAY_S
    season: list[float] = field(default_factory=list)
    season_step_s: int = _HOUR_S
    shape: list[float] = field(default_factory=list)
    zone: str = ""

    def expected(self, time_s: int) -> float:
        local_s = time_s + self._offset_s(time_s)
        found = self._level(time_s + self.period_s / 2)
        if self.season:
            found += _cyclic(self.season, (local_s + self.period_s / 2) / self.season_step_s - 0.5)
        if self.shape:
            found += self.shape[local_s % _DAY_S * len(self.shape) // _DAY_S]
        return found

    def deviation(self, time_s: int) -> float:
        local_s = time_s + self._offset_s(time_s)
        return self.spread[local_s % _DAY_S * len(self.spread) // _DAY_S]

    def band(self, times_ms: Iterable[int], width: float) -> list[Band]:
        """`width` standard deviations to either side of what is expected."""
        found = []
        for at in times_ms:
            middle, reach = self.expected(at // 1000), width * self.deviation(at // 1000)
            found.append(Band(at, middle - reach, middle + reach))
        return found

    def _level(self, time_s: float) -> float:
        """Along the line between two known levels; before the first and after the last as there."""
        place = (time_s - self.levels_start_s) / self.levels_step_s
        if place <= 0 or len(self.levels) == 1:
            return self.levels[0]
        if place >= len(self.levels) - 1:
            return self.levels[-1]
        low = int(place)
        return self.levels[low] + (place - low) * (self.levels[low + 1] - self.levels[low])

    def _offset_s(self, time_s: int) -> int:
        return offset_s(self.zone, time_s) if self.zone else 0


def _cyclic(values: list[float], place: float) -> float:
    low = int(place // 1)
    first, second = values[low % len(values)], values[(low + 1) % len(values)]
    return first + (place - low) * (second - first)


_offsets: dict[str, tuple[list[int], list[int]]] = {}


def offset_s(zone: str, time_s: int) -> int:
    """How far local time is ahead of UTC, looked up once for each hour."""
    hours, offsets = _offsets.setdefault(zone, ([], []))
    hour = time_s - time_s % _HOUR_S
    at = bisect_right(hours, hour)
    if not at or hours[at - 1] != hour:
        local = datetime.fromtimestamp(hour, ZoneInfo(zone)).utcoffset()
        hours.insert(at, hour)
        offsets.insert(at, int(local.total_seconds()) if local is not None else 0)
        at += 1
    return offsets[at - 1]
