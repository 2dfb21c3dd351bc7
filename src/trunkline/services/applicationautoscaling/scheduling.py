"""When a scheduled action happens: at(…), rate(…) and cron(…), in its time zone. Pure."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trunkline.aws import schedules
from trunkline.services.applicationautoscaling.model import Scheduled, validation

_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")


def check(schedule: str, timezone: str) -> None:
    """Refuse what cannot be."""
    _zone(timezone)
    if _AT.fullmatch(schedule):
        _at(schedule, timezone)
        return
    try:
        schedules.parse(schedule)
    except schedules.ScheduleError:
        raise validation(f"Schedule expression {schedule} is not valid: use at(…), rate(…) or cron(…).") from None


def next_at(action: Scheduled) -> float | None:
    """The epoch of the next occurrence behind the last; None when there is none any more."""
    if _AT.fullmatch(action.schedule):
        at = _at(action.schedule, action.timezone)
        return None if action.last >= at else at
    schedule = schedules.parse(action.schedule)
    anchor = action.starts or action.created
    after = max(action.last, anchor if isinstance(schedule, schedules.Rate) else anchor - 1)
    if isinstance(schedule, schedules.Rate):
        found = anchor if action.starts and action.last < anchor else schedule.next_after(after, anchor)
    else:
        found = _in_zone(schedule, after, action.timezone)
    return None if found is None or (action.ends and found > action.ends) else found


def _at(schedule: str, timezone: str) -> float:
    match = _AT.fullmatch(schedule)
    try:
        moment = datetime.fromisoformat(match[1] if match else "")
    except ValueError:
        raise validation(f"Schedule expression {schedule} is not valid.") from None
    return moment.replace(tzinfo=_zone(timezone)).timestamp()


def _in_zone(schedule: schedules.Cron, after: float, timezone: str) -> float | None:
    """A cron expression names the wall clock of its zone: reckoned as if that were UTC, and turned back."""
    zone = _zone(timezone)
    wall = datetime.fromtimestamp(after, zone).replace(tzinfo=UTC).timestamp()
    found = schedule.next_after(wall, wall)
    if found is None:
        return None
    return datetime.fromtimestamp(found, UTC).replace(tzinfo=zone).timestamp()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise validation(f"Timezone {name} is not known.") from None
