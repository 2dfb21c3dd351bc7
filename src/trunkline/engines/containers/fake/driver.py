"""A container engine in memory, for tests and for machines without Docker: same promises, no isolation, no images.

Its containers understand the commands of `shell.py`.
"""

import asyncio
import hashlib
import io
import posixpath
import tarfile
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict

from trunkline.engines.containers.cursor import CursorTracker
from trunkline.engines.containers.errors import (
    ContainersError,
    ContainersUnavailable,
    NameConflict,
    NoSuchContainer,
    NoSuchImage,
    NoSuchNetwork,
    NoSuchPath,
    NotRunning,
    PullDenied,
    StartFailed,
)
from trunkline.engines.containers.fake import processes, shell
from trunkline.engines.containers.fake.machine import FakeContainer, FakeMachine
from trunkline.engines.containers.interface import OnOutput
from trunkline.engines.containers.model import (
    INSTANCE_LABEL,
    Container,
    ContainerEvent,
    ContainerSpec,
    ContainerState,
    EngineVersion,
    ExecResult,
    Exit,
    Image,
    LogLine,
    Network,
    PortBinding,
    RegistryAuth,
    Stats,
)


class FakeContainers:
    """See `Containers` for what each call promises."""

    def __init__(self, instance_id: str, machine: FakeMachine | None = None) -> None:
        self.instance_id = instance_id
        self.machine = machine or FakeMachine()

    def _machine(self) -> FakeMachine:
        if not self.machine.up:
            raise ContainersUnavailable("the fake engine is down")
        return self.machine

    def _get(self, container: str) -> FakeContainer:
        machine = self._machine()
        found = machine.containers.get(container)
        found = found or next((c for c in machine.containers.values() if c.spec.name == container), None)
        if found is None:
            raise NoSuchContainer(f"no container {container}")
        return found

    async def version(self) -> EngineVersion:
        self._machine()
        return EngineVersion("fake", "1", "1.41", "amd64")

    async def close(self) -> None:
        for container in list(self.machine.containers.values()):
            if container.instance_id == self.instance_id:
                for task in container.tasks:
                    task.cancel()

    # networks

    async def home_network(self) -> Network:
        return await self.ensure_network(f"trunkline-{self.instance_id}")

    async def ensure_network(
        self, name: str, *, labels: Mapping[str, str] | None = None, subnet: str | None = None
    ) -> Network:
        machine = self._machine()
        found = machine.networks.get(name)
        if found is None:
            # Loopback addresses, so that `serve` can really listen on a container's address; others for each instance.
            lot = hashlib.sha256(f"{self.instance_id}/{name}".encode()).digest()
            chosen = subnet or f"127.{128 + lot[0] % 127}.{lot[1]}.0/24"
            gateway = chosen.rpartition(".")[0] + ".1"
            all_labels = {**(labels or {}), INSTANCE_LABEL: self.instance_id}
            found = machine.networks[name] = Network(name, name, gateway, chosen, all_labels)
        if subnet is not None and found.subnet != subnet:
            raise NameConflict(f"network {name} exists with subnet {found.subnet}, not {subnet}")
        return found

    async def networks(self, labels: Mapping[str, str] | None = None) -> list[Network]:
        wanted = {**(labels or {}), INSTANCE_LABEL: self.instance_id}
        return [n for n in self._machine().networks.values() if wanted.items() <= n.labels.items()]

    async def remove_network(self, name: str) -> None:
        machine = self._machine()
        if any(c.spec.network == name for c in machine.containers.values()):
            raise ContainersError(f"network {name} has active endpoints")
        machine.networks.pop(name, None)

    # images

    async def pull(self, reference: str, *, auth: RegistryAuth | None = None) -> Image:
        machine = self._machine()
        if reference not in machine.registry:
            raise NoSuchImage(f"manifest for {reference} not found: manifest unknown")
        wanted = machine.registry[reference]
        if wanted is not None and wanted != auth:
            raise PullDenied(f"pull access denied for {reference}")
        return machine.images.get(reference) or machine.add_image(reference)

    async def image(self, reference: str) -> Image:
        machine = self._machine()
        found = machine.images.get(reference)
        found = found or next((i for i in machine.images.values() if i.id == reference), None)
        if found is None:
            raise NoSuchImage(f"no image {reference} on this machine")
        return found

    async def tag(self, reference: str, new_reference: str) -> None:
        self.machine.images[new_reference] = await self.image(reference)

    async def remove_image(self, reference: str, *, force: bool = False) -> None:
        self._machine().images.pop(reference, None)

    async def remove_volume(self, name: str) -> None:
        self._machine()

    # containers

    async def create(self, spec: ContainerSpec) -> str:
        machine = self._machine()
        existing = next((c for c in machine.containers.values() if c.spec.name == spec.name), None)
        if existing is not None:
            if existing.instance_id == self.instance_id and asdict(existing.spec) == asdict(spec):
                return existing.id
            raise NameConflict(f"a different container named {spec.name} exists")
        image = await self.image(spec.image)
        shared = spec.network in (None, "host", "none") or (spec.network or "").startswith("container:")
        if not shared and spec.network not in machine.networks:
            raise NoSuchNetwork(f"network {spec.network} not found")
        identity = hashlib.sha256(f"{spec.name}{time.time_ns()}".encode()).hexdigest()
        container = FakeContainer(identity, spec, image, self.instance_id, time.time(), ip=None if shared else spec.ip)
        machine.containers[identity] = container
        machine.emit(container, "create")
        return identity

    async def start(self, container: str) -> None:
        found = self._get(container)
        if found.state is ContainerState.RUNNING:
            return
        spec, machine = found.spec, self.machine
        entrypoint = spec.entrypoint if spec.entrypoint is not None else found.image.entrypoint
        command = spec.command if spec.command is not None else () if spec.entrypoint else found.image.command
        argv = (*entrypoint, *command)
        if not argv or argv[0] not in shell.BUILTINS:
            found.error = f'exec: "{argv[0] if argv else ""}": executable file not found in $PATH'
            found.exit_code = 127
            raise StartFailed(found.error)
        if spec.network in machine.networks and found.ip is None:
            found.ip = machine.networks[spec.network].subnet.rpartition(".")[0] + f".{next(machine.number) % 120 + 2}"
        found.state, found.started_at = ContainerState.RUNNING, time.time()
        found.finished_at = found.exit_code = None
        found.ignores = set()
        processes.begin(machine, found, argv)
        machine.emit(found, "start")

    async def run(self, spec: ContainerSpec) -> str:
        container = await self.create(spec)
        if self._get(container).state is ContainerState.CREATED:
            await self.start(container)
        return container

    async def inspect(self, container: str) -> Container:
        return self._seen(self._get(container))

    def _seen(self, found: FakeContainer) -> Container:
        ended = found.state is ContainerState.EXITED
        ports = tuple(
            PortBinding(p.container_port, p.host_port or 40000 + p.container_port, p.protocol, p.host_ip)
            for p in found.spec.ports
        )
        return Container(
            id=found.id,
            name=found.spec.name,
            image=found.spec.image,
            image_id=found.image.id,
            labels={**found.spec.labels, INSTANCE_LABEL: found.instance_id},
            state=found.state,
            health=found.health,
            exit_code=found.exit_code if ended else None,
            oom_killed=False,
            error=found.error,
            ip=None if ended else found.ip,
            ports=() if ended else ports,
            created_at=found.created_at,
            started_at=found.started_at,
            finished_at=found.finished_at,
        )

    async def list(self, labels: Mapping[str, str] | None = None) -> Sequence[Container]:
        wanted = {**(labels or {}), INSTANCE_LABEL: self.instance_id}
        seen = [self._seen(found) for found in self._machine().containers.values()]
        return [container for container in seen if wanted.items() <= container.labels.items()]

    async def wait(self, container: str) -> Exit:
        found = self._get(container)
        await found.ended.wait()
        return Exit(found.exit_code or 0)

    async def stop(self, container: str, *, timeout_s: float | None = None) -> None:
        with suppress(NoSuchContainer, NotRunning):
            found = self._get(container)
            if found.state is not ContainerState.RUNNING:
                return
            patience = timeout_s if timeout_s is not None else found.spec.stop_timeout_s
            await self.kill(container, signal=found.spec.stop_signal or "TERM")
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wait(container), 10 if patience is None else patience)
                return
            await self.kill(container)
            await self.wait(container)

    async def kill(self, container: str, *, signal: str = "KILL") -> None:
        found = self._get(container)
        if found.state is not ContainerState.RUNNING:
            raise NotRunning(f"container {container} is not running")
        name = signal.removeprefix("SIG")
        if name in found.ignores and name != "KILL":
            return
        found.exit_code = 137 if name == "KILL" else 143
        found.tasks[0].cancel()
        if name == "KILL":
            await self.wait(container)

    async def remove(self, container: str) -> None:
        with suppress(NoSuchContainer):
            found = self._get(container)
            with suppress(NotRunning):
                await self.kill(container)
            self.machine.containers.pop(found.id, None)
            self.machine.emit(found, "destroy")

    async def logs(
        self, container: str, *, follow: bool = False, after: str | None = None, since_ns: int | None = None
    ) -> AsyncIterator[LogLine]:
        found = self._get(container)
        tracker = CursorTracker(after)
        told = deque[tuple[int, str, bytes]]()
        at = 0
        while True:
            ended = found.state is ContainerState.EXITED
            told.extend(line for line in found.log[at:] if line[0] >= tracker.since_ns)
            at = len(found.log)
            while told:
                timestamp_ns, stream, text = told.popleft()
                cursor = tracker.advance(timestamp_ns)
                if cursor is not None and (since_ns is None or timestamp_ns >= since_ns):
                    yield LogLine(timestamp_ns, stream, text, cursor)
            if ended or not follow:
                return
            await asyncio.sleep(0.01)

    async def exec(
        self,
        container: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        working_dir: str | None = None,
        on_output: OnOutput | None = None,
        timeout_s: float | None = None,
    ) -> ExecResult:
        found = self._get(container)
        if found.state is not ContainerState.RUNNING:
            raise NotRunning(f"container {container} is not running")
        kept = {"stdout": b"", "stderr": b""}

        def keep(stream: str, data: bytes) -> None:
            kept[stream] += data

        async with asyncio.timeout(timeout_s):
            code = await processes.execute(self.machine, found, command, on_output or keep, environment)
        return ExecResult(code, kept["stdout"], kept["stderr"])

    async def put_archive(self, container: str, path: str, tar: bytes | AsyncIterator[bytes]) -> None:
        found = self._get(container)
        data = tar if isinstance(tar, bytes) else b"".join([piece async for piece in tar])
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is not None:
                    found.files[posixpath.normpath(posixpath.join(path, member.name))] = content.read()

    async def get_archive(self, container: str, path: str) -> AsyncIterator[bytes]:
        found = self._get(container)
        root = posixpath.normpath(path)
        names = [name for name in found.files if name == root or name.startswith(root.rstrip("/") + "/")]
        if not names:
            raise NoSuchPath(f"Could not find the file {path} in container {container}")
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name in names:
                info = tarfile.TarInfo(posixpath.relpath(name, posixpath.dirname(root)))
                info.size = len(found.files[name])
                archive.addfile(info, io.BytesIO(found.files[name]))
        yield out.getvalue()

    async def events(self, labels: Mapping[str, str] | None = None) -> AsyncIterator[ContainerEvent]:
        wanted = {**(labels or {}), INSTANCE_LABEL: self.instance_id}
        queue: asyncio.Queue[ContainerEvent] = asyncio.Queue()
        self.machine.listeners.add(queue)
        try:
            yield ContainerEvent("resync")
            while True:
                event = await queue.get()
                if wanted.items() <= event.labels.items():
                    yield event
        finally:
            self.machine.listeners.discard(queue)

    async def stats(self, container: str) -> Stats:
        found = self._get(container)
        if found.state is not ContainerState.RUNNING or found.started_at is None:
            raise NotRunning(f"container {container} is not running")
        busy_ns = int((time.time() - found.started_at) * 1e7)  # one per cent of a CPU
        return Stats(time.time_ns(), busy_ns, 8 * 2**20, found.spec.memory_bytes)
