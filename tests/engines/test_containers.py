"""What every container engine must do; run on the fake and, where there is one, on a Docker Engine."""

import asyncio
import io
import tarfile
import uuid

import pytest

from trunkline.engines.containers import (
    ContainerSpec,
    ContainerState,
    Health,
    HealthCheck,
    Mount,
    NameConflict,
    NoSuchContainer,
    NoSuchImage,
    NoSuchPath,
    NotRunning,
    PortBinding,
    PullFailed,
    StartFailed,
    Ulimit,
)
from trunkline.engines.containers.docker import DockerContainers
from trunkline.engines.containers.fake import FakeContainers

IMAGE = "public.ecr.aws/docker/library/debian:12-slim"
pytestmark = pytest.mark.timeout(60)


@pytest.fixture(params=["fake", pytest.param("docker", marks=pytest.mark.docker)])
async def containers(request):
    instance = f"test{uuid.uuid4().hex[:8]}"
    engine = FakeContainers(instance) if request.param == "fake" else DockerContainers(instance)
    yield engine
    for container in await engine.list():
        await engine.remove(container.id)
    for network in await engine.networks():
        await engine.remove_network(network.name)
    await engine.close()


def spec(script: str = "sleep 60", **more) -> ContainerSpec:
    name = more.pop("name", f"trunkline-test-{uuid.uuid4().hex[:10]}")
    return ContainerSpec(name=name, image=more.pop("image", IMAGE), command=("sh", "-c", script), **more)


async def until(condition, timeout_s: float = 20):
    async with asyncio.timeout(timeout_s):
        while not (value := await condition()):
            await asyncio.sleep(0.02)
    return value


async def lines_of(engine, container, **how) -> list[tuple[str, str]]:
    return [(line.stream, line.line.decode()) async for line in engine.logs(container, **how)]


async def test_version_names_who_answers(containers):
    version = await containers.version()
    assert version.name in ("docker", "fake")
    assert version.api_version


async def test_runs_to_its_exit_code_and_keeps_both_streams_apart(containers):
    container = await containers.run(spec("echo out; echo err >&2; exit 3"))
    ended = await containers.wait(container)
    assert (ended.code, ended.oom_killed) == (3, False)
    assert sorted(await lines_of(containers, container)) == [("stderr", "err"), ("stdout", "out")]
    seen = await containers.inspect(container)
    assert seen.state is ContainerState.EXITED
    assert seen.exit_code == 3
    assert seen.started_at <= seen.finished_at


async def test_same_spec_is_the_same_container_and_another_spec_a_conflict(containers):
    wanted = spec("exit 0")
    first = await containers.create(wanted)
    assert await containers.create(wanted) == first
    with pytest.raises(NameConflict):
        await containers.create(spec("exit 1", name=wanted.name))
    await containers.start(first)
    await containers.wait(first)
    # repeating run() after a crash does not run the work again
    assert await containers.run(wanted) == first
    assert (await containers.inspect(first)).state is ContainerState.EXITED


async def test_missing_things_have_their_own_errors(containers):
    with pytest.raises(NoSuchImage):
        await containers.create(spec(image="trunkline/there-is-no-such:image"))
    with pytest.raises(NoSuchImage):
        await containers.image("trunkline/there-is-no-such:image")
    for call in (containers.inspect, containers.start, containers.kill, containers.stats, containers.wait):
        with pytest.raises(NoSuchContainer):
            await call("trunkline-no-such-container")
    with pytest.raises(NoSuchContainer):
        await lines_of(containers, "trunkline-no-such-container")
    await containers.stop("trunkline-no-such-container")
    await containers.remove("trunkline-no-such-container")
    await containers.remove_image("trunkline/there-is-no-such:image")


async def test_a_command_that_does_not_exist_fails_to_start(containers):
    container = await containers.create(
        ContainerSpec(name=f"trunkline-test-{uuid.uuid4().hex[:10]}", image=IMAGE, command=("no-such-command",))
    )
    with pytest.raises(StartFailed, match="no-such-command"):
        await containers.start(container)


