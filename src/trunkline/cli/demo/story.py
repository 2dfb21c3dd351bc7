"""The story itself, chapter by chapter."""

import time
from datetime import datetime
from pathlib import Path as FilePath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.cli.demo import path
from trunkline.cli.demo.load import Load
from trunkline.cli.demo.pipeline import Delivery, WorkingCopy, until
from trunkline.cli.demo.screen import Broken, Screen
from trunkline.cli.demo.server import Server
from trunkline.cli.dora import lines
from trunkline.cli.endpoint import Endpoint

_SETTLE_S = 1.0  # answers on their way when the weights change are not counted to either side


def tell(example: FilePath, *, keep: bool, clock: float, as_json: bool) -> int:
    """Run the demo; its exit code."""
    screen, server = Screen(), Server(clock)
    copy: WorkingCopy | None = None
    infrastructure: path.Infrastructure | None = None
    try:
        with screen.step("Starting Trunkline"):
            screen.fact(
                f"ready after {server.start():.2f} s; data in {server.data_dir}; waits run {clock:g} times faster"
            )
        at = server.endpoint()
        infrastructure = path.Infrastructure(example / "infra", at)
        with screen.step("1  The delivery path, by cdk deploy"):
            with screen.waiting("cdk bootstrap, cdk deploy"):
                made = infrastructure.deploy()
            screen.promise(not infrastructure.has_differences(), "cdk diff finds no difference")
            _serving(made, "0")
            screen.fact(f"repository {made.clone_url}")
            screen.fact(f"load balancer http://{made.host}:{made.port}/")
        copy = WorkingCopy(example, made.clone_url, at)
        story = _Story(screen, server, at, made, copy)
        story.first_version()
        story.canary()
        story.rollback()
        story.crash()
        story.figures()
    except (Broken, ClientError, BotoCoreError) as error:
        screen.promise(False, str(error))
        screen.fact(f"the server's last words: {server.log.read_text()[-800:]}" if server.log.exists() else "no log")
    except KeyboardInterrupt:
        screen.promise(False, "interrupted")
    finally:
        if copy is not None:
            copy.remove()
        if infrastructure is not None:
            infrastructure.remove()
        code = screen.end(as_json=as_json)
        if keep:
            screen.fact(f'eval "$(trunkline env --data-dir {server.data_dir})"')
            screen.fact(f"trunkline down --data-dir {server.data_dir}")
        else:
            server.remove()
    return code


def _serving(made: path.Path, version: str) -> None:
    """Wait until the load balancer answers with a version."""

    def look() -> bool | None:
        with Load(made.host, made.port, threads=1) as load:
            time.sleep(0.2)
        return True if load.tally().answers and load.tally().share_pct(version) == 100 else None

    until(look, 60, f"an answer of version {version} from the load balancer")


