"""A metric stream: which metrics it takes, in which form, and where to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws import arn
from trunkline.core.db import Table
from trunkline.engines.telemetry import Metric

RUNNING, STOPPED = "running", "stopped"
_TO_BUCKET = re.compile(r"arn:aws:firehose:[a-z0-9-]+:\d{12}:deliverystream/s3\.([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])")


def bucket_of(firehose_arn: str) -> str | None:
    """The bucket that a delivery stream called s3.BUCKET stands for."""
    match = _TO_BUCKET.fullmatch(firehose_arn)
    return match[1] if match else None


@dataclass
class MetricStream:
    """`streamed_ms`: observations put before it have been delivered."""

    account: str
    region: str
    name: str
    firehose_arn: str
    role_arn: str
    output: str
    include: list[dict[str, Any]] = field(default_factory=list)
    exclude: list[dict[str, Any]] = field(default_factory=list)
    statistics: list[dict[str, Any]] = field(default_factory=list)
    linked: bool = False
    state: str = RUNNING
    created_ms: int = 0
    updated_ms: int = 0
    streamed_ms: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn.arn("cloudwatch", self.region, self.account, f"metric-stream/{self.name}")

    def takes(self, metric: Metric) -> bool:
        if (metric.account, metric.region) != (self.account, self.region):
            return False
        if self.include:
            return any(_fits(one, metric) for one in self.include)
        return not any(_fits(one, metric) for one in self.exclude)

    def additional(self, metric: Metric) -> list[str]:
        """The statistics it carries of a metric besides count, sum, min and max."""
        return [
            name
            for one in self.statistics
            if any((m["Namespace"], m["MetricName"]) == (metric.namespace, metric.name) for m in one["IncludeMetrics"])
            for name in one["AdditionalStatistics"]
        ]


def _fits(given: dict[str, Any], metric: Metric) -> bool:
    names = given.get("MetricNames")
    return given.get("Namespace") == metric.namespace and (not names or metric.name in names)


STREAMS = Table("cloudwatch_metric_streams", MetricStream, key=("account", "region", "name"))