async def test_stop_asks_first_and_kills_after_the_time_out(containers):
    polite = await containers.run(spec("sleep 60"))
    stubborn = await containers.run(spec("trap '' TERM; echo ready; sleep 60"))

    async def ready():
        return await lines_of(containers, stubborn)

    await until(ready)
    await containers.stop(stubborn, timeout_s=1)
    assert (await containers.wait(stubborn)).code == 137
    await containers.stop(polite, timeout_s=0)
    assert (await containers.inspect(polite)).state is ContainerState.EXITED
    await containers.stop(polite)
    with pytest.raises(NotRunning):
        await containers.kill(polite)


async def test_list_finds_by_label_and_only_this_instance_s(containers):
    marker = uuid.uuid4().hex
    mine = await containers.create(spec(labels={"task": marker, "kind": "a"}))
    await containers.create(spec(labels={"task": "other"}))
    assert [c.id for c in await containers.list({"task": marker})] == [mine]
    assert await containers.list({"task": marker, "kind": "b"}) == []
    if isinstance(containers, FakeContainers):
        neighbour = FakeContainers("neighbour", containers.machine)
    else:
        neighbour = DockerContainers("neighbour")
    assert await neighbour.list({"task": marker}) == []
    await neighbour.close()


async def test_logs_are_followed_to_the_end(containers):
    container = await containers.run(spec("echo one; sleep 0.3; echo two; sleep 0.3; echo -n three"))
    assert [line for _, line in await lines_of(containers, container, follow=True)] == ["one", "two", "three"]


async def test_followed_logs_of_a_container_that_is_started_later(containers):
    container = await containers.create(spec("echo late"))
    reading = asyncio.create_task(lines_of(containers, container, follow=True))
    await asyncio.sleep(0.2)
    await containers.start(container)
    assert await asyncio.wait_for(reading, 10) == [("stdout", "late")]


async def test_a_cursor_resumes_right_behind_its_line(containers):
    script = "; ".join(f"echo line{n}" for n in range(40))
    container = await containers.run(spec(script))
    await containers.wait(container)
    everything = [line async for line in containers.logs(container)]
    assert [line.line.decode() for line in everything] == [f"line{n}" for n in range(40)]
    for at in (0, 7, 38, 39):
        rest = [line.line async for line in containers.logs(container, after=everything[at].cursor, follow=True)]
        assert rest == [line.line for line in everything[at + 1 :]]
    newer = [line.line async for line in containers.logs(container, since_ns=everything[20].timestamp_ns)]
    assert newer == [line.line for line in everything[20:]]


async def test_environment_and_exec(containers):
    container = await containers.run(spec("sleep 60", environment={"GREETING": "hello there"}))
    result = await containers.exec(
        container, ["sh", "-c", "echo $GREETING $NAME; echo oops >&2; exit 4"], environment={"NAME": "Ann"}
    )
    assert (result.exit_code, result.stdout, result.stderr) == (4, b"hello there Ann\n", b"oops\n")
    told = []
    result = await containers.exec(container, ["sh", "-c", "echo now"], on_output=lambda *piece: told.append(piece))
    assert told == [("stdout", b"now\n")]
    assert result.stdout == b""
    with pytest.raises(TimeoutError):
        await containers.exec(container, ["sleep", "30"], timeout_s=0.2)
    await containers.stop(container, timeout_s=0)
    with pytest.raises(NotRunning):
        await containers.exec(container, ["true"])


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


async def test_archives_go_in_before_the_start_and_come_out_after_the_end(containers):
    container = await containers.create(spec("cat /var/tmp/in.txt"))
    await containers.put_archive(container, "/var/tmp", packed(**{"in.txt": b"content\n"}))
    await containers.start(container)
    assert (await containers.wait(container)).code == 0
    assert await lines_of(containers, container) == [("stdout", "content")]
    tar = b"".join([piece async for piece in containers.get_archive(container, "/var/tmp/in.txt")])
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        assert archive.extractfile("in.txt").read() == b"content\n"
    with pytest.raises(NoSuchPath):
        _ = [piece async for piece in containers.get_archive(container, "/var/tmp/none")]


