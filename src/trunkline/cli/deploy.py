"""`trunkline deploy`: watch, list, promote and roll back deployments."""

import time
from pathlib import Path
from typing import Any

import click
import orjson
from botocore.exceptions import ClientError
from rich.console import Console
from rich.live import Live
from rich.text import Text

from trunkline.cli import endpoint

_ENDED = ("Succeeded", "Failed", "Stopped")
_EVERY_S = 0.5
_MARKS = {"Succeeded": "✔", "Failed": "✘", "InProgress": "◐", "Pending": "·", "Skipped": "-", "Unknown": "?"}


@click.group()
def command() -> None:
    """Deployments: watch them move, hurry them on, take them back."""


@command.command("list")
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
def list_(data_dir: Path, as_json: bool, limit: int) -> None:
    """The newest deployments of all applications."""
    codedeploy = endpoint.find(data_dir).client("codedeploy")
    ids = codedeploy.list_deployments()["deployments"]
    found = []
    for start in range(0, len(ids), 25):
        found += codedeploy.batch_get_deployments(deploymentIds=ids[start : start + 25])["deploymentsInfo"]
    found.sort(key=lambda info: info["createTime"], reverse=True)
    if as_json:
        click.echo(orjson.dumps(found[:limit], default=str))
        return
    for info in found[:limit]:
        created = info["createTime"].strftime("%Y-%m-%d %H:%M:%S")
        group = f"{info['applicationName']}/{info['deploymentGroupName']}"
        click.echo(f"{info['deploymentId']}  {created}  {info['status']:10}  {group}  {_why(info)}".rstrip())


@command.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("deployment", required=False)
def watch(data_dir: Path, as_json: bool, deployment: str | None) -> None:
    """Follow DEPLOYMENT (the newest by default) to its end; exits 1 unless it succeeds."""
    codedeploy = endpoint.find(data_dir).client("codedeploy")
    found = deployment or _newest(codedeploy)
    console = Console(highlight=False)
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while True:
            info, target = _look(codedeploy, found)
            if console.is_terminal and not as_json:
                live.update(_tree(info, target))
            if info["status"] in _ENDED:
                break
            time.sleep(_EVERY_S)
        if not console.is_terminal and not as_json:
            live.update(_tree(info, target))
    if as_json:
        click.echo(orjson.dumps({"deployment": info, "target": target}, default=str))
    raise SystemExit(0 if info["status"] == "Succeeded" else 1)


@command.command()
@endpoint.DATA_DIR
@click.argument("deployment", required=False)
def promote(data_dir: Path, deployment: str | None) -> None:
    """Let a deployment that waits go on: to its traffic shift, or to the end of the old version."""
    codedeploy = endpoint.find(data_dir).client("codedeploy")
    found = deployment or _newest(codedeploy)
    info, _ = _look(codedeploy, found)
    waits = "READY_WAIT" if info["status"] == "Ready" else "TERMINATION_WAIT"
    _call(codedeploy.continue_deployment, deploymentId=found, deploymentWaitType=waits)
    click.echo(f"{found} goes on")


@command.command()
@endpoint.DATA_DIR
@click.argument("deployment", required=False)
def rollback(data_dir: Path, deployment: str | None) -> None:
    """Stop a deployment and put all traffic back to the version before."""
    codedeploy = endpoint.find(data_dir).client("codedeploy")
    found = deployment or _newest(codedeploy)
    answer = _call(codedeploy.stop_deployment, deploymentId=found, autoRollbackEnabled=True)
    click.echo(f"{found}: {answer.get('statusMessage', answer['status'])}")


def _call(operation: Any, **params: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = operation(**params)
    except ClientError as error:
        raise click.ClickException(error.response["Error"]["Message"]) from error
    return answer


def _newest(codedeploy: Any) -> str:
    ids = codedeploy.list_deployments()["deployments"]
    if not ids:
        raise click.ClickException("there is no deployment yet")
    infos = codedeploy.batch_get_deployments(deploymentIds=ids[:25])["deploymentsInfo"]
    return str(max(infos, key=lambda info: info["createTime"])["deploymentId"])


def _look(codedeploy: Any, deployment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    info = _call(codedeploy.get_deployment, deploymentId=deployment)["deploymentInfo"]
    targets = _call(codedeploy.list_deployment_targets, deploymentId=deployment)["targetIds"]
    if not targets:
        return info, {}
    found = _call(codedeploy.batch_get_deployment_targets, deploymentId=deployment, targetIds=targets[:1])
    return info, found["deploymentTargets"][0].get("ecsTarget", {})


def _tree(info: dict[str, Any], target: dict[str, Any]) -> Text:
    group = f"{info['applicationName']}/{info['deploymentGroupName']}"
    lines = [f"{info['deploymentId']}  {info['status']}  {group}  ({info['deploymentConfigName']})"]
    for task_set in target.get("taskSetsInfo", []):
        weight = task_set.get("trafficWeight", 0)
        bar = "█" * round(weight / 5)
        running = f"{task_set.get('runningCount', 0)}/{task_set.get('desiredCount', 0)} tasks"
        lines.append(f"  {task_set.get('taskSetLabel', ''):6} {weight:5.1f} %  {bar:20}  {running}")
    for event in target.get("lifecycleEvents", []):
        lines.append(f"  {_MARKS.get(event.get('status', ''), '·')} {event['lifecycleEventName']}")
    if why := _why(info):
        lines.append(f"  {why}")
    return Text("\n".join(lines))


def _why(info: dict[str, Any]) -> str:
    error = info.get("errorInformation", {})
    return str(error.get("message") or error.get("code") or "")
