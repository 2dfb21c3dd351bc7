"""What `trunkline trace` prints: tables of where time goes, and a trace as a waterfall."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from trunkline.cli.trace_times import Entity

Doc = dict[str, Any]
_BAR = 24
_WATERFALL = 48
_MOST = 8


def slow_lines(report: Doc) -> Iterator[str]:
    """One table for each side of a comparison."""
    for side in report["sides"]:
        yield from _side(side)
        yield ""
    verdict = report.get("verdict")
    if verdict:
        yield verdict


def _side(side: Doc) -> Iterator[str]:
    if not side["traces"]:
        yield f"{side['title']}: no traces"
        return
    slow, typical = side["slow"], side["typical"]
    yield (
        f"{side['title']}: the slowest {side['share_pct']:g} % of {side['traces']} traces ({slow['traces']}), "
        f"{_ms(side['slowest_from_ms'])} and more; the median is {_ms(side['median_ms'])}"
    )
    whole = max(slow["mean_ms"], 0.001)
    yield f"  {'own time of':36} {'':{_BAR}}  share  slow         typical"
    for name, spent in list(slow["services"].items())[:_MOST]:
        yield _row(name, spent, whole, typical["services"].get(name, 0.0))
    if slow["edges"]:
        yield "  waiting for calls"
        before = {(one["from"], one["to"]): one["mean_ms"] for one in typical["edges"]}
        for one in slow["edges"][:_MOST]:
            name = f"{one['from']} → {one['to']}"
            yield _row(name, one["mean_ms"], whole, before.get((one["from"], one["to"]), 0.0))
    found = slow["bottleneck"]
    share = 100 * slow["services"].get(found["service"], 0.0) / whole
    edge = f", reached by {' → '.join(found['edge'])}" if found["edge"] else ""
    yield f"  bottleneck: {found['service']} ({share:.0f} % of the time){edge}"
    for one in side["examples"]:
        yield f"  {_ms(one['ms']):>10}  trunkline trace show {one['id']}"


def _row(name: str, spent: float, whole: float, typical: float) -> str:
    share = min(1.0, spent / whole)
    bar = "█" * round(share * _BAR)
    return f"  {name[:36]:36} {bar:{_BAR}}  {100 * share:4.0f}%  {_ms(spent):>9}  {_ms(typical):>10}"


def waterfall(trace_id: str, roots: list[Entity]) -> Iterator[str]:
    """Every segment and subsegment with its place in time."""
    start = min(root.start for root in roots)
    whole = max(0.001, max(entity.end for entity in _all(roots)) - start)
    at = datetime.fromtimestamp(start, UTC).isoformat(timespec="milliseconds")
    yield f"{trace_id}  {at}  {_ms(whole * 1000)}"
    pending = [(root, 0) for root in reversed(roots)]
    while pending:
        entity, depth = pending.pop()
        yield _bar(entity, depth, start, whole)
        pending += [(child, depth + 1) for child in sorted(entity.children, key=lambda one: -one.start)]


def _bar(entity: Entity, depth: int, start: float, whole: float) -> str:
    before = min(_WATERFALL - 1, int((entity.start - start) / whole * _WATERFALL))
    length = max(1, min(_WATERFALL - before, round((entity.end - entity.start) / whole * _WATERFALL)))
    mark = "━" if entity.is_segment else "─"
    bar = " " * before + mark * length
    name = "  " * min(depth, 12) + entity.name
    return f"{name[:44]:44} {bar:{_WATERFALL}} {_ms((entity.end - entity.start) * 1000):>9}  {_said(entity)}".rstrip()


def _said(entity: Entity) -> str:
    doc = entity.doc
    words = []
    http = doc.get("http") or {}
    request, status = http.get("request") or {}, (http.get("response") or {}).get("status")
    if request.get("method"):
        words.append(f"{request['method']} {request.get('url', '')}")
    if status:
        words.append(str(status))
    words += [flag.upper() for flag in ("fault", "error", "throttle") if doc.get(flag) is True]
    told = doc.get("annotations") or {}
    words += [f"{key}={told[key]}" for key in ("deployment", "color", "revision", "commit") if told.get(key)]
    cause = doc.get("cause")
    for exception in cause.get("exceptions") or [] if isinstance(cause, dict) else []:
        words.append(f"{exception.get('type')}: {exception.get('message')}")
    return " ".join(words)


def _all(roots: list[Entity]) -> Iterator[Entity]:
    pending = list(roots)
    while pending:
        entity = pending.pop()
        yield entity
        pending += entity.children


def _ms(ms: float) -> str:
    return f"{ms / 1000:.2f} s" if ms >= 10_000 else f"{ms:.1f} ms"
