"""A question in SQL, put to a worker, and what its failures mean."""

from __future__ import annotations

from typing import Any

from trunkline.engines.telemetry.interface import Answer, Limits, QueryError, QueryTimedOut, QueryTooLarge
from trunkline.engines.telemetry.worker.client import WorkerEnded, WorkerFailed
from trunkline.engines.telemetry.workers import Workers

_TOO_LARGE = ("OutOfMemoryException", "MemoryError", "ArrowMemoryError")


async def ask(workers: Workers, question: dict[str, Any], limits: Limits) -> Answer:
    question |= {"rows": limits.rows, "timeout_s": limits.timeout_s, "memory_mb": limits.memory_mb}
    try:
        columns, rows, records, size = await workers.run("ask", question, limits.timeout_s)
    except TimeoutError:
        raise _late(limits) from None
    except WorkerEnded:
        raise QueryTooLarge("the query needed more memory than there is for one") from None
    except WorkerFailed as failed:
        raise _meaning(failed, limits) from None
    return Answer(tuple(columns), [tuple(row) for row in rows], records, size)


def _meaning(failed: WorkerFailed, limits: Limits) -> QueryError:
    if failed.kind in _TOO_LARGE:
        return QueryTooLarge(str(failed))
    if failed.kind == "InterruptException":
        return _late(limits)
    return QueryError(str(failed))


def _late(limits: Limits) -> QueryTimedOut:
    return QueryTimedOut(f"the query took longer than {limits.timeout_s:g} s")
