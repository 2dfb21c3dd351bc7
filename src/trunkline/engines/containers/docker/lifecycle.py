"""Containers from create to remove, and work inside of them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import aiohttp

from trunkline.engines.containers.docker import encoding
from trunkline.engines.containers.docker.connection import Connection, EngineRefusal
from trunkline.engines.containers.docker.filters import labels_filter
from trunkline.engines.containers.docker.privileges import granted_capabilities, host_privileges
from trunkline.engines.containers.docker.streams import Demultiplexer
from trunkline.engines.containers.errors import (
    ContainersError,
    ContainersUnavailable,
    NameConflict,
    NoSuchContainer,
    NoSuchImage,
    NoSuchNetwork,
    NoSuchPath,
    NotRunning,
    StartFailed,
)
from trunkline.engines.containers.interface import OnOutput
from trunkline.engines.containers.model import (
    INSTANCE_LABEL,
    SPEC_LABEL,
    Container,
    ContainerSpec,
    ContainerState,
    ExecResult,
    Exit,
)

_RECONNECT_S = 0.3
_UNSTARTED_S = 0.1


class Lifecycle:
    """The part of the driver that deals with containers."""

    def __init__(self, http: Connection, instance_id: str) -> None:
        self._http = http
        self._instance_id = instance_id
        self._granted = granted_capabilities()

    async def create(self, spec: ContainerSpec) -> str:
        body = encoding.create_body(spec, {**spec.labels, INSTANCE_LABEL: self._instance_id})
        body["HostConfig"].update(host_privileges(spec, self._granted))
        try:
            made = await self._http.json("POST", "/containers/create", params={"name": spec.name}, body=body)
            return str(made["Id"])
        except EngineRefusal as refusal:
            if refusal.status == 409:
                return await self._same(spec)
            if refusal.status == 404 and "no such image" in refusal.message.lower():
                raise NoSuchImage(refusal.message) from refusal
            if refusal.status == 404 and "network" in refusal.message.lower():
                raise NoSuchNetwork(refusal.message) from refusal
            raise ContainersError(refusal.message) from refusal

    async def _same(self, spec: ContainerSpec) -> str:
        existing = await self.inspect(spec.name)
        ours = existing.labels.get(INSTANCE_LABEL) == self._instance_id
        if ours and existing.labels.get(SPEC_LABEL) == encoding.fingerprint(spec):
            return existing.id
        raise NameConflict(f"a different container named {spec.name} exists")

    async def start(self, container: str) -> None:
        try:
            await self._http.json("POST", f"/containers/{container}/start")
        except EngineRefusal as refusal:
            if refusal.status == 404 and "no such container" in refusal.message.lower():
                raise NoSuchContainer(refusal.message) from refusal
            if refusal.status == 404 and "network" in refusal.message.lower():
                raise NoSuchNetwork(refusal.message) from refusal
            raise StartFailed(refusal.message) from refusal

    async def run(self, spec: ContainerSpec) -> str:
        container = await self.create(spec)
        if (await self.inspect(container)).state is ContainerState.CREATED:
            await self.start(container)
        return container

    async def inspect(self, container: str) -> Container:
        async with self._answers(container):
            return encoding.container(await self._http.json("GET", f"/containers/{container}/json"))

    async def list(self, labels: Mapping[str, str] | None = None) -> Sequence[Container]:
        params = {"all": "true", **labels_filter(self._instance_id, labels)}
        return [encoding.listed(doc) for doc in await self._http.json("GET", "/containers/json", params=params)]

    async def wait(self, container: str) -> Exit:
        while True:
            try:
                found = await self.inspect(container)
                if found.state is ContainerState.EXITED:
                    return Exit(found.exit_code or 0, found.oom_killed)
                if found.state is ContainerState.CREATED:
                    # The engine's "next-exit" would miss an exit between our look and its start of waiting.
                    await asyncio.sleep(_UNSTARTED_S)
                    continue
                async with (
                    self._answers(container),
                    self._http.open(
                        "POST", f"/containers/{container}/wait", params={"condition": "not-running"}, endless=True
                    ) as response,
                ):
                    await response.read()
            except ContainersUnavailable:
                await asyncio.sleep(_RECONNECT_S)

    async def stop(self, container: str, *, timeout_s: float | None = None) -> None:
        params = {} if timeout_s is None else {"t": str(max(0, round(timeout_s)))}
        try:
            async with self._http.open(
                "POST", f"/containers/{container}/stop", params=params, endless=True
            ) as response:
                await response.read()
        except EngineRefusal as refusal:
            if refusal.status != 404:
                raise ContainersError(refusal.message) from refusal

    async def kill(self, container: str, *, signal: str = "KILL") -> None:
        async with self._answers(container):
            await self._http.json("POST", f"/containers/{container}/kill", params={"signal": signal})

    async def remove(self, container: str) -> None:
        while True:
            try:
                await self._http.json("DELETE", f"/containers/{container}", params={"force": "true", "v": "true"})
            except EngineRefusal as refusal:
                if refusal.status == 404:
                    return
                if refusal.status != 409:  # 409: its removal is in progress already
                    raise ContainersError(refusal.message) from refusal
                await asyncio.sleep(0.05)
                continue
            return

    async def remove_volume(self, name: str) -> None:
        try:
            await self._http.json("DELETE", f"/volumes/{name}", params={"force": "true"})
        except EngineRefusal as refusal:
            if refusal.status != 404:
                raise ContainersError(refusal.message) from refusal

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
        body = {
            "AttachStdout": True,
            "AttachStderr": True,
            "Cmd": list(command),
            "Env": [f"{name}={value}" for name, value in (environment or {}).items()],
            **({"User": user} if user else {}),
            **({"WorkingDir": working_dir} if working_dir else {}),
        }
        async with self._answers(container):
            made = await self._http.json("POST", f"/containers/{container}/exec", body=body)
        kept: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

        def keep(stream: str, data: bytes) -> None:
            kept[stream].extend(data)

        async with asyncio.timeout(timeout_s):
            async with self._answers(container):
                await self._follow_exec(made["Id"], on_output or keep)
            code = None
            while code is None:  # the stream ends a moment before the engine knows the exit code
                state = await self._http.json("GET", f"/exec/{made['Id']}/json")
                code = state["ExitCode"] if not state["Running"] else None
                if code is None:
                    await asyncio.sleep(0.02)
        return ExecResult(int(code), bytes(kept["stdout"]), bytes(kept["stderr"]))

    async def _follow_exec(self, exec_id: str, tell: OnOutput) -> None:
        frames = Demultiplexer()
        headers = {"content-type": "application/json"}
        async with self._http.open(
            "POST", f"/exec/{exec_id}/start", data=b'{"Detach":false,"Tty":false}', headers=headers, endless=True
        ) as response:
            async for piece in response.content.iter_any():
                for stream, data in frames.feed(piece):
                    tell(stream, data)

    async def put_archive(self, container: str, path: str, tar: bytes | AsyncIterator[bytes]) -> None:
        headers = {"content-type": "application/x-tar"}
        async with (
            self._answers(container),
            self._http.open(
                "PUT",
                f"/containers/{container}/archive",
                params={"path": path},
                data=tar,
                headers=headers,
                endless=True,
            ) as response,
        ):
            await response.read()

    async def get_archive(self, container: str, path: str) -> AsyncIterator[bytes]:
        async with (
            self._answers(container),
            self._http.open("GET", f"/containers/{container}/archive", params={"path": path}, endless=True) as response,
        ):
            async for piece in response.content.iter_any():
                yield piece

    @asynccontextmanager
    async def _answers(self, container: str) -> AsyncIterator[None]:
        """Docker's refusals about one container as our errors."""
        try:
            yield
        except EngineRefusal as refusal:
            lowered = refusal.message.lower()
            if refusal.status == 404 and "no such container" in lowered:
                raise NoSuchContainer(f"no container {container}") from refusal
            if refusal.status == 404:
                raise NoSuchPath(refusal.message) from refusal
            if "is not running" in lowered or "not running" in lowered:
                raise NotRunning(f"container {container} is not running") from refusal
            raise ContainersError(refusal.message) from refusal
        except aiohttp.ClientError as error:
            raise ContainersUnavailable(str(error)) from error
