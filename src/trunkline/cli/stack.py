"""`trunkline stack`: infrastructure as it was at any time: every applied template, compared, and gone back to."""

import contextlib
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import orjson
from botocore.exceptions import ClientError

from trunkline.cli import endpoint, stack_changes

Doc = dict[str, Any]
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_MAX_BODY_BYTES = 51_200
_EVERY_S = 0.2


@click.group()
def command() -> None:
    """Versions of a stack: every template that was applied to it."""


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("stack")
def log(data_dir: Path, as_json: bool, stack: str) -> None:
    """Every template applied to STACK: when, by whom, from which commit, and what it changed."""
    server = endpoint.find(data_dir)
    report = _versions(server, stack)
    if as_json:
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        return
    rows = [("VERSION", "WHEN", "BY", "FROM", "COMMIT", "OUTCOME", "CHANGES")]
    before: Doc = {}
    for one in report["versions"]:
        processed = _version(server, report["stack_id"], one["number"])["processed"]
        changed = stack_changes.summary(stack_changes.changes(before, processed))
        if one["outcome"] == "applied":
            before = processed
        who = one["principal"].split("::", 1)[-1]
        outcome = one["outcome"] + (" (now)" if one["current"] else "")
        rows.append((str(one["number"]), one["time"][:19], who, one["source"], one["commit"][:8], outcome, changed))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in [rows[0], *reversed(rows[1:])]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("stack")
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
@click.option("--text", "as_text", is_flag=True, help="a unified diff of the templates as they were given")
def diff(data_dir: Path, as_json: bool, stack: str, old: int | None, new: int | None, as_text: bool) -> None:
    """What changed from version OLD to NEW (by default: from the one before to the one applied now)."""
    server = endpoint.find(data_dir)
    report = _versions(server, stack)
    newer = new or next((one["number"] for one in reversed(report["versions"]) if one["outcome"] == "applied"), None)
    applied = [one["number"] for one in report["versions"] if one["outcome"] == "applied" and one["number"] != newer]
    older = old or next((number for number in reversed(applied) if number < (newer or 0)), None)
    if newer is None or older is None:
        raise click.ClickException(f"{stack} has no two applied versions to compare")
    left, right = _version(server, report["stack_id"], older), _version(server, report["stack_id"], newer)
    if as_text:
        found = stack_changes.text(left["body"], right["body"], f"{stack} v{older}", f"{stack} v{newer}")
        click.echo("\n".join(found))
        return
    changed = stack_changes.changes(left["processed"], right["processed"])
    if as_json:
        click.echo(orjson.dumps({"old": older, "new": newer, "changes": changed}, option=orjson.OPT_INDENT_2))
        return
    then, now = left["parameters"], right["parameters"]
    parameters = [
        f"~ parameter {name}: {then.get(name, '(none)')} -> {now.get(name, '(none)')}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    told = stack_changes.lines(changed) + parameters
    click.echo("\n".join(told) if told else f"Versions {older} and {newer} of {stack} are the same.")


@command.command()
@endpoint.DATA_DIR
@click.argument("stack")
@click.argument("version", type=int)
@click.option("--wait/--no-wait", default=True, show_default=True, help="wait for the end of the update")
def restore(data_dir: Path, stack: str, version: int, wait: bool) -> None:
    """Go back to VERSION: an ordinary update of STACK with the template, parameters and tags of then.

    A stack that was deleted is made again.
    """
    server = endpoint.find(data_dir)
    report = _versions(server, stack)
    found = _version(server, report["stack_id"], version)
    cloudformation = server.client("cloudformation")
    gone = report["status"] == "DELETE_COMPLETE"
    if gone and found["no_echo"]:
        names = ", ".join(found["no_echo"])
        raise click.ClickException(
            f"{stack} is deleted and so are its secret parameters ({names}): create it with them"
        )
    request = {
        "StackName": report["stack"],
        **_template(server, report["stack"], found["body"]),
        "Parameters": [
            {"ParameterKey": name, "UsePreviousValue": True}
            if name in found["no_echo"]
            else {"ParameterKey": name, "ParameterValue": value}
            for name, value in found["parameters"].items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in found["tags"].items()],
        "Capabilities": _CAPABILITIES,
    }
    try:
        (cloudformation.create_stack if gone else cloudformation.update_stack)(**request)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates are to be performed" in message:
            click.echo(f"{stack} is as it was at version {version} already.")
            return
        raise click.ClickException(message) from error
    if wait:
        status = _ended(cloudformation, report["stack"])
        click.echo(f"{stack}: {status}")
        if status not in ("UPDATE_COMPLETE", "CREATE_COMPLETE"):
            raise SystemExit(1)


def _versions(server: endpoint.Endpoint, stack: str) -> Doc:
    return server.page(f"stack/versions?{urlencode({'stack': stack})}")


def _version(server: endpoint.Endpoint, stack: str, number: int) -> Doc:
    return server.page(f"stack/version?{urlencode({'stack': stack, 'number': number})}")


def _template(server: endpoint.Endpoint, stack: str, body: str) -> Doc:
    """The template as a request takes it: a long one by way of a bucket, as AWS's console does it."""
    if len(body.encode()) <= _MAX_BODY_BYTES:
        return {"TemplateBody": body}
    bucket, key = f"cf-templates-trunkline-{server.region}", f"{stack}-{time.time_ns()}.template"
    s3 = server.client("s3")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
    return {"TemplateURL": f"{server.url}/{bucket}/{key}"}


def _ended(cloudformation: Any, stack: str) -> str:
    while True:
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(_EVERY_S)
