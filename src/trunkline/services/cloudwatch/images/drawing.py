"""Draw one widget, in a process of its own: `python -m …drawing`, what to draw as JSON on standard input."""

from __future__ import annotations

import io
import re
import sys
from datetime import timedelta, timezone
from typing import Any

import matplotlib as mpl
import orjson
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

Doc = dict[str, Any]

_DPI = 100
_COLORS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
    "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
)  # fmt: skip
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_THEMES = {
    "light": {"paper": "#ffffff", "ink": "#16191f", "faint": "#687078", "grid": "#eaeded"},
    "dark": {"paper": "#192534", "ink": "#d5dbdb", "faint": "#95a5a6", "grid": "#2f3d4e"},
}
_LONGEST_LABEL = 60
_MOST_IN_LEGEND = 40


def draw(what: Doc) -> bytes:
    style = what["style"]
    theme = _THEMES.get(style.get("theme", "light"), _THEMES["light"])
    mpl.rcParams.update(
        {
            "font.family": "DejaVu Sans",
            "font.size": 8,
            "text.parse_math": False,
            "text.color": theme["ink"],
            "axes.labelcolor": theme["faint"],
        }
    )
    figure = Figure(figsize=(what["width"] / _DPI, what["height"] / _DPI), dpi=_DPI, facecolor=theme["paper"])
    for place, one in enumerate(what["series"]):
        own = one["color"] if isinstance(one["color"], str) and _COLOR.fullmatch(one["color"]) else None
        one["color"] = own or _COLORS[place % len(_COLORS)]
    title = str(style.get("title", ""))[:200]
    if title:
        height = 1 - 14 / what["height"]
        figure.text(10 / what["width"], height, title, fontsize=10.5, fontweight="bold", va="center")
    {"timeSeries": _time_series, "singleValue": _numbers, "bar": _bars, "pie": _pie}[what["view"]](
        figure, what, theme, bool(title)
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, facecolor=theme["paper"])
    return picture.getvalue()


def _frame(figure: Figure, what: Doc, titled: bool, legend_rows: int = 0, *, right: bool = False) -> Axes:
    """The part of the picture that is left to the graph itself, in pixels from its edges."""
    width, height = what["width"], what["height"]
    bottom, top = 26 + 16 * legend_rows, 34 if titled else 14
    left, end = 52, 52 if right else 16
    inside = (max(0.1, (width - left - end) / width), max(0.1, (height - bottom - top) / height))
    box = (left / width, bottom / height, *inside)
    return figure.add_axes(box)


def _time_series(figure: Figure, what: Doc, theme: dict[str, str], titled: bool) -> None:
    style, series = what["style"], what["series"]
    named: dict[str, str] = {}
    for one in series:
        label = one["label"].removesuffix(" low").removesuffix(" high") if one["band"] else one["label"]
        named.setdefault(label[:_LONGEST_LABEL], one["color"])
    shown = list(named.items())[:_MOST_IN_LEGEND] if style.get("legend", {}).get("position") != "hidden" else []
    rows = _legend(figure, what, theme, shown)
    right = any(one["right"] for one in series)
    axes = _frame(figure, what, titled, rows, right=right)
    _plain(axes, theme)
    other = axes.twinx() if right else None
    if other is not None:
        _plain(other, theme)
        other.grid(visible=False)
    zone = _zone(style["timezone"])
    start = _day(what["start_ms"])
    axes.set_xlim(start, _day(what["end_ms"]))
    most = max(4, what["width"] // 90)
    locator = AutoDateLocator(tz=zone, minticks=3, maxticks=most)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=zone, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    for side, at in (("left", axes), ("right", other)):
        if at is not None:
            mine = [one for one in series if one["right"] == (side == "right")]
            _lines(at, mine, stacked=bool(style.get("stacked")))
            _annotate_values(at, style["horizontal"], side, start)
            _scale(at, style.get("yAxis", {}).get(side, {}))
    _annotate_times(axes, style["vertical"])
    if not any(one["points"] for one in series):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "No data available", transform=axes.transAxes, ha="center", color=theme["faint"])


