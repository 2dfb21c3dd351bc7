"""How a segment or subsegment ended: its flags, and what HTTP's status says where it set none."""

from __future__ import annotations

from typing import NamedTuple

from trunkline.aws.service import Doc


class Outcome(NamedTuple):
    error: bool
    fault: bool
    throttle: bool

    @property
    def ok(self) -> bool:
        return not (self.error or self.fault or self.throttle)


def outcome(entity: Doc) -> Outcome:
    """A throttled request is an error too, as AWS counts it."""
    status = http_status(entity) or 0
    throttle = entity.get("throttle") is True or status == 429
    error = entity.get("error") is True or throttle or 400 <= status < 500
    return Outcome(error, entity.get("fault") is True or 500 <= status < 600, throttle)


def http_status(entity: Doc) -> int | None:
    status = ((entity.get("http") or {}).get("response") or {}).get("status")
    return status if isinstance(status, int) and not isinstance(status, bool) else None


def is_open(entity: Doc) -> bool:
    """Still in progress."""
    return entity.get("in_progress") is True or entity.get("end_time") is None


def ended(entity: Doc) -> float:
    """When it ended; while in progress, when it began. Never before it began, whatever clocks say."""
    start = float(entity["start_time"])
    return start if is_open(entity) else max(start, float(entity["end_time"]))
