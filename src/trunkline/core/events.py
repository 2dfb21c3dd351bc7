"""An event in EventBridge's shape: what happened, to what, when."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from trunkline.core import ids


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `seq` is its place in the ledger, 0 until it stands there."""

    source: str
    detail_type: str
    detail: dict[str, Any]
    account: str
    region: str
    resources: tuple[str, ...] = ()
    id: str = field(default_factory=ids.event_id)
    time: datetime = field(default_factory=_now)
    seq: int = 0

    def to_eventbridge(self) -> dict[str, Any]:
        """The JSON document that rules match and targets receive."""
        return {
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time.isoformat()[:19] + "Z",
            "region": self.region,
            "resources": list(self.resources),
            "detail": self.detail,
        }
