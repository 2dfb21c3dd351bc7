"""Sandboxes as containers: code and layers mounted read-only, /tmp writable, nothing else."""

import asyncio
import re
from collections.abc import Callable, Mapping

from trunkline.core.log import get
from trunkline.engines.containers import (
    Containers,
    ContainersError,
    ContainerSpec,
    ContainersUnavailable,
    Mount,
    NoSuchContainer,
    NoSuchImage,
)
from trunkline.engines.functions.interface import FunctionSpec, FunctionsUnavailable
from trunkline.engines.functions.launching import Ended, OnLine

log = get(__name__)

_LABEL = "trunkline.service"
_SHARES_PER_MB = 1024 / 1769  # AWS gives a whole processor at 1,769 MB
_LEAST_MEMORY_MB = 128
_BEGINNING = re.compile(rb"(?=\[(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\]\t\d{4}-\d\d-\d\dT)")
_USER = "993:990"  # as on AWS: nobody in particular, not root


class ContainerLauncher:
    """`Launcher` on the container engine."""

    def __init__(self, containers: Containers) -> None:
        self._containers = containers

    async def address(self) -> str:
        try:
            return (await self._containers.home_network()).gateway
        except ContainersError as error:
            raise FunctionsUnavailable(f"the container engine does not answer: {error}") from error

    async def launch(
        self, spec: FunctionSpec, sandbox_id: str, environment: Mapping[str, str], on_line: OnLine, network: str
    ) -> "ContainerSandbox":
        name = f"trunkline-{self._containers.instance_id[:8]}-lambda-{sandbox_id[:20]}"
        mounts = [Mount("", "/tmp", kind="volume")]  # noqa: S108 - the function's own, gone with its container
        if spec.code_dir:
            mounts.append(Mount(spec.code_dir, "/var/task", read_only=True))
        if spec.layers_dir:
            mounts.append(Mount(spec.layers_dir, "/opt", read_only=True))
        try:
            await self._present(spec.image)
            container = await self._containers.create(
                ContainerSpec(
                    name=name,
                    image=spec.image,
                    entrypoint=spec.entrypoint,
                    command=spec.command,
                    working_dir=spec.working_dir,
                    environment=environment,
                    labels={_LABEL: "lambda", "trunkline.function": spec.family, **spec.labels},
                    network=network or (await self._containers.home_network()).name,
                    mounts=tuple(mounts),
                    cpu_shares=round(spec.memory_mb * _SHARES_PER_MB),
                    memory_bytes=max(spec.memory_mb, _LEAST_MEMORY_MB) * 1024**2,
                    user=_USER,
                    read_only_root=True,
                    stop_timeout_s=0,
                )
            )
            await self._containers.start(container)
        except ContainersError as error:
            await _removed(self._containers, name)
            raise FunctionsUnavailable(f"the function's container did not start: {error}") from error
        return ContainerSandbox(self._containers, container, on_line)

    async def _present(self, image: str) -> None:
        """Pull what is not on this machine: where the internet answers, AWS's own images do as well."""
        try:
            await self._containers.image(image)
        except NoSuchImage:
            try:
                await self._containers.pull(image)
            except ContainersError as error:
                raise FunctionsUnavailable(
                    f"the image {image} is not on this machine (scripts/function-images makes it) and cannot be "
                    f"pulled: {error}"
                ) from error

    async def remove_orphans(self) -> None:
        try:
            found = await self._containers.list({_LABEL: "lambda"})
            await asyncio.gather(*(self._containers.remove(one.id) for one in found))
        except ContainersUnavailable as error:
            log.warning("containers of functions could not be looked for", error=error)


class ContainerSandbox:
    """One container, and its output as it comes."""

    def __init__(self, containers: Containers, container: str, on_line: OnLine) -> None:
        self._containers = containers
        self._container = container
        self._reading = asyncio.create_task(self._read(on_line), name=f"function-log-{container[:12]}")

    async def _read(self, on_line: Callable[[int, bytes], None]) -> None:
        try:
            async for line in self._containers.logs(self._container, follow=True):
                for event in _events(line.line):
                    on_line(line.timestamp_ns // 1_000_000, event)
        except NoSuchContainer:
            return
        except ContainersError as error:
            log.warning("a function's output was lost", container=self._container, error=error)

    async def wait(self) -> Ended:
        ended = await self._containers.wait(self._container)
        await self._reading
        return Ended(ended.code, ended.oom_killed)

    async def kill(self) -> None:
        try:
            await self._containers.kill(self._container)
            async with asyncio.timeout(1):
                await asyncio.shield(self._reading)
        except (ContainersError, TimeoutError):
            pass  # it has ended, or is gone
        await _removed(self._containers, self._container)
        self._reading.cancel()

    async def memory_mb(self) -> int:
        try:
            return (await self._containers.stats(self._container)).memory_bytes // 1024**2
        except ContainersError:
            return 0


def _events(line: bytes) -> list[bytes]:
    """The log events in a line: the client for Python ends the lines of one by carriage returns, some by nothing."""
    if b"\r" not in line:
        return [line]
    pieces = (piece.replace(b"\r", b"\n").rstrip(b"\n") for piece in _BEGINNING.split(line))
    return [piece for piece in pieces if piece]


async def _removed(containers: Containers, container: str) -> None:
    try:
        await containers.remove(container)
    except ContainersError as error:
        log.warning("a function's container could not be removed", container=container, error=error)
