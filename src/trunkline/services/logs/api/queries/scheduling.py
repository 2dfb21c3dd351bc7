"""Scheduled queries: their operations. `queries/scheduler.py` runs them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.schedules import ScheduleError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.logs.api.context import Context
from trunkline.services.logs.insights import MalformedQuery
from trunkline.services.logs.insights.parser import parse
from trunkline.services.logs.queries.model import Run, ScheduledQuery
from trunkline.services.logs.queries.scheduler import next_due
from trunkline.services.logs.queries.store import RUNS, SCHEDULED

_SETTINGS = (
    "description", "queryLanguage", "queryString", "logGroupIdentifiers", "scheduleExpression", "timezone",
    "startTimeOffset", "endTimeOffset", "destinationConfiguration", "scheduleStartTime", "scheduleEndTime",
    "executionRoleArn",
)  # fmt: skip
_MAX_SCHEDULED = 1000


def _resource(call: Call, req: Doc) -> str:
    identifier = str(req["identifier"])
    return identifier if identifier.startswith("arn:") else call.arn(f"scheduled-query:{identifier}")


class Scheduling(Context):
    @operation(lambda call, req: call.arn(f"scheduled-query:{req['name']}"))
    async def create_scheduled_query(self, call: Call, req: Doc) -> Doc:
        now_ms = self._now_ms()
        _check(req)
        scheduled = ScheduledQuery(
            call.account,
            call.region,
            req["name"],
            ids.uuid(),
            {member: req[member] for member in _SETTINGS if member in req},
            req.get("state", "ENABLED"),
            now_ms,
            now_ms,
            tags=tags.normalise(req.get("tags", {}), error="ValidationException"),
        )
        scheduled.due_s = next_due(scheduled, now_ms / 1000)

        def work(tx: Tx) -> None:
            there = SCHEDULED.find(tx, prefix=(call.account, call.region))
            if any(one.name == scheduled.name for one in there):
                raise AwsError("ConflictException", f"A scheduled query with the name {scheduled.name} already exists.")
            if len(there) >= _MAX_SCHEDULED:
                raise AwsError("ServiceQuotaExceededException", f"At most {_MAX_SCHEDULED} scheduled queries.")
            SCHEDULED.put(tx, scheduled)

        await self._queries.db.write(work)
        self._queries.scheduler.nudge()
        return {"scheduledQueryArn": scheduled.arn, "state": scheduled.state}

    @operation(_resource)
    async def update_scheduled_query(self, call: Call, req: Doc) -> Doc:
        _check(req)
        found = self._scheduled(call, req["identifier"])

        def work(tx: Tx) -> ScheduledQuery:
            stored = SCHEDULED.get(tx, found.account, found.region, found.name)
            if stored is None:
                raise _missing(req["identifier"])
            stored.settings = {member: req[member] for member in _SETTINGS if member in req}
            stored.state, stored.updated_ms = req.get("state", "ENABLED"), self._now_ms()
            stored.due_s = next_due(stored, stored.updated_ms / 1000)
            SCHEDULED.put(tx, stored)
            return stored

        changed = await self._queries.db.write(work)
        self._queries.scheduler.nudge()
        return _described(changed)

    @operation(_resource)
    async def delete_scheduled_query(self, call: Call, req: Doc) -> Doc:
        found = self._scheduled(call, req["identifier"])

        def work(tx: Tx) -> None:
            SCHEDULED.delete(tx, found.account, found.region, found.name)
            tx.execute(f"DELETE FROM {RUNS.name} WHERE scheduled_id = ?", (found.id,))

        await self._queries.db.write(work)
        return {}

    @operation(_resource)
    async def get_scheduled_query(self, call: Call, req: Doc) -> Doc:
        return _described(self._scheduled(call, req["identifier"]))

    @operation()
    async def list_scheduled_queries(self, call: Call, req: Doc) -> Doc:
        state, is_aws = req.get("state"), req.get("scheduleType") == "AWS_MANAGED"
        found = [] if is_aws else SCHEDULED.find(self._queries.db, prefix=(call.account, call.region))
        shown, token = paging.page(
            [one for one in found if state in (None, one.state)],
            req.get("maxResults", 100),
            req.get("nextToken"),
            key=lambda one: one.name,
            error="ValidationException",
        )
        left_out = ("queryLanguage", "queryString", "logGroupIdentifiers", "executionRoleArn", "description")
        summaries = [{k: v for k, v in _described(one).items() if k not in left_out} for one in shown]
        return {"scheduledQueries": summaries, "nextToken": token}

    @operation(_resource)
    async def get_scheduled_query_history(self, call: Call, req: Doc) -> Doc:
        found = self._scheduled(call, req["identifier"])
        start_ms, end_ms, statuses = _ms(req["startTime"]), _ms(req["endTime"]), req.get("executionStatuses")
        if end_ms < start_ms:
            raise AwsError("ValidationException", "The end time must not be before the start time.")
        runs = [
            run
            for run in RUNS.find(self._queries.db, prefix=(found.id,))
            if start_ms <= run.triggered_ms <= end_ms and (not statuses or run.status in statuses)
        ]
        shown, token = paging.page(
            runs,
            req.get("maxResults", 100),
            req.get("nextToken"),
            key=lambda run: f"{run.triggered_ms:014d}",
            error="ValidationException",
            reverse=True,
        )
        history = [_run(one) for one in shown]
        return {"name": found.name, "scheduledQueryArn": found.arn, "triggerHistory": history, "nextToken": token}

    def _scheduled(self, call: Call, identifier: str) -> ScheduledQuery:
        for one in SCHEDULED.find(self._queries.db, prefix=(call.account, call.region)):
            if identifier in (one.arn, one.name):
                return one
        raise _missing(identifier)


def _missing(identifier: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"The scheduled query {identifier} does not exist.")


def _ms(moment: int) -> int:
    """A time of the request, whether in seconds or in milliseconds: AWS's page says «Unix epoch» of both."""
    return moment if moment > 100_000_000_000 else moment * 1000


