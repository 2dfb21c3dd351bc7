"""`trunkline demo`: the main job, from `git push` to blue/green production, and back when it breaks.

It is a client like any other: it starts a server of its own, and does everything else over the AWS API, git and HTTP.
"""

from pathlib import Path

import click


@click.command()
@click.option(
    "--example", type=click.Path(path_type=Path, exists=True), default=Path("examples/hello"), show_default=True
)
@click.option("--keep", is_flag=True, envvar="KEEP", help="leave everything running and print the exports [KEEP=1]")
@click.option("--clock", type=float, default=5.0, show_default=True, help="how much faster than real time waits run")
@click.option("--json", "as_json", is_flag=True, help="print what was measured as one JSON line at the end")
def command(example: Path, keep: bool, clock: float, as_json: bool) -> None:
    """Run the main job and check every promise it makes; exits 0 only if all of them held."""
    from trunkline.cli.demo.story import tell

    raise SystemExit(tell(example.absolute(), keep=keep, clock=clock, as_json=as_json))
