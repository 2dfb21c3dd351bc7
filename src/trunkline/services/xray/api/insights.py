"""GetInsight and its companions."""

from __future__ import annotations

import asyncio

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context, page
from trunkline.services.xray.api.summaries import time_range
from trunkline.services.xray.groups import Selecting
from trunkline.services.xray.insights import described
from trunkline.services.xray.model import Insight
from trunkline.services.xray.segments.document import KEPT_S

_LONGEST_GRAPH_S = 6 * 3600
_PAGE = 50
_SERVICES_A_PAGE = 100


class Insights(Context):
    @operation()
    async def get_insight(self, call: Call, req: Doc) -> Doc:
        return {"Insight": described.insight(self._insight(call, req))}

    @operation()
    async def get_insight_summaries(self, call: Call, req: Doc) -> Doc:
        start, end = time_range(req, KEPT_S)
        if start < self._clock.time() - KEPT_S - 60:
            raise store.invalid("The start time must not be more than 30 days old.")
        group = store.group(self._db, call, req)
        states = req.get("States") or ["ACTIVE", "CLOSED"]
        found = [
            one
            for one in store.insights(self._db, group)
            if one.start <= end and (one.active or one.end >= start)
            if ("ACTIVE" if one.active else "CLOSED") in states
        ]
        shown, token = paging.page(
            found,
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda one: f"{one.start:020.3f} {one.id}",
            error="InvalidRequestException",
            reverse=True,
        )
        return {"InsightSummaries": [described.summary(one) for one in shown], "NextToken": token}

    @operation()
    async def get_insight_events(self, call: Call, req: Doc) -> Doc:
        events = self._insight(call, req).events
        shown, token = paging.page(
            events,
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda one: f"{one.time:020.3f}",
            error="InvalidRequestException",
            reverse=True,
        )
        return {"InsightEvents": [described.event(one) for one in shown], "NextToken": token}

    @operation()
    async def get_insight_impact_graph(self, call: Call, req: Doc) -> Doc:
        start, end = time_range(req, _LONGEST_GRAPH_S)
        insight = self._insight(call, req)
        group = store.group(self._db, call, {"GroupName": insight.group})
        only = Selecting(self._db, call.account, call.region).of(group)

        def work() -> list[Doc]:
            from trunkline.services.xray.graph import asking, structure

            happened = asking.Asking(self._telemetry, call.account, call.region).range(start, end, only)
            return structure.services(happened)

        shown, token = page(await asyncio.to_thread(work), req.get("NextToken"), _SERVICES_A_PAGE)
        return {
            "InsightId": insight.id,
            "StartTime": req["StartTime"],
            "EndTime": req["EndTime"],
            "ServiceGraphStartTime": req["StartTime"],
            "ServiceGraphEndTime": req["EndTime"],
            "Services": shown,
            "NextToken": token,
        }

    def _insight(self, call: Call, req: Doc) -> Insight:
        found = store.INSIGHTS.find(self._db, prefix=(call.account, call.region), id=req["InsightId"])
        if not found:
            raise store.invalid("Insight not found")
        return found[0]
