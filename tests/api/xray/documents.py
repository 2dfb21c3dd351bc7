"""Segment documents as services send them."""

import json
import secrets
import time


def trace_id(at=None):
    return f"1-{int(at or time.time()):08x}-{secrets.token_hex(12)}"


def segment(name, trace, *, start=None, seconds=0.1, id=None, **more):
    start = time.time() - 1 if start is None else start
    return {
        "name": name,
        "id": id or secrets.token_hex(8),
        "trace_id": trace,
        "start_time": start,
        "end_time": start + seconds,
        **more,
    }


def subsegment(name, *, start=None, seconds=0.05, id=None, **more):
    start = time.time() - 1 if start is None else start
    return {"name": name, "id": id or secrets.token_hex(8), "start_time": start, "end_time": start + seconds, **more}


def put(xray, *documents):
    texts = [one if isinstance(one, str) else json.dumps(one) for one in documents]
    return xray.put_trace_segments(TraceSegmentDocuments=texts)["UnprocessedTraceSegments"]


def get(xray, trace):
    """The documents of one trace by id."""
    (found,) = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    return {one["Id"]: json.loads(one["Document"]) for one in found["Segments"]}
