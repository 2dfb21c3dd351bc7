"""`trunkline trace`: what makes the slowest requests slow, before and after a deployment; one as a waterfall."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson
from botocore.exceptions import ClientError

from trunkline.cli import endpoint
from trunkline.cli.trace_lines import slow_lines, waterfall
from trunkline.cli.trace_times import Times, read

Doc = dict[str, Any]
_AT_ONCE = 5
_LONGEST = timedelta(hours=24)  # of one question to X-Ray
_MOST_READ = 250
_EXAMPLES = 3
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@click.group()
def command() -> None:
    """Traces: what makes the slowest ones slow, and where one spent its time."""


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.option("--filter", "expression", default="", help='X-Ray\'s filter expression, such as service("shop")')
@click.option("--group", default="", help="the traces of an X-Ray group")
@click.option("--since", default="1h", show_default=True, help="look back this far: 30m, 6h, 2d")
@click.option(
    "--share", type=click.FloatRange(0.01, 100), default=1.0, show_default=True, help="per cent of the traces"
)
@click.option("--deployment", default="", help="compare with what ran before: d-… or ecs-svc/…")
def slow(data_dir: Path, as_json: bool, expression: str, group: str, since: str, share: float, deployment: str) -> None:
    """Name the service and the call in which the slowest traces spend their time."""
    xray = endpoint.find(data_dir).client("xray")
    found = _summaries(xray, _expression(expression, group), _ago(since))
    if not deployment:
        sides = [_side(xray, f"since {since}", found, share)]
    else:
        of_it = [one for one in found if deployment in _deployments(one)]
        first = min((one["StartTime"] for one in of_it), default=None)
        before = [one for one in found if deployment not in _deployments(one) and _touches(one, of_it)]
        sides = [
            _side(xray, "before", before, share),
            _side(xray, f"{deployment} (from {first:%H:%M:%S})" if first else deployment, of_it, share),
        ]
    report = {"sides": sides, "verdict": _verdict(*sides) if len(sides) == 2 else ""}
    if as_json:
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        return
    for line in slow_lines(report):
        click.echo(line)


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("trace_id")
def show(data_dir: Path, as_json: bool, trace_id: str) -> None:
    """Show one trace as a waterfall."""
    xray = endpoint.find(data_dir).client("xray")
    found = _traces(xray, [trace_id])
    if not found:
        raise click.ClickException(f"there is no trace {trace_id}")
    if as_json:
        documents = [orjson.loads(one["Document"]) for one in found[0]["Segments"]]
        click.echo(orjson.dumps({"id": trace_id, "segments": documents}, option=orjson.OPT_INDENT_2))
        return
    for line in waterfall(trace_id, read(found[0])):
        click.echo(line)


def _expression(expression: str, group: str) -> str:
    parts = [f"({expression})"] if expression and group else [expression] if expression else []
    return " AND ".join([*parts, *([f'group.name = "{group}"'] if group else [])])


def _ago(text: str) -> datetime:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no time such as 30m, 6h or 2d", param_hint="--since")
    return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: float(found[1])})


def _summaries(xray: Any, expression: str, since: datetime) -> list[Doc]:
    """What X-Ray knows of all the traces of that time."""
    found: dict[str, Doc] = {}
    now = datetime.now(UTC) + timedelta(seconds=2)  # botocore cuts times to whole seconds
    while since < now:
        until = min(now, since + _LONGEST)
        asked = {"StartTime": since, "EndTime": until, "TimeRangeType": "Event"}
        if expression:
            asked["FilterExpression"] = expression
        try:
            for page in xray.get_paginator("get_trace_summaries").paginate(**asked):
                found.update({one["Id"]: one for one in page["TraceSummaries"]})
        except ClientError as error:
            raise click.ClickException(error.response["Error"]["Message"]) from error
        since = until
    return list(found.values())


def _traces(xray: Any, ids: Sequence[str]) -> list[Doc]:
    found: list[Doc] = []
    for start in range(0, len(ids), _AT_ONCE):
        try:
            found += xray.batch_get_traces(TraceIds=ids[start : start + _AT_ONCE])["Traces"]
        except ClientError as error:
            raise click.ClickException(error.response["Error"]["Message"]) from error
    return found


def _side(xray: Any, title: str, summaries: list[Doc], share_pct: float) -> Doc:
    """The slowest share of some traces, and those around the median to compare with."""
    if not summaries:
        return {"title": title, "traces": 0}
    ordered = sorted(summaries, key=_taken, reverse=True)
    count = max(1, round(len(ordered) * share_pct / 100))
    slowest = ordered[:count][:_MOST_READ]
    middle, around = len(ordered) // 2, min(len(slowest), 50)
    typical = ordered[max(0, middle - around // 2) :][: max(1, around)]
    return {
        "title": title,
        "traces": len(ordered),
        "share_pct": share_pct,
        "median_ms": round(_taken(ordered[middle]) * 1000, 3),
        "slowest_from_ms": round(_taken(ordered[count - 1]) * 1000, 3),
        "slow": _times(xray, slowest).to_json(),
        "typical": _times(xray, typical).to_json(),
        "examples": [{"id": one["Id"], "ms": round(_taken(one) * 1000, 3)} for one in slowest[:_EXAMPLES]],
    }


def _times(xray: Any, summaries: Sequence[Doc]) -> Times:
    times = Times()
    for trace in _traces(xray, [one["Id"] for one in summaries]):
        times.add(read(trace))
    return times


def _taken(summary: Doc) -> float:
    return float(summary.get("ResponseTime") or summary.get("Duration") or 0.0)


def _deployments(summary: Doc) -> set[str]:
    told = (summary.get("Annotations") or {}).get("deployment") or []
    return {one["AnnotationValue"].get("StringValue", "") for one in told}


def _touches(summary: Doc, others: list[Doc]) -> bool:
    """Whether it entered where the others did: what else is traced is no comparison."""
    entries = {(one.get("EntryPoint") or {}).get("Name") for one in others}
    return not entries or (summary.get("EntryPoint") or {}).get("Name") in entries


def _verdict(before: Doc, after: Doc) -> str:
    """What a deployment changed, in one sentence."""
    if not before["traces"] or not after["traces"]:
        return "There are no traces to compare with."
    service = after["slow"]["bottleneck"]["service"]
    was, now = (side["slow"]["services"].get(service, 0.0) for side in (before, after))
    slowest = (before["slow"]["mean_ms"], after["slow"]["mean_ms"])
    change = f"{slowest[0]:.1f} ms to {slowest[1]:.1f} ms"
    return f"The slowest went from {change}; {service} itself from {was:.1f} ms to {now:.1f} ms."
