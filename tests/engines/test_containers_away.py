"""What becomes of calls while the Docker Engine is stopped and started again."""

import asyncio
import uuid

import pytest

from tests.support.docker_socket import Door
from trunkline.engines.containers import ContainerSpec, ContainersUnavailable
from trunkline.engines.containers.docker import DockerContainers

IMAGE = "public.ecr.aws/docker/library/debian:12-slim"
pytestmark = [pytest.mark.docker, pytest.mark.timeout(60)]


@pytest.fixture
async def door(tmp_path):
    async with Door(tmp_path / "docker.sock") as door:
        yield door


@pytest.fixture
async def containers(door):
    engine = DockerContainers(f"test{uuid.uuid4().hex[:8]}", str(door.path))
    yield engine
    for container in await engine.list():
        await engine.remove(container.id)
    await engine.close()


def spec(script: str, **more) -> ContainerSpec:
    return ContainerSpec(
        name=f"trunkline-test-{uuid.uuid4().hex[:10]}", image=IMAGE, command=("bash", "-c", script), **more
    )


async def test_calls_say_that_it_is_away_and_work_again_when_it_is_back(door, containers):
    container = await containers.run(spec("sleep 60"))
    await door.shut()
    for call in (containers.version(), containers.inspect(container), containers.list(), containers.stop(container)):
        with pytest.raises(ContainersUnavailable):
            await call
    await door.open()
    assert (await containers.inspect(container)).id == container


async def test_a_followed_log_loses_and_repeats_nothing(door, containers):
    container = await containers.run(spec("for n in $(seq 600); do echo $n; sleep 0.004; done"))
    found = []

    async def follow():
        async for line in containers.logs(container, follow=True):
            found.append(int(line.line))

    following = asyncio.create_task(follow())
    for _ in range(3):
        await asyncio.sleep(0.5)
        await door.shut()
        await asyncio.sleep(0.2)
        await door.open()
    await asyncio.wait_for(following, 30)
    assert found == list(range(1, 601))


async def test_waiting_goes_on(door, containers):
    container = await containers.run(spec("sleep 1.5; exit 9"))
    waiting = asyncio.create_task(containers.wait(container))
    await asyncio.sleep(0.3)
    await door.shut()
    await asyncio.sleep(1.5)  # it ends while nobody can tell
    assert not waiting.done()
    await door.open()
    assert (await asyncio.wait_for(waiting, 20)).code == 9


async def test_events_begin_again_with_a_resync(door, containers):
    marker, seen = uuid.uuid4().hex, []

    async def watch():
        async for event in containers.events({"marker": marker}):
            seen.append(event.action)

    async def until(count: int, action: str):
        async with asyncio.timeout(20):
            while seen.count(action) < count:
                await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    await until(1, "resync")
    await door.shut()
    await door.open()
    await until(2, "resync")
    await containers.run(spec("true", labels={"marker": marker}))
    await until(1, "die")
    watching.cancel()
