"""When alarm mute rules mute: cron(Minutes Hours Day-of-month Month Day-of-week) or at(yyyy-MM-ddThh:mm), for a while.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DURATION = re.compile(r"P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=15)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, ("", *_MONTHS)),
    ("day of week", 0, 7, _DAYS),
)


class ScheduleError(ValueError):
    """There is no such schedule; the message says why."""


@dataclass(frozen=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Both kinds of day are restricted: one of them suffices, as cron has it."""

    def on(self, day: datetime) -> bool:
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_month or by_week if self.either else by_month and by_week)


@dataclass(frozen=True)
class Schedule:
    """`starts`: the one start, in local time, or the cron expression that gives them."""

    starts: datetime | Cron
    duration: timedelta
    zone: ZoneInfo

    @property
    def recurs(self) -> bool:
        return isinstance(self.starts, Cron)

    def window_end(self, now: datetime) -> datetime | None:
        """When the window that is open now ends; None when none is open."""
        for start in self._starts_before(now):
            end = start + self.duration
            return end if end > now else None
        return None

    def over(self, now: datetime) -> bool:
        """Whether no window is open or will be."""
        return isinstance(self.starts, datetime) and self._utc(self.starts) + self.duration <= now

    def _utc(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def _starts_before(self, now: datetime) -> Iterator[datetime]:
        """The starts that are not in the future nor longer ago than a window is long, the latest first."""
        if isinstance(self.starts, datetime):
            if self._utc(self.starts) <= now:
                yield self._utc(self.starts)
            return
        local = now.astimezone(self.zone).replace(tzinfo=None)
        for back in range(self.duration.days + 2):
            day = (local - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)
            if self.starts.on(day):
                for hour in reversed(self.starts.hours):
                    for minute in reversed(self.starts.minutes):
                        start = self._utc(day.replace(hour=hour, minute=minute))
                        if start <= now:
                            yield start


@lru_cache(maxsize=1000)
def parse(expression: str, duration: str, timezone: str) -> Schedule:
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleError(f"{timezone} is not a time zone") from None
    kind, _, inside = expression.partition("(")
    if not inside.endswith(")") or kind not in ("cron", "at"):
        raise ScheduleError(f"{expression} is neither cron(...) nor at(yyyy-MM-ddThh:mm)")
    return Schedule(_cron(inside[:-1]) if kind == "cron" else _at(inside[:-1]), _duration(duration), zone)


def _at(text: str) -> datetime:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text):
        raise ScheduleError(f"at({text}) is not of the form at(yyyy-MM-ddThh:mm)")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ScheduleError(f"at({text}) is no date and time") from None


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ScheduleError(f"{text} is not a duration of ISO 8601, such as PT4H")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        found = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        found = timedelta.max
    if not _SHORTEST <= found <= _LONGEST:
        raise ScheduleError(f"a duration is at least 1 minute (PT1M) and at most 15 days (P15D): {text} is not")
    return found


def _cron(text: str) -> Cron:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"cron({text}) does not have five fields")
    minutes, hours, days, months, weekdays = (_field(field, *of) for field, of in zip(fields, _FIELDS, strict=True))
    return Cron(
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        frozenset(days),
        frozenset(months),
        frozenset(day % 7 for day in weekdays),
        fields[2] != "*" and fields[4] != "*",
    )


def _field(text: str, name: str, least: int, most: int, names: Sequence[str]) -> set[int]:
    """The numbers of one field: *, values and ranges, with commas between them."""
    found: set[int] = set()
    for part in text.split(","):
        if part == "*":
            found.update(range(least, most + 1))
            continue
        first, dash, last = part.partition("-")
        low = _number(first, names)
        high = _number(last, names) if dash else low
        if low is None or high is None or not least <= low <= high <= most:
            raise ScheduleError(f"{part} is no {name}")
        found.update(range(low, high + 1))
    return found


def _number(text: str, names: Sequence[str]) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text)
    return names.index(text.upper()) if text and text.upper() in names else None
