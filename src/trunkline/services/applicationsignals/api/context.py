"""What every operation works with: objectives by name or ARN, and how they are shown."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core.db import Reader
from trunkline.services.applicationsignals.measuring import Measuring
from trunkline.services.applicationsignals.model import PERIODS, Objective, objective_arn
from trunkline.services.applicationsignals.store import OBJECTIVES


class Context:
    def __init__(self, kit: Kit, measuring: Measuring) -> None:
        self._kit = kit
        self._measuring = measuring

    def _now_ms(self) -> int:
        return int(self._kit.clock.time() * 1000)


def objective_resource(call: Call, req: Doc) -> str:
    """The ARN of the objective that a request names by name or ARN."""
    return _arn(call, str(req.get("Id") or req.get("Name") or "*"))


def objective_resources(call: Call, req: Doc) -> list[str]:
    """Of a request that names several."""
    return [_arn(call, given) for given in req["SloIds"]]


def _arn(call: Call, given: str) -> str:
    return given if given.startswith("arn:") else objective_arn(call.account, call.region, given)


def look(reader: Reader, call: Call, given: str) -> Objective | None:
    """By name, or by ARN of this account and region."""
    own = objective_arn(call.account, call.region, "")
    name = given.removeprefix(own)
    return None if name.startswith("arn:") else OBJECTIVES.get(reader, call.account, call.region, name)


def find(reader: Reader, call: Call, given: str) -> Objective:
    found = look(reader, call, given)
    if found is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"The SLO {given} was not found.",
            ResourceType="SLO",
            ResourceId=given,
        )
    return found


def moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def shown(objective: Objective) -> Doc:
    """As a ServiceLevelObjective."""
    return {
        "Arn": objective.arn,
        "Name": objective.name,
        "Description": objective.description,
        "CreatedTime": moment(objective.created_ms),
        "LastUpdatedTime": moment(objective.updated_ms),
        **indicator(objective),
        "EvaluationType": objective.kind,
        "Goal": goal(objective),
        "BurnRateConfigurations": [{"LookBackWindowMinutes": minutes} for minutes in objective.burn_windows_min],
        "MetricSourceType": source_type(objective),
    }


def source_type(objective: Objective) -> str:
    return "ServiceOperation" if objective.of_service else "CloudWatchMetric"


def indicator(objective: Objective) -> Doc:
    compared = {"MetricThreshold": objective.threshold, "ComparisonOperator": objective.comparison}
    compared = {name: value for name, value in compared.items() if value is not None}
    if objective.kind == PERIODS:
        return {"Sli": {"SliMetric": objective.metric, **compared}}
    return {"RequestBasedSli": {"RequestBasedSliMetric": objective.metric, **compared}}


def goal(objective: Objective) -> Doc:
    interval = objective.interval
    if "CalendarInterval" in interval:
        calendar = interval["CalendarInterval"]
        interval = {"CalendarInterval": {**calendar, "StartTime": moment(calendar["StartTime"] * 1000)}}
    return {
        "Interval": interval,
        "AttainmentGoal": objective.goal_pct,
        "WarningThreshold": objective.warning_pct,
    }