class _Story:
    """The chapters that follow the making of the path."""

    def __init__(self, screen: Screen, server: Server, at: Endpoint, made: path.Path, copy: WorkingCopy) -> None:
        self._screen = screen
        self._server = server
        self._at = at
        self._path = made
        self._copy = copy

    def first_version(self) -> None:
        """Push, build, approve, deploy."""
        screen = self._screen
        with screen.step("2  git push of version 1"):
            delivery, deployment = self._deliver("1")
            with screen.waiting("deploying"):
                info = delivery.ended(deployment)
            screen.promise(info["status"] == "Succeeded", f"deployment {deployment}: {info['status']}")
            with Load(self._path.host, self._path.port, threads=1) as load:
                time.sleep(0.3)
            screen.promise(load.tally().share_pct("1") == 100, f"production answers {load.tally().shares()}")
        self._at.client("codedeploy").update_deployment_group(
            applicationName=path.NAME, currentDeploymentGroupName=path.NAME, deploymentConfigName=path.CANARY
        )

    def canary(self) -> None:
        """10 %, 50 %, 100 %, under load."""
        screen = self._screen
        with screen.step(f"3  Version 2 as a canary ({path.CANARY})"), self._load() as load:
            delivery, deployment = self._deliver("2")
            with screen.waiting("shifting traffic"):
                info = delivery.ended(deployment)
            screen.promise(info["status"] == "Succeeded", f"deployment {deployment}: {info['status']}")
            self._shares(load, deployment, "2")
            self._no_failures(load, "canary_failed")

    def rollback(self) -> None:
        """An alarm, and the way back."""
        screen = self._screen
        with screen.step("4  Version 3 answers 500 to one request in five"), self._load() as load:
            delivery, deployment = self._deliver("3", fail_every=5)
            with screen.waiting("waiting for the alarm"):
                info = delivery.ended(deployment)
            screen.promise(
                info["status"] in ("Stopped", "Failed") and bool(info.get("rollbackInfo")),
                f"deployment {deployment}: {info['status']}, {info.get('errorInformation', {}).get('message', '')}",
            )
            rollback = info.get("rollbackInfo", {}).get("rollbackDeploymentId", "")
            if rollback:
                screen.promise(
                    delivery.ended(rollback)["status"] == "Succeeded", f"rolled back by deployment {rollback}"
                )
            alarm = self._event("CloudWatch Alarm State Change", lambda d: d["state"]["value"] == "ALARM")
            last = load.tally().last("3")
            if alarm is not None and last is not None:
                seconds = last - alarm
                screen.fact(f"{max(0.0, seconds):.2f} s from the alarm to the last request served by version 3")
                screen.measured["alarm_to_last_bad_answer_s"] = round(seconds, 2)
            screen.promise(alarm is not None, "the alarm fired")
            since = time.time()
            time.sleep(_SETTLE_S)
            screen.promise(load.tally(since).share_pct("2") == 100, f"production answers {load.tally(since).shares()}")
        until(self._alarm_is_over, 60, "the end of the alarm")

    def crash(self) -> None:
        """SIGKILL in the middle of a shift."""
        screen = self._screen
        with screen.step("5  Version 4, and Trunkline is killed in the middle of the shift"), self._load() as load:
            delivery, deployment = self._deliver("4")
            until(lambda: self._shifts(deployment)[:1] or None, 60, "the first step of the shift")
            killed = time.time()
            self._server.kill()
            screen.fact("killed (SIGKILL)")
            time.sleep(2)
            down = load.tally(killed)
            screen.promise(
                down.failed == 0 and down.total > 0, f"while it was down: {down.total} requests, {down.failed} failed"
            )
            screen.fact(f"started again, ready after {self._server.start():.2f} s")
            with screen.waiting("the deployment goes on"):
                info = delivery.ended(deployment)
            screen.promise(info["status"] == "Succeeded", f"deployment {deployment}: {info['status']}")
            since = time.time()
            time.sleep(_SETTLE_S)
            screen.promise(load.tally(since).share_pct("4") == 100, f"production answers {load.tally(since).shares()}")
            self._no_failures(load, "crash_failed")

    def figures(self) -> None:
        """The DORA figures, with their events."""
        with self._screen.step("6  The four DORA figures, from the ledger"):
            report = self._at.page("dora?days=1")
            for line in lines(report, 1):
                self._screen.fact(line)
            counted = report["deployment_frequency"]["count"], report["change_failure_rate"]["failed"]
            self._screen.promise(counted == (3, 1), "3 successful deployments and 1 failed one are counted")

    def _deliver(self, version: str, *, fail_every: int = 0) -> tuple[Delivery, str]:
        commit = self._copy.push(version, fail_every=fail_every)
        delivery = Delivery(self._at, commit)
        self._screen.fact(f"pushed {commit[:8]}; the pipeline runs as {delivery.execution[:8]}")
        with self._screen.waiting("building"):
            build = delivery.built()
        self._screen.fact(f"built by {build}: {self._tests(build)}")
        delivery.approve()
        self._screen.fact("approved")
        return delivery, delivery.deployment()

    def _tests(self, build: str) -> str:
        codebuild = self._at.client("codebuild")
        arns = codebuild.batch_get_builds(ids=[build])["builds"][0]["reportArns"]
        counts = codebuild.batch_get_reports(reportArns=arns)["reports"][0]["testSummary"]["statusCounts"]
        return f"{counts['SUCCEEDED']} tests passed, {counts['FAILED']} failed; no finding of the static scan"

    def _load(self) -> Load:
        return Load(self._path.host, self._path.port)

    def _no_failures(self, load: Load, name: str) -> None:
        tally = load.tally()
        self._screen.promise(
            tally.failed == 0, f"{tally.total} requests, {tally.failed} failed", **{name: tally.failed}
        )

    def _shares(self, load: Load, deployment: str, version: str) -> None:
        """The measured share of the new version at each step, against its weight."""
        shifts = self._shifts(deployment)
        for (at, weight), (until_, _) in zip(shifts, [*shifts[1:], (time.time(), 0)], strict=True):
            tally = load.tally(at + _SETTLE_S, until_)
            share = tally.share_pct(version)
            self._screen.promise(
                tally.total > 0 and abs(share - weight) <= 2,
                f"at {weight} %: {share:.1f} % of {tally.total} requests went to version {version}",
            )

    def _shifts(self, deployment: str) -> list[tuple[float, int]]:
        return [
            (_epoch(event["time_exact"]), int(event["detail"]["weights"]["replacement"]))
            for event in self._events("Traffic Shift")
            if event["detail"]["deploymentId"] == deployment
        ]

    def _event(self, kind: str, matches: Any) -> float | None:
        found = [event for event in self._events(kind) if matches(event["detail"])]
        return _epoch(found[-1]["time_exact"]) if found else None

    def _events(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._at.page(f"events?detail_types={kind.replace(' ', '%20')}")["events"]
        return found

    def _alarm_is_over(self) -> bool | None:
        alarms = self._at.client("cloudwatch").describe_alarms(AlarmNames=[f"{path.NAME}-5xx"])["MetricAlarms"]
        return True if alarms[0]["StateValue"] == "OK" else None


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