async def test_networks_are_made_once_and_give_addresses(containers):
    name = f"trunkline-test-{uuid.uuid4().hex[:8]}"
    network = await containers.ensure_network(name, labels={"vpc": "vpc-1"})
    again = await containers.ensure_network(name)
    assert (again.id, again.gateway, again.subnet) == (network.id, network.gateway, network.subnet)
    assert network.gateway
    assert [n.name for n in await containers.networks({"vpc": "vpc-1"})] == [name]
    with pytest.raises(NameConflict):
        await containers.ensure_network(name, subnet="10.219.77.0/28")
    container = await containers.run(spec("sleep 60", network=name))
    seen = await containers.inspect(container)
    assert seen.ip.rpartition(".")[0] == network.gateway.rpartition(".")[0]
    beside = await containers.run(spec("sleep 60", network=f"container:{container}"))
    assert (await containers.inspect(beside)).ip is None
    for each in (beside, container):
        await containers.remove(each)
    await containers.remove_network(name)
    await containers.remove_network(name)
    assert await containers.networks({"vpc": "vpc-1"}) == []


async def test_events_tell_of_starts_and_ends_after_a_resync(containers):
    marker = uuid.uuid4().hex
    seen = []
    begun = asyncio.Event()

    async def watch():
        async for event in containers.events({"marker": marker}):
            seen.append(event)
            begun.set()

    watching = asyncio.create_task(watch())
    await asyncio.wait_for(begun.wait(), 10)
    assert seen[0].action == "resync"
    container = await containers.run(spec("exit 5", labels={"marker": marker}))

    async def died():
        return [event for event in seen if event.action == "die"]

    (died_event,) = await until(died)
    assert (died_event.id, died_event.exit_code) == (container, 5)
    assert "start" in [event.action for event in seen]
    watching.cancel()


async def test_health_is_what_the_check_says(containers):
    healthy = await containers.run(
        spec("sleep 60", health_check=HealthCheck(("CMD-SHELL", "true"), interval_s=0.5, retries=1))
    )
    sick = await containers.run(spec("sleep 60", health_check=HealthCheck(("CMD", "false"), interval_s=0.5, retries=1)))
    assert (await containers.inspect(sick)).health is Health.STARTING

    async def health(container, expected):
        return (await containers.inspect(container)).health is expected

    await until(lambda: health(healthy, Health.HEALTHY))
    await until(lambda: health(sick, Health.UNHEALTHY))


async def test_stats_count_and_need_a_running_container(containers):
    container = await containers.run(spec("sleep 60", memory_bytes=64 * 2**20))
    sample = await containers.stats(container)
    assert sample.memory_limit_bytes == 64 * 2**20
    assert 0 <= sample.memory_bytes < 64 * 2**20
    assert (await containers.stats(container)).cpu_ns >= sample.cpu_ns >= 0
    await containers.stop(container, timeout_s=0)
    with pytest.raises(NotRunning):
        await containers.stats(container)


async def test_wishes_this_machine_cannot_grant_do_not_stop_a_container(containers):
    container = await containers.run(
        spec(
            "exit 0",
            privileged=True,
            cpu_count=512,
            ulimits=(Ulimit("nofile", 10_000_000, 10_000_000),),
            mounts=(Mount("/etc", "/mnt/etc", read_only=True),),
            ports=(PortBinding(8080),),
        )
    )
    assert (await containers.wait(container)).code == 0


async def test_tagged_images_are_found_by_their_new_name(containers):
    image = await containers.image(IMAGE)
    name = f"trunkline/test-{uuid.uuid4().hex[:8]}:1"
    await containers.tag(IMAGE, name)
    assert (await containers.image(name)).id == image.id
    await containers.remove_image(name)
    with pytest.raises(NoSuchImage):
        await containers.image(name)


async def test_pulling_what_no_registry_has_says_so(containers):
    with pytest.raises((NoSuchImage, PullFailed), match=r"none|refused"):
        await containers.pull("127.0.0.1:9/trunkline/none:1")
