"""A replayed or tuned alarm as lines for people, and its template patch."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import yaml

Doc = dict[str, Any]
_MOST_FIRINGS = 20


def replay_lines(report: Doc) -> list[str]:
    wanted, had = report["replayed"], report["present"]
    lines = [f"{report['alarm']}  {setting(wanted)}"]
    if wanted != had:
        lines.append(f"  instead of {setting(had)}")
    lines.append(f"  {report['from']} to {report['to']}, looked at every {report['looked_every_s']} s")
    return [*lines, "", *_worth(report)]


def tune_lines(report: Doc) -> list[str]:
    now, proposed = report["present"], report["proposed"]
    lines = [
        f"{report['alarm']}  {setting(now['properties'])}",
        f"  {report['from']} to {report['to']}",
        f"  {_brief(now)}",
    ]
    if report["note"]:
        return [*lines, "", report["note"]]
    if report["patch"] is None:
        return [*lines, "", f"No better one among {report['tried']} settings."]
    lines += ["", f"Proposed of {report['tried']}: {setting(proposed['properties'])}", "", *_worth(proposed), ""]
    patch = yaml.safe_dump({"Resources": {"Alarm": report["patch"]}}, sort_keys=False).rstrip()
    return [*lines, "# for the template, under the alarm's logical id", patch]


def setting(properties: Doc) -> str:
    """Such as "GreaterThanThreshold 5, 2 of 3 datapoints of 60 s, missing data: missing"."""
    threshold = f" {properties['Threshold']:g}" if "Threshold" in properties else ""
    period = f" of {properties['Period']} s" if "Period" in properties else ""
    datapoints = f"{properties['DatapointsToAlarm']} of {properties['EvaluationPeriods']} datapoints{period}"
    missing = f"missing data: {properties['TreatMissingData']}"
    return f"{properties['ComparisonOperator']}{threshold}, {datapoints}, {missing}"


def _brief(of: Doc) -> str:
    pages = _counted(of["pages"], "page")
    caught = f"caught {of['caught']} of {_counted(of['incidents'], 'incident')}"
    return f"{pages} ({of['false_pages']} for nothing), {_counted(of['flaps'], 'flap')}, {caught}"


def _worth(of: Doc) -> Iterator[str]:
    yield f"{_brief(of)}; {of['alarm_minutes']:g} minutes in ALARM"
    for one in of["firings"][:_MOST_FIRINGS]:
        during = f"  during {', '.join(one['during'])}" if one["during"] else "  for nothing"
        yield f"  ▲ {_when(one)}{' and lasts' if one['lasts'] else ''}{during}"
    if len(of["firings"]) > _MOST_FIRINGS:
        yield f"  … {len(of['firings']) - _MOST_FIRINGS} more"
    if of["what_happened"]:
        yield "Incidents"
    for one in of["what_happened"]:
        mark = f"✔ caught after {one['after_s']} s" if one["caught"] else "✘ missed"
        yield f"  {mark}  {one['what']}  {_when(one)}"
    if of["deployments"]:
        yield "Deployments"
    for one in of["deployments"]:
        commit = f" commit {one['commit'][:8]}" if one["commit"] else ""
        yield f"  {'▲ fired' if one['fired'] else '  quiet'}  {one['id']}{commit} {one['state'].lower()}  {_when(one)}"


def _when(one: Doc) -> str:
    start, end = (datetime.fromisoformat(one[name]) for name in ("start", "end"))
    last = f"{end:%H:%M:%S}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    return f"{start:%Y-%m-%d %H:%M:%S} – {last}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
