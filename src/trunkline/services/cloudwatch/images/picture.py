"""Put together what a widget shows, and have it drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline.services.cloudwatch import child
from trunkline.services.cloudwatch.images.widget import Widget

_DRAWING = "trunkline.services.cloudwatch.images.drawing"
_TIMEOUT_S = 30.0

Shown = tuple[str, str, list[tuple[int, float]]]
"""The id of a query, the label of one of its series, and the points."""


async def draw(widget: Widget, shown: Sequence[Shown], banded: set[str]) -> bytes:
    """The picture; `banded` are the queries that are bands: their two series are the ends of one."""
    series: list[dict[str, Any]] = []
    for query_id, label, points in shown:
        look = widget.looks[query_id]
        series.append(
            {
                "label": label,
                "points": points,
                "color": look.get("color"),
                "right": look.get("yAxis") == "right",
                "band": query_id if query_id in banded else None,
            }
        )
    return await child.ask(
        _DRAWING,
        {
            "view": widget.view,
            "width": widget.width,
            "height": widget.height,
            "start_ms": widget.start_ms,
            "end_ms": widget.end_ms,
            "series": series,
            "style": widget.style,
        },
        _TIMEOUT_S,
    )
