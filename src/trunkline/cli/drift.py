"""`trunkline drift`: what is no longer as its template says, which call did it and by whom; put it back, or keep it."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import orjson
from botocore.exceptions import ClientError

from trunkline.cli import endpoint
from trunkline.cli.drift_lines import FOUND, adoption, table, unowned_lines

Doc = dict[str, Any]


class _Group(click.Group):
    """`trunkline drift my-stack` is `trunkline drift show my-stack`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Group)
def command() -> None:
    """Drift with its causes. `trunkline drift [STACK]` shows it; see also revert and adopt."""


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("stack", required=False)
@click.option("--watch", is_flag=True, help="go on, and tell of drift as it happens")
@click.option("--unowned/--no-unowned", default=None, help="also list resources of no stack [without STACK: yes]")
def show(data_dir: Path, as_json: bool, stack: str | None, watch: bool, unowned: bool | None) -> None:
    """One line for each difference of STACK (all stacks by default): what, which call, by whom, when.

    Exits with 2 when something has drifted.
    """
    server = endpoint.find(data_dir)
    report = server.page("drift" + (f"?{urlencode({'stack': stack})}" if stack else ""))
    with_unowned = not (stack or watch) if unowned is None else unowned
    clickops = server.page("drift/unowned") if with_unowned else None
    if watch:
        _watch(server, report, stack, as_json)
        return
    if as_json:
        click.echo(orjson.dumps({**report, **({"unowned": clickops} if clickops else {})}, option=orjson.OPT_INDENT_2))
    else:
        for line in [*table(report["stacks"]), *(unowned_lines(clickops) if clickops else [])]:
            click.echo(line)
    if any(one["drifted"] for one in report["stacks"]):
        raise SystemExit(FOUND)


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("stack")
@click.argument("resources", nargs=-1)
def revert(data_dir: Path, as_json: bool, stack: str, resources: tuple[str, ...]) -> None:
    """Put the template's values back on what has drifted of STACK (or on RESOURCES of it only, by logical id).

    What was deleted is made again by an update of the whole stack, since its new id has to reach what refers to it.
    """
    server = endpoint.find(data_dir)
    query = urlencode({"stack": stack, "resources": ",".join(resources)})
    done = server.page(f"drift/revert?{query}", "POST")["resources"]
    if not resources and any(one["gone"] for one in done):
        status = redeployed(server.client("cloudformation"), stack)
        for one in done:
            if one["gone"]:
                one["reverted"], one["why"] = status == "UPDATE_COMPLETE", f"Made again by an update: {status}."
    if as_json:
        click.echo(orjson.dumps(done, option=orjson.OPT_INDENT_2))
    else:
        for one in done:
            mark = "✔" if one["reverted"] else "✘"
            click.echo(f"{mark} {one['logical_id']}  {', '.join(one['paths'])}  {one['why']}".rstrip())
        if not done:
            click.echo(f"Nothing of {stack} has drifted.")
    if not all(one["reverted"] for one in done):
        raise SystemExit(1)


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("stack")
@click.argument("resources", nargs=-1)
def adopt(data_dir: Path, as_json: bool, stack: str, resources: tuple[str, ...]) -> None:
    """Print the patch of STACK's template that would keep what has drifted (as a JSON merge patch with --json)."""
    report = endpoint.find(data_dir).page(f"drift?{urlencode({'stack': stack})}")["stacks"][0]
    chosen = [one for one in report["drifted"] if not resources or one["logical_id"] in resources]
    patch, lines = adoption(chosen)
    if as_json:
        click.echo(orjson.dumps(patch, option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(lines) if lines else f"Nothing of {stack} has drifted.")


def _watch(server: endpoint.Endpoint, report: Doc, stack: str | None, as_json: bool) -> None:
    """Until interrupted; each round waits on the server for the next call that changes something."""
    told: set[tuple[str, ...]] = set()

    def tell(stacks: list[Doc]) -> None:
        mine = [one for one in stacks if stack in (None, one["stack"], one["stack_id"])]
        if as_json:
            for one in mine:
                if one["drifted"]:
                    click.echo(orjson.dumps(one))
            return
        for line in table(mine, told):
            click.echo(line)

    tell(report["stacks"])
    if not as_json:
        click.echo("Watching; Ctrl-C ends it.", err=True)
    last = report["last"]
    while True:
        try:
            found = server.page(f"drift/watch?after={last}")
        except KeyboardInterrupt:
            return
        last = found["last"]
        tell(found["stacks"])


def redeployed(cloudformation: Any, stack: str) -> str:
    """Update the stack with its own template from what its resources are now; the status it ends in."""
    known = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Parameters", [])
    name = f"revert-{time.time_ns()}"
    try:
        cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            UsePreviousTemplate=True,
            DeploymentMode="REVERT_DRIFT",
            Parameters=[{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in known],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
    except ClientError as error:
        raise click.ClickException(error.response["Error"]["Message"]) from error
    while True:
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(0.2)