def _lines(axes: Axes, series: list[Doc], *, stacked: bool) -> None:
    bands: dict[str, list[Doc]] = {}
    lines = []
    for one in series:
        if one["band"]:
            bands.setdefault(one["band"], []).append(one)
        else:
            lines.append(one)
    for ends in bands.values():
        low, high = ends[0], ends[-1]
        times = [_day(at) for at, _ in low["points"]]
        bottom, top = ([value for _, value in one["points"]] for one in (low, high))
        axes.fill_between(times, bottom, top, color=low["color"], alpha=0.18, linewidth=0)
    if stacked and lines:
        _stack(axes, lines)
        return
    for one in lines:
        times, values = [_day(at) for at, _ in one["points"]], [value for _, value in one["points"]]
        alone = "o" if len(values) == 1 else ""
        axes.plot(times, values, color=one["color"], linewidth=1.4, solid_capstyle="round", marker=alone, markersize=4)


def _stack(axes: Axes, lines: list[Doc]) -> None:
    everywhere = sorted({at for one in lines for at, _ in one["points"]})
    if not everywhere:
        return
    found = [dict(map(tuple, one["points"])) for one in lines]
    layers = [[known.get(at, 0.0) for at in everywhere] for known in found]
    axes.stackplot([_day(at) for at in everywhere], layers, colors=[one["color"] for one in lines], alpha=0.85)


def _annotate_values(axes: Axes, annotations: list[list[Doc]], side: str, start: float) -> None:
    for lines in annotations:
        mine = [line for line in lines if line.get("yAxis", "left") == side]
        for line in mine:
            color = _own(line)
            axes.axhline(line["value"], color=color, linewidth=1.1, linestyle=(0, (5, 3)))
            if line.get("label"):
                axes.annotate(
                    str(line["label"])[:_LONGEST_LABEL], (start, line["value"]), xytext=(4, 3),
                    textcoords="offset points", color=color, fontsize=7.5, annotation_clip=True,
                )  # fmt: skip
        if len(mine) == 2:
            axes.axhspan(mine[0]["value"], mine[1]["value"], color=_own(mine[0]), alpha=0.1, linewidth=0)
        elif mine and mine[0].get("fill") in {"above", "below"}:
            axes.margins(y=0.15)
            axes.relim()
            axes.autoscale_view()
            low, high = axes.get_ylim()
            edge = max(high, mine[0]["value"]) if mine[0]["fill"] == "above" else min(low, mine[0]["value"])
            axes.axhspan(mine[0]["value"], edge, color=_own(mine[0]), alpha=0.1, linewidth=0)
            axes.set_ylim(min(low, edge), max(high, edge))


def _annotate_times(axes: Axes, annotations: list[list[Doc]]) -> None:
    first, last = axes.get_xlim()
    for lines in annotations:
        times = [_day(line["value"]) for line in lines]
        for line, at in zip(lines, times, strict=True):
            if not first <= at <= last:
                continue
            axes.axvline(at, color=_own(line), linewidth=1.1)
            if line.get("label"):
                axes.annotate(
                    str(line["label"])[:_LONGEST_LABEL], (at, 1), xycoords=("data", "axes fraction"), xytext=(3, -9),
                    textcoords="offset points", color=_own(line), fontsize=7.5,
                )  # fmt: skip
        if len(times) == 2:
            axes.axvspan(times[0], times[1], color=_own(lines[0]), alpha=0.1, linewidth=0)
        elif times and lines[0].get("fill") in {"before", "after"}:
            axes.axvspan(
                times[0], first if lines[0]["fill"] == "before" else last, color=_own(lines[0]), alpha=0.1, linewidth=0
            )
    axes.set_xlim(first, last)


def _own(line: Doc) -> str:
    color = line.get("color")
    return color if isinstance(color, str) and _COLOR.fullmatch(color) else "#d13212"


def _scale(axes: Axes, given: Doc) -> None:
    low, high = given.get("min"), given.get("max")
    if low is None and axes.get_ylim()[0] > 0:
        low = 0  # a graph that does not start at nothing exaggerates
    axes.set_ylim(bottom=low, top=high)
    if given.get("label"):
        axes.set_ylabel(str(given["label"])[:_LONGEST_LABEL], fontsize=8)


def _plain(axes: Axes, theme: dict[str, str]) -> None:
    axes.set_facecolor("none")
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(theme["faint"])
    axes.grid(visible=True, axis="y", color=theme["grid"], linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=theme["faint"], labelsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, min_n_ticks=2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: short(value)))


