"""Insights as AWS tells them."""

from __future__ import annotations

from trunkline.aws.service import Doc
from trunkline.services.xray.model import Impact, Insight, InsightEvent
from trunkline.services.xray.segments.nodes import Node
from trunkline.services.xray.summaries.causes import service_id
from trunkline.services.xray.summaries.summary import moment


def insight(one: Insight) -> Doc:
    last = one.events[-1]
    return {
        "InsightId": one.id,
        "GroupARN": one.group_arn,
        "GroupName": one.group,
        "RootCauseServiceId": service_id(Node(*one.root_cause)),
        "Categories": ["FAULT"],
        "State": "ACTIVE" if one.active else "CLOSED",
        "StartTime": moment(one.start),
        "EndTime": None if one.active else moment(one.end),
        "Summary": last.summary,
        **_impacts(last),
    }


def summary(one: Insight) -> Doc:
    return {**insight(one), "LastUpdateTime": moment(one.events[-1].time)}


def event(one: InsightEvent) -> Doc:
    return {"Summary": one.summary, "EventTime": moment(one.time), **_impacts(one)}


def notification(one: Insight) -> Doc:
    """The detail of an event for EventBridge: the insight, its times as whole seconds."""
    told: Doc = {key: value for key, value in summary(one).items() if value is not None}
    for key in ("StartTime", "EndTime", "LastUpdateTime"):
        if key in told:
            told[key] = int(told[key].timestamp())
    return told


def _impacts(event: InsightEvent) -> Doc:
    return {
        "ClientRequestImpactStatistics": _impact(event.client),
        "RootCauseServiceRequestImpactStatistics": _impact(event.root_cause),
        "TopAnomalousServices": [{"ServiceId": service_id(Node(*node))} for node in event.anomalous],
    }


def _impact(impact: Impact) -> Doc:
    return {"FaultCount": impact.faults, "OkCount": impact.total - impact.faults, "TotalCount": impact.total}
