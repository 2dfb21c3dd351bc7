"""Timestamps as AWS writes them: seconds since the epoch, ISO 8601 and RFC 822."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000 = 253_402_300_800


class _AnyDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class Timestamp(metaclass=_AnyDatetime):
    """Stands for datetime in msgspec types, so that `from_wire` and not msgspec reads the value: it may be a number."""


def from_wire(kind: type, value: Any) -> Any:
    """msgspec's `dec_hook`: a timestamp in whichever of its forms."""
    if kind is not Timestamp:
        raise NotImplementedError
    if type(value) in (float, int) and 0 <= value < _YEAR_10000:
        return datetime.fromtimestamp(value, UTC)
    return parse(value)


def parse(value: Any) -> datetime:
    """Read a timestamp; raises ValueError when it is none."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_epoch(value)
    if not isinstance(value, str):
        raise ValueError(f"not a timestamp: {value!r}")
    text = value.strip()
    try:
        if text[:4].isdigit() and len(text) > 4 and text[4] == "-":
            found = datetime.fromisoformat(text)
        elif text[:1].isalpha():
            found = parsedate_to_datetime(text)
        elif text[:4].isdigit() and len(text) == 8:
            found = datetime.fromisoformat(text)
        else:
            return from_epoch(float(text))
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f"not a timestamp: {value!r}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def from_epoch(seconds: float) -> datetime:
    if not math.isfinite(seconds):
        raise ValueError("not a timestamp")
    try:
        # Not fromtimestamp: that rounds half-even on the float and refuses years before 1970 on some systems.
        return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError as error:
        raise ValueError(f"out of range: {seconds!r}") from error


def epoch(value: datetime) -> int | float:
    """Seconds since the epoch, to the millisecond, as the JSON protocols write it."""
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    milliseconds = round(value.timestamp() * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    return milliseconds / 1000 if rest else seconds


def iso8601(value: datetime) -> str:
    """To the millisecond, and without a fraction when there is none."""
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    text = value.strftime("%Y-%m-%dT%H:%M:%S") if value.year >= 1000 else value.replace(tzinfo=None).isoformat()[:19]
    milliseconds = value.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def rfc822(value: datetime) -> str:
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return format_datetime(value, usegmt=True)


def written(value: datetime, form: str) -> str:
    """The text in one of the model's forms: iso8601, rfc822 or unixTimestamp."""
    if form == "rfc822":
        return rfc822(value)
    if form == "unixTimestamp":
        return str(epoch(value))
    return iso8601(value)
