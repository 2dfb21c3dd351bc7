"""`trunkline alarms`: replay an alarm over the stored history, as it is or changed; find what pages least."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import click
import orjson

from trunkline.cli import endpoint
from trunkline.cli.alarm_lines import replay_lines, tune_lines

F = TypeVar("F", bound=Callable[..., Any])


def _asked(function: F) -> F:
    """What both commands take."""
    for option in (
        click.option("--incident", "incidents", multiple=True, metavar="START/END",
                     help="a time that the alarm must catch (may be repeated)"),
        click.option("--incident-minutes", type=float, default=5.0, show_default=True,
                     help="without --incident: the alarm's own ALARM states of this length were incidents"),
        click.option("--until", default="", help="the end of the time [now]"),
        click.option("--since", default="7d", show_default=True, help="a time (2026-11-22T10:00) or how long ago (6h)"),
        click.option("--treat-missing", default="", help="breaching, notBreaching, ignore or missing"),
        click.option("--period", default="", metavar="SECONDS", help="another period"),
        click.option("--datapoints", default="", metavar="M/N", help="other datapoints to alarm, such as 2/3"),
        click.option("--threshold", default="", help="another threshold"),
        click.argument("name"),
        endpoint.AS_JSON,
        endpoint.DATA_DIR,
    ):  # fmt: skip
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Alarms over history: `replay` one as it is or changed, `tune` one to page least and miss nothing."""


@command.command()
@_asked
def replay(data_dir: Path, as_json: bool, name: str, incidents: tuple[str, ...], **asked: Any) -> None:
    """When NAME would have fired, how often it flapped, and which deployments and incidents it caught or missed."""
    report = _page(data_dir, "replay", name, incidents, asked)
    _print(report, as_json, replay_lines)


@command.command()
@_asked
def tune(data_dir: Path, as_json: bool, name: str, incidents: tuple[str, ...], **asked: Any) -> None:
    """Propose the setting of NAME with the fewest pages that misses no incident, as a patch of its template.

    What is given as an option is kept; the rest is tried.
    """
    report = _page(data_dir, "tune", name, incidents, asked)
    _print(report, as_json, tune_lines)


def _page(data_dir: Path, what: str, name: str, incidents: tuple[str, ...], asked: dict[str, Any]) -> dict[str, Any]:
    query = {"name": name, "incidents": ",".join(incidents), **asked}
    return endpoint.find(data_dir).page(f"alarms/{what}?{urlencode(query)}")


def _print(report: dict[str, Any], as_json: bool, lines: Callable[[dict[str, Any]], list[str]]) -> None:
    if as_json:
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        return
    for line in lines(report):
        click.echo(line)
