"""Traces got back from the log group aws/spans: a search that runs by itself and is asked for until it is done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core import ids
from trunkline.core.log import get
from trunkline.services.xray.search import spans
from trunkline.services.xray.search.delivery import LOG_GROUP

log = get(__name__)

KEPT_S = 3600
_MOST_SPANS = 10_000
_IDS_AT_ONCE = 20
_MOST_RUNNING = 20


@dataclass(slots=True)
class Retrieval:
    account: str
    region: str
    trace_ids: list[str]
    until: float
    status: str = "RUNNING"
    found: dict[str, list[Doc]] = field(default_factory=dict)
    """Spans by X-Ray trace id."""
    task: asyncio.Task[None] | None = None


class Retrievals:
    """Kept in memory for an hour, as AWS keeps them: a restart ends them, and their tokens are not known any more."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._known: dict[str, Retrieval] = {}

    def start(self, caller: Caller, trace_ids: list[str], start: float, end: float) -> str:
        now = self._kit.clock.time()
        self._known = {token: one for token, one in self._known.items() if one.until > now}
        if sum(one.status == "RUNNING" for one in self._known.values()) >= _MOST_RUNNING:
            raise AwsError("ThrottledException", f"At most {_MOST_RUNNING} retrievals run at once.")
        retrieval = Retrieval(caller.account, caller.region, trace_ids, now + KEPT_S)
        retrieval.task = asyncio.create_task(self._run(retrieval, caller, start, end), name="xray-retrieval")
        token = ids.uuid()
        self._known[token] = retrieval
        return token

    def get(self, account: str, region: str, token: str) -> Retrieval:
        found = self._known.get(token)
        if found is None or (found.account, found.region) != (account, region):
            raise AwsError("ResourceNotFoundException", "There is no retrieval with this token.", ResourceName=token)
        if found.until <= self._kit.clock.time():
            found.status = "TIMEOUT"
            found.found.clear()
        return found

    def cancel(self, retrieval: Retrieval) -> None:
        if retrieval.task is not None and retrieval.status == "RUNNING":
            retrieval.task.cancel()
            retrieval.status = "CANCELLED"

    async def stop(self) -> None:
        tasks = [one.task for one in self._known.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, retrieval: Retrieval, caller: Caller, start: float, end: float) -> None:
        try:
            for at in range(0, len(retrieval.trace_ids), _IDS_AT_ONCE):
                await self._search(retrieval, retrieval.trace_ids[at : at + _IDS_AT_ONCE], caller, (start, end))
            retrieval.status = "COMPLETE"
        except Exception:
            log.exception("a retrieval of traces failed")
            retrieval.status = "FAILED"

    async def _search(
        self, retrieval: Retrieval, trace_ids: list[str], caller: Caller, times: tuple[float, float]
    ) -> None:
        terms = " || ".join(f'($.traceId = "{spans.otel_trace_id(one)}")' for one in trace_ids)
        asked: Doc = {
            "logGroupName": LOG_GROUP,
            "startTime": int(times[0] * 1000),
            "endTime": int(times[1] * 1000) + 999,
            "filterPattern": f"{{ {terms} }}",
        }
        while sum(map(len, retrieval.found.values())) < _MOST_SPANS:
            answer = await self._kit.call("logs", "FilterLogEvents", asked, as_=caller)
            for event in answer.get("events", ()):
                span = orjson.loads(event["message"])
                if not spans.is_span(span):
                    continue
                retrieval.found.setdefault(spans.xray_trace_id(span["traceId"]), []).append(span)
            if not answer.get("nextToken"):
                return
            asked["nextToken"] = answer["nextToken"]
