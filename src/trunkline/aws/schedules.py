"""rate(…) and cron(…): when a scheduled rule or action happens next. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

A cron expression has six fields (minutes hours day-of-month month day-of-week year) in UTC; exactly one of the two day
fields is "?". L, W and # work as documented.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_UNIT_S = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_LAST_YEAR = 2199


class ScheduleError(ValueError):
    """The expression cannot be."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds from an anchor."""

    period_s: int

    def next_after(self, epoch: float, anchor: float) -> float | None:
        """The first occurrence behind `epoch`; the first of all is one period after the anchor."""
        rounds = max(int((epoch - anchor) // self.period_s) + 1, 1)
        return anchor + rounds * self.period_s


DayTest = Callable[[datetime], bool]


@dataclass(frozen=True, slots=True)
class Cron:
    """At the minutes that all fields name."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    is_day: DayTest

    def next_after(self, epoch: float, _anchor: float) -> float | None:
        """The first minute behind `epoch` that matches; None when there is none any more."""
        moment = datetime.fromtimestamp(epoch, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        while moment.year <= max(self.years):
            if moment.year not in self.years:
                moment = datetime(moment.year + 1, 1, 1, tzinfo=UTC)
            elif moment.month not in self.months:
                moment = (moment.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
            elif not self.is_day(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hours:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self.minutes:
                moment += timedelta(minutes=1)
            else:
                return moment.timestamp()
        return None


def parse(text: str) -> Rate | Cron:
    """The schedule that an expression means."""
    rate = _RATE.fullmatch(text)
    if rate is not None:
        count, unit = int(rate[1]), rate[2]
        if count == 0 or (count == 1) == unit.endswith("s"):
            raise ScheduleError(text)
        return Rate(count * _UNIT_S[unit.removesuffix("s")])
    cron = _CRON.fullmatch(text)
    fields = cron[1].split() if cron is not None else []
    if len(fields) != 6:
        raise ScheduleError(text)
    minute, hour, day, month, weekday, year = (field.upper() for field in fields)
    if (day == "?") == (weekday == "?"):
        raise ScheduleError(text)
    is_day = _day_of_month(day) if weekday == "?" else _day_of_week(weekday)
    return Cron(
        _values(minute, 0, 59),
        _values(hour, 0, 23),
        _values(month, 1, 12, _MONTHS),
        _values(year, 1970, _LAST_YEAR),
        is_day,
    )


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = low if first in ("*", "") else _number(first, names)
        end = _number(last, names) if dash else high if (span == "*" or slash) else start
        stride = int(step) if step.isdigit() and int(step) > 0 else 0 if slash else 1
        if not stride or not low <= start <= high or not low <= end <= high or (first == "" and not slash):
            raise ScheduleError(field)
        if start > end:  # FRI-MON goes over the end of the week
            found.update(range(start, high + 1, stride), range(low, end + 1, stride))
        else:
            found.update(range(start, end + 1, stride))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdigit():
        raise ScheduleError(text)
    return int(text)


def _day_of_month(field: str) -> DayTest:
    if field == "L":
        return lambda moment: moment.day == _length(moment)
    if field == "LW":
        return lambda moment: moment.day == _nearest_workday(moment, _length(moment))
    if field.endswith("W") and field[:-1].isdigit():
        wanted = int(field[:-1])
        if not 1 <= wanted <= 31:
            raise ScheduleError(field)
        return lambda moment: wanted <= _length(moment) and moment.day == _nearest_workday(moment, wanted)
    days = _values(field, 1, 31)
    return lambda moment: moment.day in days


def _day_of_week(field: str) -> DayTest:
    if "#" in field:
        name, _, which = field.partition("#")
        wanted, nth = _number(name, _DAYS), _number(which, None)
        if not 1 <= wanted <= 7 or not 1 <= nth <= 5:
            raise ScheduleError(field)
        return lambda moment: _weekday(moment) == wanted and (moment.day - 1) // 7 + 1 == nth
    if field == "L":
        return lambda moment: _weekday(moment) == 7
    if field.endswith("L"):
        wanted = _number(field[:-1], _DAYS)
        if not 1 <= wanted <= 7:
            raise ScheduleError(field)
        return lambda moment: _weekday(moment) == wanted and moment.day + 7 > _length(moment)
    days = _values(field, 1, 7, _DAYS)
    return lambda moment: _weekday(moment) in days


def _weekday(moment: datetime) -> int:
    """1 is Sunday."""
    return moment.isoweekday() % 7 + 1


def _length(moment: datetime) -> int:
    return calendar.monthrange(moment.year, moment.month)[1]


def _nearest_workday(moment: datetime, day: int) -> int:
    """The day from Monday to Friday nearest to `day`, without leaving the month."""
    weekday = calendar.weekday(moment.year, moment.month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < _length(moment) else day - 2
    return day
