"""`trunkline up`: start a server in the foreground."""

from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="where everything is kept [.trunkline]")
@click.option("--port", type=int, help="port of the AWS endpoint [4566]")
@click.option("--console-port", type=int, help="port of the web console [4567]")
@click.option("--xray-port", type=int, help="port of the X-Ray daemon and of OTLP [2000]")
@click.option("--auth", type=click.Choice(["strict", "open"]), help="open: accept any credentials [strict]")
@click.option("--clock", type=float, help="run waits this many times faster [1]")
@click.option("--upstream", help="forward unknown services to this AWS-compatible endpoint")
@click.option("--guard", type=click.Choice(["off", "flag", "refuse"]), help="direct changes to what stacks own [off]")
@click.option("--host", help="address to bind [127.0.0.1]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[info]")
@click.option("--log-json", is_flag=True, default=None, help="log JSON lines")
def command(**flags: Any) -> None:
    """Start a server in the foreground; stop it with Ctrl-C or SIGTERM.

    Each option is also an environment variable (TRUNKLINE_PORT, …) and a key of DATA_DIR/trunkline.toml.
    """
    from trunkline.core import settings
    from trunkline.server import run

    try:
        chosen = settings.prepare(settings.load(flags))
    except settings.SettingsError as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(run.serve(chosen))
