"""What runs inside the fake machine's containers: first processes, health checks, commands by exec."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from trunkline.engines.containers.fake import shell
from trunkline.engines.containers.fake.machine import FakeContainer, FakeMachine
from trunkline.engines.containers.interface import OnOutput
from trunkline.engines.containers.model import ContainerSpec, ContainerState, Health


def begin(machine: FakeMachine, container: FakeContainer, argv: Sequence[str]) -> None:
    """Start the first process, and the health check if there is one."""
    checked = _checked(container.spec)
    container.health = Health.STARTING if checked else Health.NONE
    container.ended.clear()
    life = asyncio.create_task(_live(machine, container, argv))
    # By callback: a task that is cancelled before its first step never runs a line of its own.
    life.add_done_callback(lambda task: _end(machine, container, task))
    container.tasks = [life]
    if checked:
        container.tasks.append(asyncio.create_task(_check_health(machine, container)))


async def execute(
    machine: FakeMachine,
    container: FakeContainer,
    argv: Sequence[str],
    write: OnOutput,
    extra: Mapping[str, str] | None = None,
) -> int:
    """Run a command in the container's surroundings."""
    environment = {**container.spec.environment, **(extra or {})}
    address = _address(machine, container)
    return await shell.run(argv, shell.Process(write, environment, container.files, address, container.ignores))


def _address(machine: FakeMachine, container: FakeContainer) -> str:
    network = container.spec.network or ""
    if network.startswith("container:"):
        other = network.removeprefix("container:")
        shared = next((c for c in machine.containers.values() if other in (c.id, c.spec.name)), None)
        return _address(machine, shared) if shared else "127.0.0.1"
    return container.ip or "127.0.0.1"


async def _live(machine: FakeMachine, container: FakeContainer, argv: Sequence[str]) -> int:
    def write(stream: str, data: bytes) -> None:
        *lines, rest = (container.partial.pop(stream, b"") + data).split(b"\n")
        container.log += [(time.time_ns(), stream, line) for line in lines]
        if rest:
            container.partial[stream] = rest

    try:
        return await execute(machine, container, argv, write)
    except OSError as error:
        write("stderr", f"{error}\n".encode())
        return 1


def _end(machine: FakeMachine, container: FakeContainer, life: "asyncio.Task[int]") -> None:
    if not life.cancelled():
        container.exit_code = 1 if life.exception() else life.result()
    elif container.exit_code is None:
        container.exit_code = 137
    for stream, rest in container.partial.items():
        container.log.append((time.time_ns(), stream, rest))
    container.partial.clear()
    container.finished_at = time.time()
    container.state = ContainerState.EXITED
    for task in container.tasks[1:]:
        task.cancel()
    machine.emit(container, "die")
    container.ended.set()


async def _check_health(machine: FakeMachine, container: FakeContainer) -> None:
    check = container.spec.health_check
    failures = 0
    while check is not None and container.state is ContainerState.RUNNING:
        await asyncio.sleep(check.interval_s)
        argv = ("sh", "-c", check.test[1]) if check.test[0] == "CMD-SHELL" else check.test[1:]
        code = await execute(machine, container, argv, lambda _stream, _data: None)
        failures = failures + 1 if code else 0
        if not code:
            _set_health(machine, container, Health.HEALTHY)
        elif failures >= check.retries:
            _set_health(machine, container, Health.UNHEALTHY)


def _set_health(machine: FakeMachine, container: FakeContainer, health: Health) -> None:
    if container.health is not health:
        container.health = health
        machine.emit(container, f"health_status: {health}")


def _checked(spec: ContainerSpec) -> bool:
    return spec.health_check is not None and spec.health_check.test[0] != "NONE"
