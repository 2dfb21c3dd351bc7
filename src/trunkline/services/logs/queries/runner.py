"""Runs queries: each a task that asks the telemetry engine once, and keeps what comes of it.

A query's row is written before it begins, its results together with its end: a query is never Complete without all of
them. What a restart interrupts has failed, as its reader is told; nothing runs twice.
"""

from __future__ import annotations

import asyncio
import csv
import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from trunkline.aws.errors import AwsError
from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.engines.telemetry import Answer, Limits, LogScan, QueryError, QueryTimedOut, Telemetry
from trunkline.services.logs.insights import Compiled, results
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.queries import pointers
from trunkline.services.logs.queries.model import ALIVE, MAX_CONCURRENT, RESULTS_KEPT_MS, Query
from trunkline.services.logs.queries.store import LOOKUP_BODIES, QUERIES, QueryStore, pages
from trunkline.services.logs.store import Store

log = get(__name__)
_TIMEOUT_S = 900.0  # AWS gives an hour; one machine has others to serve
_SWEEP_S = 3600.0
_NOBODY = {"id": "", "name": ""}  # the engine's tables have a row at least


@dataclass(frozen=True)
class Work:
    """What a query needs to run: its SQL, and the groups of each relation that it reads."""

    query: Query
    compiled: Compiled
    groups: tuple[tuple[str, tuple[LogGroup, ...]], ...]
    mask: Callable[[str], str] | None = None


class Runner:
    def __init__(self, store: Store, queries: QueryStore, telemetry: Telemetry, clock: Clock) -> None:
        self._store, self._queries, self._telemetry, self._clock = store, queries, telemetry, clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._live: dict[str, Query] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._queries.fail_interrupted(int(self._clock.time() * 1000))
        self._sweeper = asyncio.create_task(self._sweep(), name="logs-queries-sweep")

    async def stop(self) -> None:
        tasks = [*self._tasks.values(), *([self._sweeper] if self._sweeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            await self._queries.forget_before(int(self._clock.time() * 1000) - RESULTS_KEPT_MS)
            await self._clock.sleep(_SWEEP_S)

    # -- one query

    async def begin(self, work: Work) -> None:
        query = work.query
        alive = sum(1 for one in self._live.values() if (one.account, one.region) == (query.account, query.region))
        if alive >= MAX_CONCURRENT:
            raise AwsError(
                "LimitExceededException", f"Account maximum query concurrency limit of [{MAX_CONCURRENT}] reached."
            )
        self._live[query.id] = query
        try:
            await self._queries.db.write(lambda tx: QUERIES.put(tx, query))
        except BaseException:
            del self._live[query.id]
            raise
        self._tasks[query.id] = task = asyncio.create_task(self._run(work), name=f"logs-query-{query.id}")
        task.add_done_callback(lambda _: self._forget(query.id))

    def _forget(self, query_id: str) -> None:
        self._tasks.pop(query_id, None)
        self._live.pop(query_id, None)

    def current(self, query: Query) -> Query:
        """A query as it is now: what runs has a status that is not stored."""
        return self._live.get(query.id, query)

    async def wait(self, query_id: str, seconds: float | None = None) -> None:
        """Until the query has ended, or so long."""
        task = self._tasks.get(query_id)
        if task is not None:
            await asyncio.wait([task], timeout=seconds)

    async def cancel(self, query: Query) -> bool:
        """End a query that is under way; False when it has ended."""
        task = self._tasks.get(query.id)
        if task is None or self._live[query.id].status not in ALIVE:
            return False
        self._live[query.id].status = "Cancelled"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        ended = replace(query, status="Cancelled", ended_ms=int(self._clock.time() * 1000))
        await self._queries.end(ended)
        return True

    async def _run(self, work: Work) -> None:
        query = work.query
        query.status = "Running"
        kept: list[bytes] = []
        try:
            answer = await self._ask(work)
            kept = await asyncio.to_thread(self._take, work, answer)
            query.status = "Complete"
        except QueryTimedOut as error:
            query.status, query.error = "Timeout", str(error)
        except QueryError as error:
            query.status, query.error = "Failed", str(error)
        except Exception as error:  # our bug: the query must end all the same
            log.error("query failed", query=query.id, error=error)
            query.status, query.error = "Failed", "internal error"
        query.ended_ms = int(self._clock.time() * 1000)
        await self._queries.end(query, kept)

    async def _ask(self, work: Work) -> Answer:
        compiled, query = work.compiled, work.query
        scans: dict[str, LogScan] = {}
        for scan in compiled.scans:
            groups = dict(work.groups)[scan.name]
            start, end = query.start_ms - scan.shift_ms, query.end_ms - scan.shift_ms
            now_ms = int(self._clock.time() * 1000)
            kept_from = min((group.kept_from_ms(now_ms) for group in groups), default=0)
            scans[scan.name] = LogScan(tuple(group.id for group in groups), max(start, kept_from), end)
        tables = self._tables(work)
        limits = Limits(timeout_s=_TIMEOUT_S, rows=compiled.limit)
        return await self._telemetry.ask(compiled.sql, compiled.values, logs=scans, tables=tables, limits=limits)

    def _tables(self, work: Work) -> Mapping[str, Sequence[Mapping[str, object]]]:
        tables: dict[str, Sequence[Mapping[str, object]]] = {}
        if work.compiled.names:
            groups = {group.id: group for _, found in work.groups for group in found}.values()
            streams = [stream for group in groups for stream in self._store.streams(group)]
            tables["group_names"] = [_NOBODY, *({"id": g.id, "name": f"{g.account}:{g.name}"} for g in groups)]
            tables["stream_names"] = [_NOBODY, *({"id": stream.id, "name": stream.name} for stream in streams)]
        for place, name in enumerate(work.compiled.lookups):
            body = LOOKUP_BODIES.get(self._queries.db, work.query.account, work.query.region, name)
            lines = list(csv.reader(io.StringIO(zlib.decompress(body.body).decode() if body else "")))
            columns = [f"c{number}" for number in range(len(lines[0]) if lines else 1)]
            rows = [dict(zip(columns, [*line, *[""] * len(columns)], strict=False)) for line in lines[1:] if line]
            tables[f"lookup{place}"] = rows or [dict.fromkeys(columns, "")]
        return tables

    def _take(self, work: Work, answer: Answer) -> list[bytes]:
        """Results as they are kept, and what the query says of itself."""
        query = work.query
        found = results.rows(work.compiled, answer.rows, pointers.encode)
        if work.mask is not None:
            for row in found:
                for cell in row:
                    if cell["field"] != "@ptr":
                        cell["value"] = work.mask(cell["value"])
        matched = answer.rows[0][-1] if answer.rows else 0
        query.rows = len(found)
        query.scanned, query.bytes_scanned = answer.records_scanned, answer.bytes_scanned
        query.matched = answer.records_scanned if matched is None else int(str(matched))
        return pages(found)
