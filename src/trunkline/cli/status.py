"""`trunkline status`: is a server up, and what runs."""

from pathlib import Path

import click
import orjson

from trunkline.cli import endpoint


@click.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
def command(data_dir: Path, as_json: bool) -> None:
    """Show whether a server is up, its engines, and how many operations each service has."""
    status = endpoint.find(data_dir).page("status")
    if as_json:
        click.echo(orjson.dumps(status, option=orjson.OPT_INDENT_2))
        return
    click.echo(
        f"Trunkline {status['version']} at {status['endpoint']} (account {status['account']}, auth {status['auth']})"
    )
    for engine in ("containers", "proxy"):
        found = status[engine]
        running = f", {found['running']} running" if "running" in found else ""
        click.echo(f"{engine:12}{found['state']}{running}{': ' + found['why'] if 'why' in found else ''}")
    networks = status["networks"]
    click.echo(f"{'networks':12}{'real' if networks['real'] else 'not real'}: {networks['why']}")
    click.echo(f"{'events':12}{status['events']}")
    width = max(len(name) for name in status["operations"])
    for name, count in status["operations"].items():
        click.echo(f"  {name:{width}}  {count} operations")
