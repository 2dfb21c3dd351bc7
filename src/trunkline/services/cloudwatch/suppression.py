"""Keep a composite alarm's actions back while its suppressor is in ALARM, and a while before and after.

When the composite changes its state and the suppressor is not in ALARM, a WaitPeriod begins in which the suppressor may
still go there; when the suppressor leaves ALARM, an ExtensionPeriod in which the composite may still recover. When
neither is left, the actions of the composite's present state are taken.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

from __future__ import annotations

from trunkline.aws.alarms import ALARM
from trunkline.core.db import Reader, Tx
from trunkline.core.ledger import Ledger
from trunkline.services.cloudwatch import events
from trunkline.services.cloudwatch.model import CompositeAlarm
from trunkline.services.cloudwatch.rule import name_of
from trunkline.services.cloudwatch.store import COMPOSITES, any_alarm

WAIT, EXTENSION, SUPPRESSOR = "WaitPeriod", "ExtensionPeriod", "Alarm"


def suppress(reader: Reader, composite: CompositeAlarm, now_ms: int) -> None:
    """The composite has just changed its state: whether its actions are kept back, and until when."""
    composite.suppressed_by, composite.suppressed_until_ms = None, None
    if composite.suppressor is None:
        return
    if _suppressor_in_alarm(reader, composite):
        composite.suppressed_by = SUPPRESSOR
    elif composite.wait_s:
        composite.suppressed_by, composite.suppressed_until_ms = WAIT, now_ms + composite.wait_s * 1000


def look_again(tx: Tx, ledger: Ledger, seen: CompositeAlarm, now_ms: int) -> None:
    """The suppressor may have changed its state, or a period be over. May be repeated."""
    composite = COMPOSITES.get(tx, seen.account, seen.region, seen.name)
    if composite is None or composite.suppressed_by is None:
        return
    by: str | None = composite.suppressed_by
    until_ms = composite.suppressed_until_ms
    if composite.suppressor is None:
        by, until_ms = None, None
    elif _suppressor_in_alarm(tx, composite):
        by, until_ms = SUPPRESSOR, None
    elif by == SUPPRESSOR and composite.extension_s:
        by, until_ms = EXTENSION, now_ms + composite.extension_s * 1000
    elif by == SUPPRESSOR or (until_ms is not None and until_ms <= now_ms):
        by, until_ms = None, None
    if by == composite.suppressed_by:
        return
    previous = events.State.of(composite)
    composite.suppressed_by, composite.suppressed_until_ms, composite.updated_ms = by, until_ms, now_ms
    COMPOSITES.put(tx, composite)
    ledger.append(tx, events.state_change(composite, previous))


def _suppressor_in_alarm(reader: Reader, composite: CompositeAlarm) -> bool:
    found = any_alarm(reader, composite.account, composite.region, name_of(composite.suppressor or ""))
    return found is not None and found.state == ALARM
