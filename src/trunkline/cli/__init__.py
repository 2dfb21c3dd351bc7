"""The `trunkline` command: one file per subcommand, imported when it is called. All but `up` speak HTTP only."""

import importlib
from typing import Any

import click

_COMMANDS = {
    "up": "start a Trunkline server in the foreground",
    "down": "stop a server and what it runs",
    "status": "show whether a server is up, and what runs",
    "env": "print the exports that point AWS tools at the server",
    "demo": "run the main job, from git push to blue/green production and back",
    "deploy": "watch, list, promote and roll back deployments",
    "stack": "every template applied to a stack: list, compare, go back",
    "drift": "show what is no longer as its template says, and who did it; revert or adopt it",
    "alarms": "replay an alarm over history, as it is or changed; tune it to page least and miss nothing",
    "dashboards": "a dashboard for each service of a stack: traffic, errors, latency, saturation, deployments",
    "trace": "what makes the slowest requests slow, before and after a deployment; one as a waterfall",
    "dora": "print the four DORA figures, each with the events it counted",
}


class _Lazy(click.Group):
    """Subcommands are found by name and imported on use, which keeps the start of each fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module: Any = importlib.import_module(f"trunkline.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="trunkline", message="%(version)s")
def main() -> None:
    """DevOps on AWS as software a team owns."""
