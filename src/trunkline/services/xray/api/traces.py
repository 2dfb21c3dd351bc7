"""Segments in, traces out."""

from __future__ import annotations

import asyncio

import orjson

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context
from trunkline.services.xray.search import delivery
from trunkline.services.xray.segments import intake
from trunkline.services.xray.segments.trace import Trace, assemble

_MAX_DOCUMENTS = 50
_MAX_TRACES = 5
_LARGEST_TRACE = 500 * 1024


class Traces(Context):
    @operation(mutates=False)
    async def put_trace_segments(self, call: Call, req: Doc) -> Doc:
        texts = req["TraceSegmentDocuments"]
        if len(texts) > _MAX_DOCUMENTS:
            raise store.invalid(f"A request holds at most {_MAX_DOCUMENTS} segment documents.")
        now = self._clock.time()
        good, unprocessed = intake.sort_out(texts, now)
        config = store.config(self._db, call.account, call.region)
        if config.destination != "XRay":
            await delivery.deliver(self._kit, call.account, call.region, good)
            good = [one for one in good if delivery.is_indexed(one["trace_id"], config.indexing_pct)]
        if good:
            await self._telemetry.put_segments(intake.batch(call.account, call.region, good, now))
        return {"UnprocessedTraceSegments": unprocessed}

    @operation(mutates=False)
    async def put_telemetry_records(self, call: Call, req: Doc) -> Doc:
        """What a daemon tells of its own health. AWS has no operation that reads it; it is checked and not kept."""
        return {}

    @operation()
    async def batch_get_traces(self, call: Call, req: Doc) -> Doc:
        wanted = list(dict.fromkeys(req["TraceIds"]))
        if len(wanted) > _MAX_TRACES:
            raise store.invalid(f"A request names at most {_MAX_TRACES} traces.")
        owner = intake.owner_of(call.account, call.region)

        def work() -> list[Doc]:
            found = self._telemetry.segments(owner, [one.lower() for one in wanted])
            return [_described(assemble(id_, documents, call.account)) for id_, documents in found.items()]

        traces = await asyncio.to_thread(work)
        there = {one["Id"] for one in traces}
        return {"Traces": traces, "UnprocessedTraceIds": [one for one in wanted if one.lower() not in there]}


def _described(trace: Trace) -> Doc:
    segments = [{"Id": one["id"], "Document": orjson.dumps(one).decode()} for one in trace.documents()]
    return {
        "Id": trace.id,
        "Duration": round(trace.end - trace.start, 3),
        "LimitExceeded": sum(len(one["Document"]) for one in segments) > _LARGEST_TRACE,
        "Segments": segments,
    }
