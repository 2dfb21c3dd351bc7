"""What CloudWatch tells EventBridge, and the message its alarm actions send to SNS.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from trunkline.core.events import Event
from trunkline.services.cloudwatch.model import AnyAlarm, CompositeAlarm, MetricAlarm
from trunkline.services.cloudwatch.reasons import stamp
from trunkline.services.cloudwatch.statistics import parse

SOURCE = "aws.cloudwatch"
STATE_CHANGE = "CloudWatch Alarm State Change"
CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change"

_REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "sa-east-1": "South America (Sao Paulo)",
}


@dataclass(frozen=True, slots=True)
class State:
    value: str
    reason: str
    data: str | None
    time_ms: int
    suppressed_by: str | None = None

    @classmethod
    def of(cls, alarm: AnyAlarm) -> State:
        by = alarm.suppressed_by if isinstance(alarm, CompositeAlarm) else None
        return cls(alarm.state, alarm.reason, alarm.reason_data, alarm.updated_ms, by)

    def shown(self) -> dict[str, str]:
        shown = {"value": self.value, "reason": self.reason, "timestamp": stamp(self.time_ms)}
        if self.data is not None:
            shown["reasonData"] = self.data
        if self.suppressed_by is not None:
            shown["actionsSuppressedBy"] = self.suppressed_by
            shown["actionsSuppressedReason"] = suppressed_reason(self.suppressed_by)
        return shown


def suppressed_reason(by: str) -> str:
    return f"Actions suppressed by {by}"


def state_change(alarm: AnyAlarm, previous: State) -> Event:
    """`alarm` already has its new state."""
    configuration: dict[str, Any]
    configuration = {"metrics": _metrics(alarm)} if isinstance(alarm, MetricAlarm) else _rule(alarm)
    if alarm.description is not None:
        configuration["description"] = alarm.description
    return _event(
        alarm,
        STATE_CHANGE,
        {
            "alarmName": alarm.name,
            "state": State.of(alarm).shown(),
            "previousState": previous.shown(),
            "configuration": configuration,
        },
        alarm.updated_ms,
    )


def configuration_change(alarm: AnyAlarm, action: str, now_ms: int, previous: AnyAlarm | None = None) -> Event:
    detail: dict[str, Any] = {
        "alarmName": alarm.name,
        "operation": action,
        "state": State.of(alarm).shown(),
        "configuration": _configuration(alarm),
    }
    if previous is not None:
        detail["previousConfiguration"] = _configuration(previous)
    return _event(alarm, CONFIGURATION_CHANGE, detail, now_ms)


def _event(alarm: AnyAlarm, kind: str, detail: dict[str, Any], time_ms: int) -> Event:
    time = datetime.fromtimestamp(time_ms / 1000, UTC)
    return Event(SOURCE, kind, detail, alarm.account, alarm.region, (alarm.arn,), time=time)


def _metrics(alarm: MetricAlarm) -> list[dict[str, Any]]:
    if alarm.computed:
        return [_query(query) for query in alarm.queries]
    stat: dict[str, Any] = {
        "metric": {"namespace": alarm.namespace, "name": alarm.metric, "dimensions": dict(alarm.dimensions)},
        "period": alarm.period_s,
        "stat": alarm.statistic,
    }
    if alarm.unit is not None:
        stat["unit"] = alarm.unit
    # AWS makes up an id for an alarm that was not put in the Metrics form; it stays the same for the alarm.
    query_id = alarm.query_id or str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.arn))
    return [{"id": query_id, "metricStat": stat, "returnData": True}]


def _query(query: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"]}
    for name in ("Expression", "Label", "Period"):
        if name in query:
            shown[name.lower()] = query[name]
    if "MetricStat" in query:
        stat = query["MetricStat"]
        named = stat["Metric"]
        dimensions = {one["Name"]: one["Value"] for one in named.get("Dimensions", ())}
        shown["metricStat"] = {
            "metric": {"namespace": named["Namespace"], "name": named["MetricName"], "dimensions": dimensions},
            "period": stat["Period"],
            "stat": stat["Stat"],
            **({"unit": stat["Unit"]} if "Unit" in stat else {}),
        }
    return {**shown, "returnData": query.get("ReturnData", True)}


def _configuration(alarm: AnyAlarm) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "alarmName": alarm.name,
        "description": alarm.description,
        "actionsEnabled": alarm.actions_enabled,
        "okActions": alarm.ok_actions,
        "alarmActions": alarm.alarm_actions,
        "insufficientDataActions": alarm.insufficient_data_actions,
        "timestamp": stamp(alarm.configured_ms),
    }
    if isinstance(alarm, CompositeAlarm):
        return {key: value for key, value in {**shown, **_rule(alarm)}.items() if value is not None}
    banded = alarm.threshold_query_id is not None
    shown |= {
        "evaluationPeriods": alarm.evaluation_periods,
        "datapointsToAlarm": alarm.datapoints_to_alarm,
        **({"thresholdMetricId": alarm.threshold_query_id} if banded else {"threshold": alarm.threshold}),
        "comparisonOperator": alarm.comparison,
        "treatMissingData": alarm.treat_missing,
        "metrics": _metrics(alarm),
    }
    return {key: value for key, value in shown.items() if value is not None}


def _rule(alarm: CompositeAlarm) -> dict[str, Any]:
    shown: dict[str, Any] = {"alarmRule": alarm.rule}
    if alarm.suppressor is not None:
        shown |= {
            "actionsSuppressor": alarm.suppressor,
            "actionsSuppressorWaitPeriod": alarm.wait_s,
            "actionsSuppressorExtensionPeriod": alarm.extension_s,
        }
    return shown


def notification(alarm: AnyAlarm, state: dict[str, str], previous: dict[str, str]) -> dict[str, Any]:
    """The JSON message that SNS subscribers receive."""
    shown = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": alarm.account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configured_ms),
        "NewStateValue": state["value"],
        "NewStateReason": state["reason"],
        "StateChangeTime": state["timestamp"],
        "Region": _REGIONS.get(alarm.region, alarm.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": previous["value"],
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if isinstance(alarm, CompositeAlarm):
        data = orjson.loads(state.get("reasonData") or "{}")
        children = [
            {
                "Arn": one["arn"],
                "State": {"Value": one["state"]["value"], "Timestamp": one["state"]["timestamp"]},
            }
            for one in data.get("triggeringAlarms", ())
        ]
        return {**shown, "AlarmRule": alarm.rule, "TriggeringChildren": children}
    return {**shown, "Trigger": _trigger(alarm)}


def _trigger(alarm: MetricAlarm) -> dict[str, Any]:
    watched = {
        "Period": alarm.period_s,
        "EvaluationPeriods": alarm.evaluation_periods,
        **({"DatapointsToAlarm": alarm.datapoints_to_alarm} if alarm.datapoints_to_alarm is not None else {}),
        "ComparisonOperator": alarm.comparison,
        **(
            {"ThresholdMetricId": alarm.threshold_query_id}
            if alarm.threshold_query_id is not None
            else {"Threshold": alarm.threshold}
        ),
        "TreatMissingData": alarm.treat_missing or "",
        "EvaluateLowSampleCountPercentile": alarm.low_sample or "",
    }
    if alarm.computed:
        return {**watched, "Metrics": [_told(query) for query in alarm.queries]}
    extended = parse(alarm.statistic).values
    return {
        "MetricName": alarm.metric,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        **({"ExtendedStatistic": alarm.statistic} if extended else {"Statistic": _STATISTICS[alarm.statistic]}),
        "Unit": alarm.unit,
        "Dimensions": [{"value": value, "name": name} for name, value in alarm.dimensions],
        **watched,
    }


def _told(query: dict[str, Any]) -> dict[str, Any]:
    """A query as the notification holds it: dimensions written in its own way."""
    shown = {**query, "ReturnData": query.get("ReturnData", True)}
    if "MetricStat" in query:
        named = query["MetricStat"]["Metric"]
        dimensions = [{"value": one["Value"], "name": one["Name"]} for one in named.get("Dimensions", ())]
        shown["MetricStat"] = {**query["MetricStat"], "Metric": {**named, "Dimensions": dimensions}}
    return shown


_STATISTICS = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


def subject(alarm: AnyAlarm, state: str) -> str:
    text = f'{state}: "{alarm.name}" in {_REGIONS.get(alarm.region, alarm.region)}'
    return text if len(text) <= 100 else text[:97] + "..."
