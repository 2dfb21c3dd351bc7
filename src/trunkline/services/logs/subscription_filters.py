"""Which events of a batch a subscription filter selects, and the message that AWS makes of them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.aws.service import Doc
from trunkline.core import ids
from trunkline.services.logs.model import LogGroup, SubscriptionFilter
from trunkline.services.logs.pattern import compile_pattern
from trunkline.services.logs.pattern.delimited import Delimited


@dataclass(frozen=True)
class Selection:
    """The events of one stream that one filter selects."""

    group: LogGroup
    stream: str
    filter: str
    events: Sequence[Doc]

    def message(self) -> Doc:
        return {
            "messageType": "DATA_MESSAGE",
            "owner": self.group.account,
            "logGroup": self.group.name,
            "logStream": self.stream,
            "subscriptionFilters": [self.filter],
            "logEvents": list(self.events),
        }

    def halves(self) -> tuple[Selection, Selection]:
        middle = len(self.events) // 2
        return replace(self, events=self.events[:middle]), replace(self, events=self.events[middle:])


def select(
    group: LogGroup, stream: str, one: SubscriptionFilter, times_ms: Sequence[int], messages: Sequence[str]
) -> Selection | None:
    """What the filter selects of a batch; None when that is nothing."""
    pattern = compile_pattern(one.pattern)
    named = isinstance(pattern, Delimited)
    events: list[Doc] = []
    for time_ms, message in zip(times_ms, messages, strict=True):
        if pattern.matches(message):
            event = {"id": f"{time_ms:020d}{ids.hex_id(36)}"[:56], "timestamp": time_ms, "message": message}
            if named:
                event["extractedFields"] = {name[1:]: value for name, value in pattern.extract(message).items()}
            events.append(event)
    return Selection(group, stream, one.name, events) if events else None
