"""AWS/CodeBuild: builds, how they ended, and how long each phase took; told from the events of the builds.

https://docs.aws.amazon.com/codebuild/latest/userguide/cloudwatch_metrics-codebuild.html
"""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.aws.own_metrics import OwnMetrics
from trunkline.core.events import Event

_FAILED = {"FAILED", "FAULT", "TIMED_OUT"}
_TIME = "%b %d, %Y %I:%M:%S %p"


class Metrics:
    def __init__(self, own: OwnMetrics) -> None:
        self._own = own

    async def take(self, event: Event) -> None:
        detail = event.detail
        if event.detail_type == "CodeBuild Build Phase Change":
            phase = "".join(word.capitalize() for word in detail["completed-phase"].split("_"))
            self._add(event, f"{phase}Duration", detail["completed-phase-duration-seconds"], "Seconds")
        elif detail["build-status"] == "IN_PROGRESS":
            self._add(event, "Builds")
        else:
            if detail["build-status"] == "SUCCEEDED":
                self._add(event, "SucceededBuilds")
            elif detail["build-status"] in _FAILED:
                self._add(event, "FailedBuilds")
            told = detail["additional-information"]["build-start-time"]
            started = datetime.strptime(told, _TIME).replace(tzinfo=UTC)
            seconds = (event.time - started).total_seconds()
            self._add(event, "Duration", max(0.0, seconds), "Seconds")

    def _add(self, event: Event, metric: str, value: float = 1.0, unit: str = "Count") -> None:
        self._own.add(event.account, event.region, metric, value, unit)
        self._own.add(event.account, event.region, metric, value, unit, ProjectName=event.detail["project-name"])