def _legend(figure: Figure, what: Doc, theme: dict[str, str], named: list[tuple[str, str]]) -> int:
    """Labels in rows below the graph, each after a square of its color; how many rows they take."""
    places: list[tuple[int, int]] = []
    x, row = 12, 0
    for label, _ in named:
        length = 22 + 6 * len(label)
        if x > 12 and x + length > what["width"] - 8:
            x, row = 12, row + 1
        places.append((x, row))
        x += length
    most = max(1, (what["height"] // 3) // 16)
    rows = min(row + 1, most) if named else 0
    for (label, color), (x, at) in zip(named, places, strict=True):
        if at < rows:
            y = (rows - at) * 16 - 7
            figure.text(x / what["width"], y / what["height"], "■", color=color, fontsize=9, va="center")
            figure.text((x + 13) / what["width"], y / what["height"], label, color=theme["ink"], va="center")
    return rows


def _last(one: Doc) -> float | None:
    return one["points"][-1][1] if one["points"] else None


def _numbers(figure: Figure, what: Doc, theme: dict[str, str], titled: bool) -> None:
    series = what["series"][:24]
    columns = max(1, min(len(series), what["width"] // 150))
    rows = max(1, -(-len(series) // columns))
    top = 1 - (34 if titled else 8) / what["height"]
    for place, one in enumerate(series):
        x = (place % columns + 0.5) / columns
        y = top * (1 - (place // columns + 0.5) / rows)
        value = _last(one)
        room = min(what["width"] / columns / 5.5, what["height"] / rows / 3.2)
        shown = "--" if value is None else short(value)
        if what["style"].get("sparkline") and len(one["points"]) > 1:
            axes = figure.add_axes((x - 0.4 / columns, y - 0.46 * top / rows, 0.8 / columns, 0.24 * top / rows))
            axes.axis("off")
            values = [number for _, number in one["points"]]
            axes.fill_between(range(len(values)), values, min(values), color=one["color"], alpha=0.2, linewidth=0)
            axes.plot(values, color=one["color"], linewidth=1)
        figure.text(x, y + 0.06 * top / rows, shown, ha="center", va="center", fontsize=max(9, min(44, room)))
        figure.text(
            x, y - 0.14 * top / rows, one["label"][: max(8, what["width"] // columns // 6)],
            ha="center", va="center", color=one["color"], fontsize=8.5,
        )  # fmt: skip


def _bars(figure: Figure, what: Doc, theme: dict[str, str], titled: bool) -> None:
    rows = _legend(figure, what, theme, [(one["label"][:_LONGEST_LABEL], one["color"]) for one in what["series"]])
    axes = _frame(figure, what, titled, rows)
    _plain(axes, theme)
    axes.set_xticks([])
    values = [_last(one) or 0.0 for one in what["series"]]
    found = axes.bar(range(len(values)), values, color=[one["color"] for one in what["series"]], width=0.7)
    axes.bar_label(found, [short(value) for value in values], padding=2, fontsize=8)
    _scale(axes, what["style"].get("yAxis", {}).get("left", {}))


def _pie(figure: Figure, what: Doc, theme: dict[str, str], titled: bool) -> None:
    series = [one for one in what["series"] if (_last(one) or 0) > 0]
    rows = _legend(figure, what, theme, [(one["label"][:_LONGEST_LABEL], one["color"]) for one in series])
    axes = _frame(figure, what, titled, rows)
    axes.axis("off")
    if not series:
        axes.text(0.5, 0.5, "No data available", transform=axes.transAxes, ha="center", color=theme["faint"])
        return
    axes.pie(
        [_last(one) or 0.0 for one in series],
        colors=[one["color"] for one in series],
        autopct=lambda share: f"{share:.0f}%" if share >= 4 else "",
        pctdistance=0.78,
        startangle=90,
        counterclock=False,
        wedgeprops={"width": 0.45, "edgecolor": theme["paper"], "linewidth": 1.5},
        textprops={"color": "#ffffff", "fontsize": 8.5},
    )


def short(value: float) -> str:
    """1,234,567 as 1.23M."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}" if abs(value) < 1e-3 and value else f"{value:.4g}"


def _zone(offset: str) -> timezone:
    sign = -1 if offset.startswith("-") else 1
    return timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])))


def _day(time_ms: int) -> float:
    """As matplotlib counts: in days since 1970."""
    return time_ms / 86_400_000


def main() -> None:
    sys.stdout.buffer.write(draw(orjson.loads(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
