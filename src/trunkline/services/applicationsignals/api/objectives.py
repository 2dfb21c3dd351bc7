"""Objectives: create, get, update, delete, list."""

from __future__ import annotations

from typing import Any

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.applicationsignals.api.context import (
    Context,
    find,
    moment,
    objective_resource,
    shown,
    source_type,
)
from trunkline.services.applicationsignals.indicators import by_periods, by_requests, invalid
from trunkline.services.applicationsignals.model import (
    DEFAULT_GOAL,
    DEFAULT_INTERVAL,
    DEFAULT_WARNING,
    PERIODS,
    REQUESTS,
    Objective,
)
from trunkline.services.applicationsignals.store import OBJECTIVES

_PAGE = 50
_LOOK_MS = 60_000


class Objectives(Context):
    @operation(objective_resource)
    async def create_service_level_objective(self, call: Call, req: Doc) -> Doc:
        if req.get("CreateRecommendedSlo") or req.get("AutoInvestigationEnabled"):
            raise Refused("Trunkline has no recommended SLOs and no automatic investigations: leave these out.")
        if ("SliConfig" in req) == ("RequestBasedSliConfig" in req):
            raise invalid("Exactly one of SliConfig and RequestBasedSliConfig must be given.")
        now_ms = self._now_ms()
        objective = Objective(
            call.account,
            call.region,
            req["Name"],
            req.get("Description", "No description"),
            PERIODS if "SliConfig" in req else REQUESTS,
            {},
            None,
            None,
            DEFAULT_INTERVAL,
            DEFAULT_GOAL,
            DEFAULT_WARNING,
            [],
            now_ms,
            now_ms,
            tags=tags.normalise(req.get("Tags"), error="ValidationException"),
        )
        _configure(objective, req)
        await self._try(objective)

        def work(tx: Tx) -> None:
            if OBJECTIVES.get(tx, objective.account, objective.region, objective.name) is not None:
                raise AwsError("ConflictException", f"An SLO with the name {objective.name} already exists.")
            OBJECTIVES.put(tx, objective)

        await self._kit.db.write(work)
        return {"Slo": shown(objective)}

    @operation(objective_resource)
    async def get_service_level_objective(self, call: Call, req: Doc) -> Doc:
        return {"Slo": shown(find(self._kit.db, call, req["Id"]))}

    @operation(objective_resource)
    async def update_service_level_objective(self, call: Call, req: Doc) -> Doc:
        if req.get("AutoInvestigationEnabled"):
            raise Refused("Trunkline has no automatic investigations: leave AutoInvestigationEnabled out.")
        planned = find(self._kit.db, call, req["Id"])
        if ("RequestBasedSliConfig" if planned.kind == PERIODS else "SliConfig") in req:
            raise invalid(f"The SLO {planned.name} is {planned.kind}, which cannot be changed.")
        _configure(planned, req)
        await self._try(planned)

        def work(tx: Tx) -> Objective:
            objective = find(tx, call, req["Id"])
            _configure(objective, req)
            objective.description = req.get("Description", objective.description)
            objective.updated_ms = self._now_ms()
            OBJECTIVES.put(tx, objective)
            return objective

        return {"Slo": shown(await self._kit.db.write(work))}

    @operation(objective_resource)
    async def delete_service_level_objective(self, call: Call, req: Doc) -> Doc:
        def work(tx: Tx) -> None:
            found = find(tx, call, req["Id"])
            OBJECTIVES.delete(tx, found.account, found.region, found.name)

        await self._kit.db.write(work)
        return {}

    @operation()
    async def list_service_level_objectives(self, call: Call, req: Doc) -> Doc:
        if "DependencyConfig" in req or "MetricSource" in req:
            return {"SloSummaries": []}  # there are no such objectives
        found = [
            one
            for one in OBJECTIVES.find(self._kit.db, prefix=(call.account, call.region))
            if req.get("KeyAttributes", {}).items() <= one.metric.get("KeyAttributes", {}).items()
            and req.get("OperationName") in (None, one.metric.get("OperationName"))
            and source_type(one) in req.get("MetricSourceTypes", [source_type(one)])
            and req.get("SloOwnerAwsAccountId", call.account) == call.account
        ]
        page, token = paging.page(
            found,
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda one: one.name,
            error="ValidationException",
        )
        return {"SloSummaries": [_summary(one) for one in page], "NextToken": token}

    async def _try(self, objective: Objective) -> None:
        """Ask CloudWatch for a minute of each metric: what it refuses, an objective cannot have."""
        metric, now_ms = objective.metric, self._now_ms()
        lists: list[list[Doc]] = [metric["MetricDataQueries"]] if objective.kind == PERIODS else []
        if objective.kind == REQUESTS:
            lists = [metric["TotalRequestCountMetric"], *metric["MonitoredRequestCountMetric"].values()]
        for queries in lists:
            try:
                await self._measuring.values(objective, queries, now_ms - _LOOK_MS, now_ms)
            except AwsError as error:
                raise invalid(error.message or error.code) from None


def _configure(objective: Objective, req: Doc) -> None:
    """What a request gives, in place of what was."""
    if "SliConfig" in req:
        objective.metric, objective.threshold, objective.comparison = by_periods(req["SliConfig"])
    elif "RequestBasedSliConfig" in req:
        config = req["RequestBasedSliConfig"]
        objective.metric, objective.threshold, objective.comparison = by_requests(config)
    if "Goal" in req:
        goal = req["Goal"]
        objective.interval = _interval(goal.get("Interval", DEFAULT_INTERVAL))
        objective.goal_pct = goal.get("AttainmentGoal", DEFAULT_GOAL)
        objective.warning_pct = goal.get("WarningThreshold", DEFAULT_WARNING)
        if not 0 < objective.goal_pct < 100:
            raise invalid("AttainmentGoal must be greater than 0 and less than 100.")
        if not 0 <= objective.warning_pct <= 100:
            raise invalid("WarningThreshold must be between 0 and 100.")
    if "BurnRateConfigurations" in req:
        windows = [one["LookBackWindowMinutes"] for one in req["BurnRateConfigurations"]]
        if len(set(windows)) != len(windows):
            raise invalid("The look-back windows of BurnRateConfigurations must be unique.")
        objective.burn_windows_min = windows


def _interval(given: Doc) -> dict[str, Any]:
    if len(given) != 1:
        raise invalid("Interval must have either RollingInterval or CalendarInterval.")
    if "CalendarInterval" in given:
        calendar = given["CalendarInterval"]
        return {"CalendarInterval": {**calendar, "StartTime": int(calendar["StartTime"].timestamp())}}
    rolling = given["RollingInterval"]
    most = {"MINUTE": 12 * 31 * 1440, "HOUR": 12 * 31 * 24, "DAY": 12 * 31, "MONTH": 12}[rolling["DurationUnit"]]
    if rolling["Duration"] > most:
        raise invalid("A rolling interval lasts a year at most.")
    return {"RollingInterval": rolling}


def _summary(objective: Objective) -> Doc:
    return {
        "Arn": objective.arn,
        "Name": objective.name,
        "KeyAttributes": objective.metric.get("KeyAttributes"),
        "OperationName": objective.metric.get("OperationName"),
        "CreatedTime": moment(objective.created_ms),
        "EvaluationType": objective.kind,
        "MetricSourceType": source_type(objective),
    }
