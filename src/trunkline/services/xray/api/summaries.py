"""GetTraceSummaries."""

from __future__ import annotations

import asyncio
import itertools
import math
from datetime import datetime
from typing import NamedTuple

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context
from trunkline.services.xray.groups import Selecting, Selects
from trunkline.services.xray.segments import intake
from trunkline.services.xray.segments.trace import assemble
from trunkline.services.xray.summaries.finding import Found, latest_first
from trunkline.services.xray.summaries.summary import moment, summarise

_PAGE = 100
_LOOKED_AT = 2_000
"""Traces that one call reads at most: a page of a rare filter may be empty and still have a token, as with AWS."""
_AT_ONCE = 100
_WHOLE = 10_000
_LONGEST_S = 24 * 3600


class _Asked(NamedTuple):
    account: str
    region: str
    start: float
    end: float
    by: str
    selects: Selects | None
    share: float
    before: Found | None


class Summaries(Context):
    @operation()
    async def get_trace_summaries(self, call: Call, req: Doc) -> Doc:
        start, end = time_range(req, _LONGEST_S)
        text = req.get("FilterExpression")
        asked = _Asked(
            call.account,
            call.region,
            start,
            end,
            req.get("TimeRangeType", "TraceId"),
            Selecting(self._db, call.account, call.region).by(text) if text else None,
            _share(req),
            _place(req.get("NextToken")),
        )
        return await asyncio.to_thread(self._summaries, asked)

    def _summaries(self, asked: _Asked) -> Doc:
        owner = intake.owner_of(asked.account, asked.region)
        found = latest_first(self._telemetry, owner, asked.start, asked.end, asked.by, asked.before)
        shown: list[Doc] = []
        looked_at = 0
        last: Found | None = None
        first: Found | None = None
        more = False
        for some in iter(lambda: list(itertools.islice(found, _AT_ONCE)), []):
            if len(shown) >= _PAGE or looked_at >= _LOOKED_AT:
                more = True
                break
            documents = self._telemetry.segments(owner, [one.trace for one in some if _chosen(one, asked.share)])
            for one in some:
                if len(shown) >= _PAGE:
                    more = True
                    break
                looked_at += 1
                last, first = one, first or one
                if one.trace not in documents:
                    continue
                trace = assemble(one.trace, documents[one.trace], asked.account)
                if asked.by == "TraceId" and trace.start < one.time:
                    continue  # found by a later part of it
                if asked.selects is None or asked.selects(trace):
                    matched = None if asked.by == "TraceId" else one.time
                    shown.append(summarise(trace, len(documents[one.trace]), matched))
            if more:
                break
        return {
            "TraceSummaries": shown,
            "ApproximateTime": moment(first.time if first else asked.end),
            "TracesProcessedCount": looked_at,
            "NextToken": paging.encode(f"{last.time!r} {last.trace}") if more and last is not None else None,
        }


def time_range(req: Doc, longest_s: float) -> tuple[float, float]:
    """The range in seconds, without its end. Clients send whole seconds, and mean the last one too."""
    start: datetime = req["StartTime"]
    end: datetime = req["EndTime"]
    if end < start:
        raise store.invalid("The end time must not lie before the start time.")
    if (end - start).total_seconds() > longest_s:
        raise store.invalid(f"The time range must not be longer than {longest_s / 3600:g} hours.")
    return float(math.floor(start.timestamp())), math.floor(end.timestamp()) + 1.0


def _share(req: Doc) -> float:
    """How many of the traces are wanted, 1 for all. Left to us by Sampling alone, it is all of them."""
    strategy = req.get("SamplingStrategy", {})
    share = strategy.get("Value", 1.0)
    if not 0 <= share <= 1:
        raise store.invalid("The value of a sampling strategy lies between 0 and 1.")
    return float(share) if req.get("Sampling") else 1.0


def _chosen(one: Found, share: float) -> bool:
    """The same traces every time: their ids are random enough to draw lots by."""
    return share >= 1 or int(one.trace[-8:], 16) % _WHOLE < share * _WHOLE


def _place(token: str | None) -> Found | None:
    if not token:
        return None
    time, _, trace = paging.decode(token, error="InvalidRequestException").partition(" ")
    try:
        return Found(float(time), trace)
    except ValueError as error:
        raise store.invalid("The specified nextToken is not valid.") from error
