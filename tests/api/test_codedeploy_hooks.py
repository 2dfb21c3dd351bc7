"""Lifecycle hooks of ECS deployments: functions that are asked in their order, and whose answer counts."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.codedeploy_site import Site, appspec, revision
from tests.support.ecs_world import GREEN_TG

from trunkline.aws.errors import AwsError
from trunkline.services.codedeploy.model.appspec import HOOKS
from trunkline.services.codedeploy.workflow import deploy, undo

Doc = dict[str, Any]


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(deploy, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(undo, "RETURN_EVERY_S", 0.01)
    site = Site(tmp_path)
    await site.start()
    yield site
    await site.close()


async def begin(site: Site, *events: str) -> str:
    """A deployment with a function for each of the events."""
    await site.prepare()
    content = appspec(Hooks=[{event: f"check-{event}"} for event in events])
    return await site.deploy(revision=revision(content=content))


async def asked(site: Site, count: int) -> tuple[str, Doc]:
    """The function of the count-th hook, once it was called, and what it was given."""
    await site.until(lambda: len(site.world.called("Invoke")) >= count)
    call = site.world.called("Invoke")[count - 1]
    return call["FunctionName"], json.loads(call["Payload"])


async def answer(site: Site, given: Doc, status: str) -> None:
    await site.call(
        "PutLifecycleEventHookExecutionStatus",
        deploymentId=given["DeploymentId"],
        lifecycleEventHookExecutionId=given["LifecycleEventHookExecutionId"],
        status=status,
    )


async def test_every_hook_is_asked_in_its_order_and_the_traffic_waits_for_it(site: Site) -> None:
    deployment_id = await begin(site, *HOOKS)
    for number, event in enumerate(HOOKS, start=1):
        function, given = await asked(site, number)
        assert (function, given["DeploymentId"]) == (f"check-{event}", deployment_id)
        moved = any(weights[GREEN_TG] > 0 for weights in site.world.weights)
        assert moved == (event == "AfterAllowTraffic")
        if event == "BeforeAllowTraffic":
            await site.restart()
        await answer(site, given, "Succeeded")
    assert (await site.ended(deployment_id))["status"] == "Succeeded"
    with pytest.raises(AwsError, match="LifecycleEventAlreadyCompletedException"):
        await answer(site, given, "Failed")


@pytest.mark.parametrize("event", ["BeforeInstall", "AfterAllowTestTraffic", "AfterAllowTraffic"])
async def test_a_hook_that_fails_brings_everything_back(site: Site, event: str) -> None:
    deployment_id = await begin(site, event)
    _, given = await asked(site, 1)
    await answer(site, given, "Failed")
    info = await site.ended(deployment_id)
    assert info["status"] == "Failed" and info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert f"lifecycle hook {event} reported that validation failed" in info["errorInformation"]["message"]
    await site.idle()
    assert site.world.primary() == "web:1" and len(site.world.sets) == 1
    assert site.world.green_share() == 0


async def test_only_the_call_that_is_waited_for_can_be_answered(site: Site) -> None:
    deployment_id = await begin(site, "BeforeInstall")
    _, given = await asked(site, 1)
    with pytest.raises(AwsError, match="InvalidLifecycleEventHookExecutionIdException"):
        await answer(site, {**given, "LifecycleEventHookExecutionId": "other"}, "Succeeded")
    with pytest.raises(AwsError, match="InvalidLifecycleEventHookExecutionStatusException"):
        await answer(site, given, "Skipped")
    await answer(site, given, "Succeeded")
    assert (await site.ended(deployment_id))["status"] == "Succeeded"
    with pytest.raises(AwsError, match="LifecycleEventAlreadyCompletedException"):
        await answer(site, given, "Failed")
