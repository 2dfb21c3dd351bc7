"""`trunkline dora`: the four figures, each with the events it counted."""

from pathlib import Path
from typing import Any

import click
import orjson

from trunkline.cli import endpoint


@click.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.option("--days", type=float, default=30.0, show_default=True, help="look back this far")
def command(data_dir: Path, as_json: bool, days: float) -> None:
    """Print the four DORA figures, each with the events it was counted from."""
    report = endpoint.find(data_dir).page(f"dora?days={days}")
    if as_json:
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        return
    for line in lines(report, days):
        click.echo(line)


def lines(report: dict[str, Any], days: float) -> list[str]:
    """The report as text."""
    frequency, lead = report["deployment_frequency"], report["lead_time_for_changes"]
    failure, recovery = report["change_failure_rate"], report["failed_deployment_recovery_time"]
    share = "none yet" if failure["rate"] is None else f"{100 * failure['rate']:.0f} %"
    found = [
        f"Deployment frequency             {frequency['count']} in {days:g} days ({frequency['per_day']:.2f} a day)"
    ]
    found += _counted(frequency)
    found += [f"Lead time for changes            {_duration(lead['median_s'])} (median)", *_counted(lead)]
    found += [
        f"Change failure rate              {share} ({failure['failed']} of {failure['changes']})",
        *_counted(failure),
    ]
    found += [f"Failed deployment recovery time  {_duration(recovery['median_s'])} (median)", *_counted(recovery)]
    return found


def _counted(figure: dict[str, Any]) -> list[str]:
    found = []
    for story in figure["counted"]:
        seconds = f" {_duration(story['seconds'])}" if "seconds" in story else ""
        commit = f" commit {story['commit'][:8]}" if story["commit"] else ""
        found.append(f"  {story['deployment']}{commit}{seconds}")
        found += [f"    #{event['seq']:<6} {event['time'][11:19]} {event['what']}" for event in story["events"]]
    return found


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "none yet"
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
