"""GetServiceGraph, GetTraceGraph and GetTimeSeriesServiceStatistics."""

from __future__ import annotations

import asyncio

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context, page
from trunkline.services.xray.api.summaries import time_range
from trunkline.services.xray.groups import Selecting, Selects, read_filter
from trunkline.services.xray.insights.baseline import HISTORY_S

_LONGEST_S = 6 * 3600
_PAGE = 100
_POINTS = 300


class Graphs(Context):
    @operation()
    async def get_service_graph(self, call: Call, req: Doc) -> Doc:
        start, end = time_range(req, _LONGEST_S)
        only = self._group(call, req)

        def work() -> list[Doc]:
            from trunkline.services.xray.graph import asking, described

            asked = asking.Asking(self._telemetry, call.account, call.region)
            return described.services(asked.range(start, end, only))

        shown, token = page(await asyncio.to_thread(work), req.get("NextToken"), _PAGE)
        # Groups are asked when the graph is, so that no trace was chosen by an older expression.
        times = {"StartTime": req["StartTime"], "EndTime": req["EndTime"]}
        return {**times, "Services": shown, "ContainsOldGroupVersions": False, "NextToken": token}

    @operation()
    async def get_trace_graph(self, call: Call, req: Doc) -> Doc:
        ids = list(dict.fromkeys(one.lower() for one in req["TraceIds"]))

        def work() -> list[Doc]:
            from trunkline.services.xray.graph import asking, described

            return described.services(asking.Asking(self._telemetry, call.account, call.region).traces(ids))

        shown, token = page(await asyncio.to_thread(work), req.get("NextToken"), _PAGE)
        return {"Services": shown, "NextToken": token}

    @operation()
    async def get_time_series_service_statistics(self, call: Call, req: Doc) -> Doc:
        start, end = time_range(req, _LONGEST_S)
        period = req.get("Period", 60)
        if period < 1:
            raise store.invalid("The period must be positive.")
        text = req.get("EntitySelectorExpression")
        selected = read_filter(text) if text else None
        forecast = req.get("ForecastStatistics", False)
        only = self._group(call, req)

        def work() -> list[Doc]:
            from trunkline.services.xray.graph import asking, series

            asked = asking.Asking(self._telemetry, call.account, call.region)
            selection = series.Selection(selected, forecast)
            history = HISTORY_S if forecast else 0
            happened = asked.range(start - history, end, only)
            return series.points(happened, selection, start, end, period)

        shown, token = page(await asyncio.to_thread(work), req.get("NextToken"), _POINTS)
        return {"TimeSeriesServiceStatistics": shown, "ContainsOldGroupVersions": False, "NextToken": token}

    def _group(self, call: Call, req: Doc) -> Selects | None:
        """What the group selects that is asked for; None where it is everything."""
        if "GroupName" not in req and "GroupARN" not in req:
            return None
        return Selecting(self._db, call.account, call.region).of(store.group(self._db, call, req))
