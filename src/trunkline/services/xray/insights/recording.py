"""An insight opened, carried on and closed, as one minute after the other is judged.

https://docs.aws.amazon.com/xray/latest/devguide/xray-console-insights.html
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from trunkline.core.db import Reader, Tx
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.engines.telemetry import Telemetry
from trunkline.services.xray import store
from trunkline.services.xray.groups import Selecting
from trunkline.services.xray.insights import described
from trunkline.services.xray.insights.baseline import HISTORY_S
from trunkline.services.xray.model import Group, Impact, Insight, InsightEvent
from trunkline.services.xray.segments.nodes import Node
from trunkline.services.xray.summaries.summary import moment

MINUTE_S = 60
CALM_S = 5 * MINUTE_S
"""How long nothing must be unusual before an insight is closed."""
_LONGEST_S = 6 * 3600
"""How far back an incident is counted, and what came before it looked at."""
_KEPT_S = 30 * 86_400
_MOST_EVENTS = 500


def judge_minute(reader: Reader, telemetry: Telemetry, group: Group, minute: float) -> Insight | None:
    """What the minute changes: a new insight, the active one carried on or closed; None when all is as it was.

    It takes a while: called in a thread.
    """
    from trunkline.services.xray.graph.asking import Asking
    from trunkline.services.xray.insights import anomalies

    active = _active(reader, group)
    start = minute if active is None else active.start
    only = Selecting(reader, group.account, group.region).of(group)
    until = minute + MINUTE_S
    since = max(start - HISTORY_S, until - _LONGEST_S)
    happened = Asking(telemetry, group.account, group.region).range(since, until, only)
    found = anomalies.judge(happened, minute, start)
    if found is None:
        calm = active is not None and until - active.end >= CALM_S
        return replace(active, active=False) if active is not None and calm else None
    root = Node(*active.root_cause) if active is not None else found.root_cause
    client = anomalies.of_clients(happened, start, until)
    impact = anomalies.of_node(happened, root, start, until)
    told = _summary(root, start, impact, found.usual_rate)
    event = InsightEvent(until, told, client, impact, [*found.services])
    if active is not None:
        return replace(active, end=until, events=[*active.events, event][-_MOST_EVENTS:])
    return Insight(
        group.account,
        group.region,
        group.name,
        str(uuid.uuid4()),
        group.arn,
        root,
        start,
        until,
        [event],
    )


def keep(tx: Tx, ledger: Ledger, group: Group, insight: Insight, now: float) -> None:
    """Store it, and tell EventBridge where the group wants it. What is older than traces are kept goes."""
    store.INSIGHTS.put(tx, insight)
    for old in store.insights(tx, group):
        if old.end < now - _KEPT_S:
            store.INSIGHTS.delete(tx, old.account, old.region, old.group, old.id)
    if group.insights.get("NotificationsEnabled"):
        detail = described.notification(insight)
        event = Event(
            "aws.xray",
            "AWS X-Ray Insight Update",
            detail,
            insight.account,
            insight.region,
            resources=(insight.group_arn,),
            time=moment(now),
        )
        ledger.append(tx, event)


def _active(reader: Reader, group: Group) -> Insight | None:
    return next((one for one in store.insights(reader, group) if one.active), None)


def _summary(node: Node, start: float, impact: Impact, usual: float) -> str:
    share = impact.faults / impact.total if impact.total else 0.0
    since = moment(start).strftime("%Y-%m-%d %H:%M")
    return (
        f"Since {since} UTC {share:.0%} of the requests to {node.name} have been faults; {usual:.1%} were usual before."
    )
