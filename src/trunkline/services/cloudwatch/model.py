"""Alarms, their history, and dashboards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trunkline.aws import arn
from trunkline.aws.alarms import ALARM, INSUFFICIENT_DATA, OK, Setting
from trunkline.engines.telemetry import Metric
from trunkline.services.cloudwatch.statistics import parse

INITIAL_REASON = "Unchecked: Initial alarm creation"
HISTORY_KEPT_MS = 30 * 86_400_000
SAMPLES_KEPT_MS = 455 * 86_400_000


@dataclass
class MetricAlarm:
    """A metric alarm's configuration and state. Times are epoch milliseconds."""

    account: str
    region: str
    name: str
    description: str | None
    actions_enabled: bool
    ok_actions: list[str]
    alarm_actions: list[str]
    insufficient_data_actions: list[str]
    namespace: str
    metric: str
    dimensions: list[tuple[str, str]]
    """As given; `identity` sorts them."""
    statistic: str
    period_s: int
    unit: str | None
    evaluation_periods: int
    datapoints_to_alarm: int | None
    threshold: float
    comparison: str
    treat_missing: str | None
    low_sample: str | None
    query_id: str | None = None
    """The id of the only entry of Metrics, when the alarm was put in that form."""
    configured_ms: int = 0
    state: str = INSUFFICIENT_DATA
    reason: str = INITIAL_REASON
    reason_data: str | None = None
    updated_ms: int = 0
    transitioned_ms: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    queries: list[dict[str, Any]] = field(default_factory=list)
    """Metrics as given. With an expression among them, `namespace`, `metric` and `statistic` are empty."""
    threshold_query_id: str | None = None
    """The id of the ANOMALY_DETECTION_BAND that stands for the threshold, which then is 0 and means nothing."""

    @property
    def arn(self) -> str:
        return alarm_arn(self.account, self.region, self.name)

    @property
    def computed(self) -> bool:
        """Whether it watches an expression."""
        return bool(self.queries) and not self.metric

    @property
    def banded(self) -> bool:
        """Whether it needs to know what is normal."""
        return any("ANOMALY_DETECTION_BAND" in query.get("Expression", "") for query in self.queries)

    @property
    def selects(self) -> bool:
        """Whether it watches a Metrics Insights query."""
        return self.computed and any(is_query(query.get("Expression", "")) for query in self.queries)

    @property
    def identity(self) -> Metric:
        dimensions = tuple(sorted((name, value) for name, value in self.dimensions))
        return Metric(self.account, self.region, self.namespace, self.metric, dimensions)

    @property
    def needed(self) -> int:
        """M of "M out of N"."""
        return self.datapoints_to_alarm or self.evaluation_periods

    @property
    def setting(self) -> Setting:
        ranked = not self.computed and self.low_sample == "ignore"
        return Setting(
            self.evaluation_periods,
            self.needed,
            self.comparison,
            self.threshold,
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
            "ignore" if self.namespace == "AWS/DynamoDB" else self.treat_missing or "missing",
            parse(self.statistic).percentile if ranked else None,
        )

    def actions(self, state: str) -> list[str]:
        by_state = {OK: self.ok_actions, ALARM: self.alarm_actions, INSUFFICIENT_DATA: self.insufficient_data_actions}
        return by_state[state]


@dataclass
class CompositeAlarm:
    """An alarm over the states of others. Times are epoch milliseconds."""

    account: str
    region: str
    name: str
    description: str | None
    actions_enabled: bool
    ok_actions: list[str]
    alarm_actions: list[str]
    insufficient_data_actions: list[str]
    rule: str
    configured_ms: int = 0
    state: str = INSUFFICIENT_DATA
    reason: str = INITIAL_REASON
    reason_data: str | None = None
    updated_ms: int = 0
    transitioned_ms: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    suppressor: str | None = None
    """The name or ARN of the alarm that keeps this one's actions back while it is in ALARM."""
    wait_s: int | None = None
    extension_s: int | None = None
    suppressed_by: str | None = None
    """WaitPeriod, ExtensionPeriod or Alarm while actions are kept back."""
    suppressed_until_ms: int | None = None
    """When a WaitPeriod or an ExtensionPeriod ends."""

    @property
    def arn(self) -> str:
        return alarm_arn(self.account, self.region, self.name)

    def actions(self, state: str) -> list[str]:
        by_state = {OK: self.ok_actions, ALARM: self.alarm_actions, INSUFFICIENT_DATA: self.insufficient_data_actions}
        return by_state[state]


def is_query(expression: str) -> bool:
    """Whether an expression is a Metrics Insights query rather than metric math."""
    return expression.lstrip()[:7].upper() == "SELECT "


AnyAlarm = MetricAlarm | CompositeAlarm


def alarm_arn(account: str, region: str, name: str) -> str:
    return arn.arn("cloudwatch", region, account, f"alarm:{name}")


@dataclass
class HistoryItem:
    account: str
    region: str
    time_ms: int
    id: str
    alarm: str
    kind: str
    summary: str
    data: str
    alarm_type: str = "MetricAlarm"


@dataclass
class Dashboard:
    account: str
    name: str
    body: str
    modified_ms: int
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return dashboard_arn(self.account, self.name)


def dashboard_arn(account: str, name: str) -> str:
    return arn.arn("cloudwatch", "", account, f"dashboard/{name}")


@dataclass
class AnomalyDetector:
    """`kind`: SINGLE_METRIC or METRIC_MATH; `metric` as the request gave it."""

    account: str
    region: str
    id: str
    kind: str
    metric: dict[str, Any]
    excluded_ms: list[tuple[int, int]] = field(default_factory=list)
    timezone: str = ""
    characteristics: dict[str, Any] = field(default_factory=dict)
