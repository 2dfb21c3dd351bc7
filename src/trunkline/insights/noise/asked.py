"""What `trunkline alarms` asks for: an alarm, what to change of it, over which time, against which incidents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trunkline.aws.alarms import TREATMENTS
from trunkline.aws.errors import AwsError

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True)
class Asked:
    """Times are epoch milliseconds; what is None stays as the alarm has it."""

    name: str
    start_ms: int
    end_ms: int
    threshold: float | None = None
    needed: int | None = None
    periods: int | None = None
    period_s: int | None = None
    treat_missing: str | None = None
    incidents: tuple[tuple[int, int], ...] = ()
    incident_minutes: float = 5.0
    """The alarm's own ALARM states of at least this length were incidents, if none are given."""


def asked(query: Mapping[str, str], now: datetime) -> Asked:
    """Read the page's parameters; ValidationException when one makes no sense."""
    name = query.get("name", "")
    if not name:
        raise _invalid("name the alarm")
    end_ms = _ms(moment(query["until"], now) if query.get("until") else now)
    since = moment(query.get("since") or "7d", now)
    if _ms(since) >= end_ms:
        raise _invalid("--since must be earlier than --until")
    needed, periods = _datapoints(query.get("datapoints", ""))
    treat = query.get("treat_missing") or None
    if treat is not None and treat not in TREATMENTS:
        raise _invalid(f"missing data are treated as one of {', '.join(TREATMENTS)}")
    return Asked(
        name,
        _ms(since) // 60_000 * 60_000,
        end_ms // 60_000 * 60_000,
        _number(query, "threshold"),
        needed,
        periods,
        _period(query),
        treat,
        tuple(_incident(part, now) for part in query.get("incidents", "").split(",") if part),
        _number(query, "incident_minutes") or 5.0,
    )


def moment(text: str, now: datetime) -> datetime:
    """A time (2026-11-22T10:00, UTC unless it says otherwise) or how long ago (90m, 6h, 14d, 2w)."""
    length = _LENGTH.fullmatch(text)
    try:
        if length:
            return now - timedelta(seconds=float(length[1]) * _SECONDS[length[2]])
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _invalid(f"{text} is neither a time (2026-11-22T10:00) nor how long ago (90m, 6h, 14d)") from None


def _incident(text: str, now: datetime) -> tuple[int, int]:
    start, slash, end = text.partition("/")
    if not slash:
        raise _invalid(f"{text} is no incident: give START/END")
    found = _ms(moment(start, now)), _ms(moment(end, now) if end else now)
    if found[0] >= found[1]:
        raise _invalid(f"the incident {text} ends before it starts")
    return found


def _datapoints(text: str) -> tuple[int | None, int | None]:
    if not text:
        return None, None
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise _invalid(f"{text} is not M/N, such as 2/3")
    return int(match[1]), int(match[2])


def _period(query: Mapping[str, str]) -> int | None:
    found = _number(query, "period")
    if found is None:
        return None
    if found not in (10, 20, 30) and (found < 60 or found % 60):
        raise _invalid("a period is 10, 20, 30 or a multiple of 60 seconds")
    return int(found)


def _number(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name, "")
    try:
        found = float(text) if text else None
    except ValueError:
        raise _invalid(f"{text} is no number for {name}") from None
    if found is not None and not abs(found) < 1e300:
        raise _invalid(f"{text} is no number for {name}")
    return found


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message, status=400)
