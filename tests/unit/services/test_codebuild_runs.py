"""Builds that end otherwise than by themselves, on a clock moved by hand: time-outs, and an engine that stays away."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from trunkline.aws.resources import ResourceTypes
from trunkline.aws.service import Caller, Kit, Principal
from trunkline.core.bus import Bus
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger
from trunkline.core.settings import Settings
from trunkline.engines.containers.fake import FakeContainers
from trunkline.engines.workflows import JournalWorkflows
from trunkline.services import codebuild
from trunkline.services.codebuild import agent, store, validation
from trunkline.services.codebuild.model import Build, workflow_id
from trunkline.services.codebuild.workflow import NAME

ACCOUNT, REGION, ID = "000000000000", "us-east-1", "p:11111111-2222-3333-4444-555555555555"
KEY = (ACCOUNT, REGION, ID)


class Calls:
    """The services around CodeBuild: they say yes."""

    async def __call__(self, service, operation, params, *, as_):
        if operation == "AssumeRole":
            credentials = {"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c"}
            return {"Credentials": {**credentials, "Expiration": datetime.now(UTC) + timedelta(hours=1)}}
        return {"logStreams": []}

    async def assume(self, role_arn, *, service, region, session="x"):
        return Caller(ACCOUNT, region, Principal("role", role_arn, "AROA:session"))


class Site:
    """CodeBuild alone, with a build of which the container sleeps."""

    def __init__(self, path, monkeypatch):
        monkeypatch.setattr(agent, "COMMAND", ("sh", "-c", "sleep 100000"))
        self.clock = ManualClock()
        self.db = Database(path / "state.db")
        ledger = Ledger(self.db)
        bus = Bus(self.db, ledger, self.clock)
        kit = Kit(Settings(instance_id="i1"), self.db, self.clock, ledger, bus, Calls(), ResourceTypes())
        self.containers = FakeContainers("i1")
        self.machine = self.containers.machine
        self.workflows = JournalWorkflows(self.db, self.clock)
        self.service = codebuild.build(kit, SimpleNamespace(containers=self.containers, workflows=self.workflows))

    async def start(self, *, timeout_minutes=60):
        spec = "version: 0.2\nphases: {build: {commands: [ls]}}"
        settings = {
            "source": {"type": "NO_SOURCE", "buildspec": spec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": "arn:aws:iam::000000000000:role/build",
            "timeoutInMinutes": timeout_minutes,
        }
        settings = validation.check(settings)
        build = Build(ACCOUNT, REGION, ID, "p", 1, f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{ID}", self.clock.now(),
                      "me", settings)  # fmt: skip
        build.enter("SUBMITTED", self.clock.now())
        given = {"account": ACCOUNT, "region": REGION, "build": ID, "timeout_s": timeout_minutes * 60}

        def work(tx):
            store.builds.insert(tx, build)
            self.workflows.start_in(tx, NAME, workflow_id(ID), given)

        await self.workflows.resume()
        await self.db.write(work)
        await self.until(lambda: any(c.started_at for c in self.machine.containers.values()))
        return self

    @property
    def build(self):
        return store.builds.get(self.db, *KEY)

    async def until(self, condition, *, step_s=0.0, most=4000):
        """Give the writer thread its turns; with `step_s` time goes on."""
        for _ in range(most):
            if condition():
                return
            if step_s:
                await self.clock.advance(step_s)
            await asyncio.sleep(0.001)
        raise AssertionError(f"it did not come to that: {self.build}")

    async def close(self):
        await self.workflows.close()
        await self.service.stop()
        for container in list(self.machine.containers):
            await self.containers.remove(container)
        self.db.close()


@pytest.fixture
async def site(tmp_path, monkeypatch):
    made = Site(tmp_path, monkeypatch)
    yield made
    await made.close()


async def test_a_build_that_runs_for_too_long_is_timed_out_and_removed(site):
    await site.start(timeout_minutes=5)
    began = site.clock.time()
    await site.until(lambda: site.build.complete, step_s=1)
    assert site.build.status == "TIMED_OUT"
    assert 300 <= site.clock.time() - began < 330
    ended = next(phase for phase in site.build.phases if phase.status == "TIMED_OUT")
    assert ended.message == "Build timed out. It ran for longer than 5 minutes."
    await site.until(lambda: not site.machine.containers)


async def test_an_engine_that_stays_away_fails_the_build_and_its_container_goes_when_it_is_back(site):
    await site.start()
    site.machine.up = False
    began = site.clock.time()
    await site.until(lambda: site.build.complete, step_s=1)
    assert 60 <= site.clock.time() - began < 90
    assert site.build.status == "FAULT"
    assert "The container engine does not answer" in site.build.phases[-3].message
    assert site.machine.containers
    site.machine.up = True
    await site.until(lambda: not site.machine.containers, step_s=1)


async def test_an_engine_that_was_away_for_half_a_minute_does_no_harm(site):
    await site.start()
    site.machine.up = False
    for _ in range(30):
        await site.clock.advance(1)
        await asyncio.sleep(0.001)
    site.machine.up = True
    await site.clock.advance(40)
    assert not site.build.complete


async def test_a_container_that_is_removed_from_outside_fails_the_build(site):
    await site.start()
    for container in list(site.machine.containers):
        await site.containers.remove(container)
    await site.until(lambda: site.build.complete, step_s=1)
    assert "removed from outside" in next(p.message for p in site.build.phases if p.status == "FAULT")


@pytest.mark.parametrize(
    ("progress", "phase"),
    [
        ("", "INSTALL"),
        ("INSTALL 1 IN_PROGRESS 0 0\n", "INSTALL"),
        ("INSTALL 1 IN_PROGRESS 0 0\nINSTALL 2 SUCCEEDED 0 0\n", "PRE_BUILD"),
    ],
)
async def test_a_container_that_is_killed_fails_the_build_wherever_it_was(site, progress, phase):
    await site.start()
    (container,) = site.machine.containers.values()
    container.files["/codebuild/out/phases"] = progress.encode()
    await site.containers.stop(container.id, timeout_s=0)
    await site.until(lambda: site.build.complete, step_s=1)
    assert site.build.status == "FAILED"
    assert [each.type for each in site.build.phases if each.code == "BUILD_CONTAINER_DEAD"] == [phase]


async def test_a_container_that_comes_to_its_end_succeeds(site):
    await site.start()
    (container,) = site.machine.containers.values()
    names = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")
    lines = [f"{name} {at} {status} 0 0\n" for name in names for at, status in ((1, "IN_PROGRESS"), (2, "SUCCEEDED"))]
    container.files["/codebuild/out/phases"] = "".join(lines).encode()
    container.files["/codebuild/out/ended"] = b"0"
    await site.containers.stop(container.id, timeout_s=0)
    await site.until(lambda: site.build.complete, step_s=1)
    assert site.build.status == "SUCCEEDED"
