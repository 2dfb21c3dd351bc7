"""The tables of queries and what belongs to them. Results lie in pages beside the query, committed with its end."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import orjson

from trunkline.core.db import Database, Table, Tx
from trunkline.services.logs.queries.model import (
    ALIVE,
    IndexPolicy,
    LookupBody,
    LookupTable,
    Query,
    ResultPage,
    Run,
    ScheduledQuery,
)

QUERIES = Table("logs_queries", Query, key=("account", "region", "id"), index=("status", "created_ms"))
PAGES = Table("logs_query_results", ResultPage, key=("query_id", "number"))
INDEXES = Table("logs_index_policies", IndexPolicy, key=("group_id",))
LOOKUPS = Table("logs_lookup_tables", LookupTable, key=("account", "region", "name"))
LOOKUP_BODIES = Table("logs_lookup_bodies", LookupBody, key=("account", "region", "name"))
SCHEDULED = Table("logs_scheduled_queries", ScheduledQuery, key=("account", "region", "name"), index=("due_s",))
RUNS = Table("logs_scheduled_runs", Run, key=("scheduled_id", "triggered_ms"))

ROWS_A_PAGE = 1000
_TABLES = (QUERIES, PAGES, INDEXES, LOOKUPS, LOOKUP_BODIES, SCHEDULED, RUNS)


class QueryStore:
    def __init__(self, db: Database) -> None:
        self.db = db
        db.migrate("logs_insights", ["".join(table.ddl for table in _TABLES)])

    async def end(self, query: Query, pages: Sequence[bytes] = ()) -> None:
        """Keep how a query ended, and its results."""

        def work(tx: Tx) -> None:
            QUERIES.put(tx, query)
            for number, body in enumerate(pages):
                PAGES.put(tx, ResultPage(query.id, number, body))

        await self.db.write(work)

    async def fail_interrupted(self, now_ms: int) -> None:
        """What was under way when the process ended has failed."""

        def work(tx: Tx) -> None:
            for status in ALIVE:
                for query in QUERIES.find(tx, status=status):
                    query.status, query.ended_ms, query.error = "Failed", now_ms, "interrupted by a restart"
                    QUERIES.put(tx, query)
            for run in RUNS.find(tx):
                if run.status == "Running":
                    run.status, run.error = "Failed", "interrupted by a restart"
                    RUNS.put(tx, run)
            for scheduled in SCHEDULED.find(tx):
                if scheduled.status == "Running":
                    scheduled.status = "Failed"
                    SCHEDULED.put(tx, scheduled)

        await self.db.write(work)

    async def forget_before(self, created_ms: int) -> None:
        """Drop queries, their results and runs of scheduled queries that were begun before."""

        def work(tx: Tx) -> None:
            tx.execute(
                f"DELETE FROM {PAGES.name} WHERE query_id IN"
                f" (SELECT id FROM {QUERIES.name} WHERE created_ms < ? AND status NOT IN ('Scheduled', 'Running'))",
                (created_ms,),
            )
            tx.execute(
                f"DELETE FROM {QUERIES.name} WHERE created_ms < ? AND status NOT IN ('Scheduled', 'Running')",
                (created_ms,),
            )
            tx.execute(f"DELETE FROM {RUNS.name} WHERE triggered_ms < ?", (created_ms,))

        await self.db.write(work)

    def rows(self, query: Query, start: int, count: int) -> list[list[dict[str, str]]]:
        """Some of a query's results, from a row on."""
        found: list[list[dict[str, str]]] = []
        number = start // ROWS_A_PAGE
        skip = start % ROWS_A_PAGE
        while len(found) < count:
            page = PAGES.get(self.db, query.id, number)
            if page is None:
                break
            found += orjson.loads(zlib.decompress(page.body))[skip : skip + count - len(found)]
            number, skip = number + 1, 0
        return found


def pages(rows: Sequence[list[dict[str, str]]]) -> list[bytes]:
    """Results as they are kept."""
    return [
        zlib.compress(orjson.dumps(rows[start : start + ROWS_A_PAGE]), 1) for start in range(0, len(rows), ROWS_A_PAGE)
    ]
