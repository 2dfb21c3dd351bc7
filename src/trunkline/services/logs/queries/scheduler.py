"""Runs scheduled queries when they are due, and takes their results where they are wanted.

When one is due, its next time and a row for this run are one commit; so a run happens once, or, interrupted by a
restart, ends Failed in the history. A time that passed while Trunkline was down is made up for once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from trunkline.aws import schedules
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.db import Tx
from trunkline.core.due import DueWork
from trunkline.core.events import Event
from trunkline.services.logs.queries.model import Query, Run, ScheduledQuery
from trunkline.services.logs.queries.runner import Runner
from trunkline.services.logs.queries.store import QUERIES, RUNS, SCHEDULED, QueryStore

_SERVICE = "logs.amazonaws.com"
_AT_ONCE = 4
_DEFAULT_SPAN_S = 3600
_STATUSES = {"Cancelled": "Failed"}


def next_due(scheduled: ScheduledQuery, after_s: float) -> float | None:
    """When it runs next; ScheduleError when the expression is none."""
    settings: dict[str, Any] = scheduled.settings
    timing, zone = schedules.parse(settings["scheduleExpression"]), ZoneInfo(settings.get("timezone", "UTC"))
    after_s = max(after_s, _seconds(settings.get("scheduleStartTime", 0)) - 1)
    # A cron's fields are of the zone's clock: compute as if that clock showed UTC, and back.
    offset = datetime.fromtimestamp(after_s, zone).utcoffset()
    shift = offset.total_seconds() if offset and isinstance(timing, schedules.Cron) else 0.0
    local = timing.next_after(after_s + shift, scheduled.created_ms / 1000)
    if local is None or scheduled.state != "ENABLED":
        return None
    due = datetime.fromtimestamp(local, UTC).replace(tzinfo=zone).timestamp() if shift else local
    end = settings.get("scheduleEndTime")
    return due if end is None or due <= _seconds(end) else None


def _seconds(moment: int) -> float:
    return moment / 1000 if moment > 100_000_000_000 else float(moment)


class Scheduler:
    def __init__(self, kit: Kit, queries: QueryStore, runner: Runner) -> None:
        self._kit, self._queries, self._runner = kit, queries, runner
        self._work: DueWork[ScheduledQuery] = DueWork(
            kit.clock,
            due=self._due,
            next_due=self._next_due,
            key=lambda one: one.id,
            work=self._run,
            at_once=_AT_ONCE,
            what="scheduled query",
        )
        self._task: asyncio.Task[None] | None = None

    def nudge(self) -> None:
        self._work.nudge()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._work.run(), name="logs-scheduled-queries")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _due(self, now_s: float, most: int) -> Iterable[ScheduledQuery]:
        rows = self._queries.db.all(
            f"SELECT account, region, name FROM {SCHEDULED.name} WHERE due_s <= ? ORDER BY due_s LIMIT ?", (now_s, most)
        )
        found = [SCHEDULED.get(self._queries.db, *row) for row in rows]
        return [one for one in found if one is not None]

    def _next_due(self) -> float | None:
        row = self._queries.db.one(f"SELECT min(due_s) FROM {SCHEDULED.name}")
        return row[0] if row else None

    # -- one run

    async def _run(self, scheduled: ScheduledQuery) -> None:
        now_s = self._kit.clock.time()
        run = Run(scheduled.id, int((scheduled.due_s or now_s) * 1000), "Running")
        if not await self._queries.db.write(lambda tx: self._claim(tx, scheduled, run, now_s)):
            return
        try:
            await self._execute(scheduled, run)
        except AwsError as error:
            run.status = "InvalidQuery" if error.code == "MalformedQueryException" else "Failed"
            run.error = error.message
        except Exception as error:  # our bug: the history must not say Running for ever
            run.status, run.error = "Failed", f"internal error: {type(error).__name__}"
            raise
        finally:
            await self._queries.db.write(lambda tx: self._ended(tx, scheduled, run))

    def _claim(self, tx: Tx, scheduled: ScheduledQuery, run: Run, now_s: float) -> bool:
        stored = SCHEDULED.get(tx, scheduled.account, scheduled.region, scheduled.name)
        if stored is None or stored.id != scheduled.id or stored.due_s != scheduled.due_s:
            return False
        stored.due_s, stored.triggered_ms, stored.status = next_due(stored, now_s), run.triggered_ms, "Running"
        SCHEDULED.put(tx, stored)
        RUNS.put(tx, run)
        return True

    def _ended(self, tx: Tx, scheduled: ScheduledQuery, run: Run) -> None:
        stored = SCHEDULED.get(tx, scheduled.account, scheduled.region, scheduled.name)
        if stored is None or stored.id != scheduled.id:
            return
        stored.status = run.status
        SCHEDULED.put(tx, stored)
        RUNS.put(tx, run)
        detail = {
            "queryId": run.query_id,
            "status": run.status,
            "queryString": scheduled.settings["queryString"],
            "logGroupIdentifiers": scheduled.settings.get("logGroupIdentifiers", []),
            "scheduledQueryArn": scheduled.arn,
        }
        self._kit.ledger.append(
            tx,
            Event("aws.logs", "Scheduled Query Completed", detail, stored.account, stored.region, (stored.arn,)),
        )

    async def _execute(self, scheduled: ScheduledQuery, run: Run) -> None:
        settings: dict[str, Any] = scheduled.settings
        caller = await self._assume(settings["executionRoleArn"], scheduled.region)
        at_s = run.triggered_ms // 1000
        request = {
            "queryString": settings["queryString"],
            "startTime": at_s - settings.get("startTimeOffset", _DEFAULT_SPAN_S),
            "endTime": at_s - settings.get("endTimeOffset", 0),
        }
        if settings.get("logGroupIdentifiers"):
            request["logGroupIdentifiers"] = settings["logGroupIdentifiers"]
        run.query_id = (await self._kit.call("logs", "StartQuery", request, as_=caller))["queryId"]
        await self._runner.wait(str(run.query_id))
        query = QUERIES.get(self._queries.db, scheduled.account, scheduled.region, run.query_id)
        if query is None:
            raise AwsError("ResourceNotFoundException", "The query is gone.")
        run.status, run.error = _STATUSES.get(query.status, query.status), query.error or None
        if run.status == "Complete":
            await self._deliver(scheduled, run, query)

    async def _assume(self, role: str, region: str) -> Caller:
        return await self._kit.call.assume(role, service=_SERVICE, region=region)

    # -- destinations

    async def _deliver(self, scheduled: ScheduledQuery, run: Run, query: Query) -> None:
        wanted: dict[str, Any] = scheduled.settings.get("destinationConfiguration") or {}  # type: ignore[assignment]
        if "s3Configuration" in wanted:
            uri = wanted["s3Configuration"]["destinationIdentifier"]
            run.destinations.append(
                await self._to(uri, "S3", self._to_s3(scheduled, run, query, wanted["s3Configuration"]))
            )
        if "lookupTableConfiguration" in wanted:
            table = wanted["lookupTableConfiguration"]
            run.destinations.append(
                await self._to(table["tableName"], "LOOKUP_TABLE", self._to_table(scheduled, query, table))
            )

    async def _to(self, identifier: str, kind: str, delivery: Any) -> dict[str, str]:
        """What the history says of a destination: it tells of failures, and the query stays Complete."""
        said = {"destinationType": kind, "destinationIdentifier": identifier}
        try:
            return {**said, "status": "COMPLETE", "processedIdentifier": await delivery}
        except AwsError as error:
            return {**said, "status": "CLIENT_ERROR", "errorMessage": error.message}

    async def _to_s3(self, scheduled: ScheduledQuery, run: Run, query: Query, wanted: dict[str, Any]) -> str:
        caller = await self._assume(wanted["roleArn"], scheduled.region)
        bucket, _, prefix = wanted["destinationIdentifier"].removeprefix("s3://").partition("/")
        at = datetime.fromtimestamp(run.triggered_ms / 1000, UTC)
        key = f"{prefix.rstrip('/')}/{scheduled.name}/{at:%Y/%m/%d/%H%M%S}-{query.id}.json".lstrip("/")
        rows = await asyncio.to_thread(self._queries.rows, query, 0, query.rows)
        body = json.dumps({"queryId": query.id, "status": query.status, "results": rows}).encode()
        request: dict[str, Any] = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": "application/json"}
        if "kmsKeyId" in wanted:
            request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": wanted["kmsKeyId"]}
        if "ownerAccountId" in wanted:
            request["ExpectedBucketOwner"] = wanted["ownerAccountId"]
        await self._kit.call("s3", "PutObject", request, as_=caller)
        return f"s3://{bucket}/{key}"

    async def _to_table(self, scheduled: ScheduledQuery, query: Query, wanted: dict[str, Any]) -> str:
        caller = await self._assume(wanted["roleArn"], scheduled.region)
        name = wanted["tableName"]
        given: dict[str, Any] = {key: wanted[key] for key in ("description", "kmsKeyId") if key in wanted}
        arn = f"arn:aws:logs:{scheduled.region}:{scheduled.account}:lookup-table:{name}"
        try:
            request: dict[str, Any] = {"lookupTableArn": arn, "queryId": query.id, **given}
            await self._kit.call("logs", "UpdateLookupTable", request, as_=caller)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            made: dict[str, Any] = {"lookupTableName": name, "queryId": query.id, **given}
            if wanted.get("tags"):
                made["tags"] = wanted["tags"]
            await self._kit.call("logs", "CreateLookupTable", made, as_=caller)
        return arn
