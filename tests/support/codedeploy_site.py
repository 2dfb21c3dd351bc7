"""CodeDeploy on a data directory with stubs around it: can be restarted and can crash at a chosen commit."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore import xform_name

from tests.support.ecs_world import ACCOUNT, LISTENER, REGION, ROLE, TEST_LISTENER, World
from trunkline.aws import models
from trunkline.aws.resources import ResourceTypes
from trunkline.aws.service import Call, Caller, Kit, Principal
from trunkline.core.bus import Bus
from trunkline.core.clock import RealClock
from trunkline.core.db import Database
from trunkline.core.db.crash import CrashPoints
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.core.settings import Settings
from trunkline.engines import Engines
from trunkline.engines.workflows import JournalWorkflows
from trunkline.services import codedeploy

Doc = dict[str, Any]
STEPS = "Trunkline.ECSSteps10Percent50PercentEvery1Minutes"


class Dead(Exception):
    """What a simulated crash does to every write from then on."""


class CrashAt(CrashPoints):
    """As core.db.crash, without ending the process that the test runs in: from the point on nothing is durable."""

    def __init__(self, number: int = 0, side: str = "before") -> None:
        self.number, self.side = number, side
        self.commits = 0
        self.is_dead = False

    def before(self) -> None:
        self.commits += 1
        if self.is_dead or (self.commits == self.number and self.side == "before"):
            self.is_dead = True
            raise Dead

    def after(self) -> None:
        if self.commits == self.number and self.side == "after":
            self.is_dead = True
            raise Dead


class Site:
    """`restart` is a clean stop and a new process; with a `CrashAt` in `db`, `crash` is what follows its point."""

    def __init__(self, path: Path, *, speed: float = 600) -> None:
        self.path = path
        self.speed = speed
        self.world = World()
        self.open()

    def open(self) -> None:
        clock = RealClock(self.speed)  # at 600 a minute passes in a tenth of a second
        self.db = Database(self.path / "core.db")
        self.ledger = Ledger(self.db)
        self.bus = Bus(self.db, self.ledger, clock)
        self.kit = Kit(Settings(), self.db, clock, self.ledger, self.bus, self.world, ResourceTypes())  # type: ignore[arg-type]
        self.engine = JournalWorkflows(self.db, clock)
        engines = Engines(*[None] * 6, workflows=self.engine, telemetry=None, functions=None)  # type: ignore[arg-type, misc]
        self.api = codedeploy.build(self.kit, engines).api

    async def start(self) -> None:
        await self.bus.start()
        await self.engine.resume()

    async def close(self) -> None:
        await self.engine.close()
        await self.bus.stop()
        self.db.close()

    async def restart(self) -> None:
        await self.close()
        self.open()
        await self.start()

    def crash_at(self, number: int, side: str) -> CrashAt:
        point = self.db._crash = CrashAt(number, side)
        return point

    async def crash(self) -> None:
        """The process is gone; another one takes its data directory."""
        with contextlib.suppress(Dead):
            await self.engine.close()
        await self.bus.stop()
        self.db.close()
        self.open()
        await self.start()

    async def call(self, operation: str, **params: Any) -> Doc:
        model = models.load("codedeploy").operations[operation]
        caller = Caller(ACCOUNT, REGION, Principal("root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT))
        method = getattr(self.api, xform_name(operation))
        return await method(Call(caller, "codedeploy", operation, "r-1"), model.validate(params)) or {}

    async def prepare(self, config: str = STEPS, **settings: Any) -> None:
        await self.call("CreateApplication", applicationName="web", computePlatform="ECS")
        await self.call("CreateDeploymentGroup", **group(deploymentConfigName=config, **settings))

    async def deploy(self, task_definition: str = "web:2", **more: Any) -> str:
        params = {"applicationName": "web", "deploymentGroupName": "prod", "revision": revision(task_definition)}
        return str((await self.call("CreateDeployment", **{**params, **more}))["deploymentId"])

    def status(self, deployment_id: str) -> str:
        row = self.db.one("SELECT status FROM codedeploy_deployments WHERE id = ?", (deployment_id,))
        return str(row["status"]) if row else ""

    async def info(self, deployment_id: str) -> Doc:
        info: Doc = (await self.call("GetDeployment", deploymentId=deployment_id))["deploymentInfo"]
        return info

    async def until(self, condition: Callable[[], object], timeout_s: float = 10) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"never happened: {self.world.calls[-5:]}"
            await asyncio.sleep(0.002)

    async def ended(self, deployment_id: str) -> Doc:
        await self.until(lambda: self.status(deployment_id) in ("Succeeded", "Failed", "Stopped"))
        return await self.info(deployment_id)

    def is_idle(self) -> bool:
        """No deployment and no rollback holds the group."""
        row = self.db.one("SELECT doc FROM codedeploy_groups")
        return row is not None and json.loads(row["doc"])["running"] is None

    async def idle(self) -> None:
        await self.until(self.is_idle)

    async def alarm(self, name: str, value: str = "ALARM") -> None:
        self.world.alarms[name] = value
        detail = {"alarmName": name, "state": {"value": value}}
        event = Event("aws.cloudwatch", "CloudWatch Alarm State Change", detail, ACCOUNT, REGION)
        await self.db.write(lambda tx: self.ledger.append(tx, event))

    def events(self, detail_type: str) -> list[Doc]:
        return [event.detail for event in self.ledger.read(detail_types=(detail_type,))]


def group(**more: Any) -> Doc:
    pair = {
        "targetGroups": [{"name": "blue"}, {"name": "green"}],
        "prodTrafficRoute": {"listenerArns": [LISTENER]},
        "testTrafficRoute": {"listenerArns": [TEST_LISTENER]},
    }
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
    return {
        "applicationName": "web",
        "deploymentGroupName": "prod",
        "serviceRoleArn": ROLE,
        "ecsServices": [{"serviceName": "web", "clusterName": "main"}],
        "loadBalancerInfo": {"targetGroupPairInfoList": [pair]},
        "autoRollbackConfiguration": {"enabled": True, "events": events},
        **more,
    }


def appspec(task_definition: str = "web:2", **more: Any) -> str:
    properties = {"TaskDefinition": task_definition, "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80}}
    target = {"Type": "AWS::ECS::Service", "Properties": properties}
    return json.dumps({"version": 0.0, "Resources": [{"TargetService": target}], **more})


def revision(task_definition: str = "web:2", content: str | None = None) -> Doc:
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content or appspec(task_definition)}}