def _check(req: Doc) -> None:
    """Refuse settings that could never run."""
    if req["queryLanguage"] != "CWLI":
        message = (
            f"Trunkline runs queries in the language of Logs Insights (CWLI), not OpenSearch {req['queryLanguage']}."
        )
        raise AwsError("ValidationException", message)
    try:
        query = parse(req["queryString"])
    except MalformedQuery as error:
        raise AwsError("ValidationException", f"The query is malformed: {error.message}") from None
    if not req.get("logGroupIdentifiers") and query.source is None:
        raise AwsError("ValidationException", "logGroupIdentifiers must be specified unless the query has a SOURCE.")
    try:
        ZoneInfo(req.get("timezone", "UTC"))
    except (KeyError, ValueError, OSError):
        raise AwsError("ValidationException", f"Unknown time zone: {req['timezone']}") from None
    if req.get("endTimeOffset", 0) >= req.get("startTimeOffset", 1 << 40):
        raise AwsError("ValidationException", "endTimeOffset must be less than startTimeOffset.")
    try:
        next_due(ScheduledQuery("", "", "", "", dict(req), "ENABLED", 0, 0), 0.0)
    except ScheduleError:
        raise AwsError("ValidationException", f"Invalid schedule expression: {req['scheduleExpression']}") from None


def _described(scheduled: ScheduledQuery) -> Doc:
    return {
        "scheduledQueryArn": scheduled.arn,
        "name": scheduled.name,
        **scheduled.settings,
        "timezone": scheduled.settings.get("timezone", "UTC"),
        "state": scheduled.state,
        "scheduleType": "CUSTOMER_MANAGED",
        "lastTriggeredTime": scheduled.triggered_ms,
        "lastExecutionStatus": scheduled.status,
        "creationTime": scheduled.created_ms,
        "lastUpdatedTime": scheduled.updated_ms,
    }


def _run(run: Run) -> Doc:
    return {
        "queryId": run.query_id,
        "executionStatus": run.status,
        "triggeredTimestamp": run.triggered_ms,
        "errorMessage": run.error,
        "destinations": run.destinations,
    }
