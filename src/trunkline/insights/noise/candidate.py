"""An alarm's description, and what it would be with other values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from trunkline.aws.alarms import Setting
from trunkline.insights.noise.asked import Asked

Doc = dict[str, Any]


@dataclass(frozen=True)
class Candidate:
    """One way to configure an alarm."""

    setting: Setting
    period_s: int

    @property
    def shown(self) -> Doc:
        """As the properties of AWS::CloudWatch::Alarm."""
        return {
            "Threshold": self.setting.threshold,
            "DatapointsToAlarm": self.setting.needed,
            "EvaluationPeriods": self.setting.periods,
            "Period": self.period_s,
            "TreatMissingData": self.setting.treat_missing,
        }


def present(alarm: Doc) -> Candidate:
    """The alarm as DescribeAlarms tells of it."""
    stat = alarm.get("ExtendedStatistic") or ""
    ranked = alarm.get("EvaluateLowSampleCountPercentile") == "ignore" and stat.startswith("p")
    dynamo = alarm.get("Namespace") == "AWS/DynamoDB"
    return Candidate(
        Setting(
            alarm["EvaluationPeriods"],
            alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"],
            alarm["ComparisonOperator"],
            alarm.get("Threshold", 0.0),
            "ignore" if dynamo else alarm.get("TreatMissingData") or "missing",
            float(stat[1:]) if ranked else None,
        ),
        alarm.get("Period") or _period_of_queries(alarm),
    )


def changed(now: Candidate, asked: Asked) -> Candidate:
    """With what is asked for in place of what the alarm has."""
    setting = now.setting
    return Candidate(
        replace(
            setting,
            threshold=setting.threshold if asked.threshold is None else asked.threshold,
            periods=asked.periods or setting.periods,
            needed=asked.needed or setting.needed,
            treat_missing=asked.treat_missing or setting.treat_missing,
        ),
        asked.period_s or now.period_s,
    )


def _period_of_queries(alarm: Doc) -> int:
    queries = alarm.get("Metrics", ())
    periods = [query["MetricStat"]["Period"] for query in queries if "MetricStat" in query]
    return max(periods or [query["Period"] for query in queries if "Period" in query], default=60)
