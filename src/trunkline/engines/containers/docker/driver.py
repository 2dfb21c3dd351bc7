"""The Docker Engine as a `Containers` engine, over its unix socket."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence

from trunkline.engines.containers.docker.connection import Connection
from trunkline.engines.containers.docker.images import Images
from trunkline.engines.containers.docker.lifecycle import Lifecycle
from trunkline.engines.containers.docker.networks import Networks
from trunkline.engines.containers.docker.observation import Observation
from trunkline.engines.containers.errors import ContainersUnavailable
from trunkline.engines.containers.interface import OnOutput
from trunkline.engines.containers.model import (
    Container,
    ContainerEvent,
    ContainerSpec,
    EngineVersion,
    ExecResult,
    Exit,
    Image,
    LogLine,
    Network,
    RegistryAuth,
    Stats,
)


def default_socket() -> str:
    """What `DOCKER_HOST` names, else the usual path. Only unix sockets: containers must share this machine."""
    host = os.environ.get("DOCKER_HOST", "")
    if host.startswith("unix://"):
        return host.removeprefix("unix://")
    if host:
        raise ContainersUnavailable(f"DOCKER_HOST={host}: only an engine on this machine (unix://…) can be used")
    return "/var/run/docker.sock"


class DockerContainers:
    """See `Containers` for what each call promises."""

    def __init__(self, instance_id: str, socket_path: str | None = None) -> None:
        self.instance_id = instance_id
        self.socket_path = socket_path or default_socket()
        self._http = Connection(self.socket_path)
        self._networks = Networks(self._http, instance_id)
        self._images = Images(self._http)
        self._lifecycle = Lifecycle(self._http, instance_id)
        self._observation = Observation(self._http, instance_id, self._lifecycle)

    async def version(self) -> EngineVersion:
        doc = await self._http.json("GET", "/version")
        return EngineVersion("docker", doc["Version"], doc["ApiVersion"], doc["Arch"])

    async def close(self) -> None:
        await self._http.close()

    async def home_network(self) -> Network:
        return await self._networks.home_network()

    async def ensure_network(
        self, name: str, *, labels: Mapping[str, str] | None = None, subnet: str | None = None
    ) -> Network:
        return await self._networks.ensure_network(name, labels=labels, subnet=subnet)

    async def networks(self, labels: Mapping[str, str] | None = None) -> list[Network]:
        return await self._networks.networks(labels)

    async def remove_network(self, name: str) -> None:
        await self._networks.remove_network(name)

    async def pull(self, reference: str, *, auth: RegistryAuth | None = None) -> Image:
        return await self._images.pull(reference, auth=auth)

    async def image(self, reference: str) -> Image:
        return await self._images.image(reference)

    async def tag(self, reference: str, new_reference: str) -> None:
        await self._images.tag(reference, new_reference)

    async def remove_image(self, reference: str, *, force: bool = False) -> None:
        await self._images.remove_image(reference, force=force)

    async def remove_volume(self, name: str) -> None:
        await self._lifecycle.remove_volume(name)

    async def create(self, spec: ContainerSpec) -> str:
        return await self._lifecycle.create(spec)

    async def start(self, container: str) -> None:
        await self._lifecycle.start(container)

    async def run(self, spec: ContainerSpec) -> str:
        return await self._lifecycle.run(spec)

    async def inspect(self, container: str) -> Container:
        return await self._lifecycle.inspect(container)

    async def list(self, labels: Mapping[str, str] | None = None) -> Sequence[Container]:
        return await self._lifecycle.list(labels)

    async def wait(self, container: str) -> Exit:
        return await self._lifecycle.wait(container)

    async def stop(self, container: str, *, timeout_s: float | None = None) -> None:
        await self._lifecycle.stop(container, timeout_s=timeout_s)

    async def kill(self, container: str, *, signal: str = "KILL") -> None:
        await self._lifecycle.kill(container, signal=signal)

    async def remove(self, container: str) -> None:
        await self._lifecycle.remove(container)

    def logs(
        self, container: str, *, follow: bool = False, after: str | None = None, since_ns: int | None = None
    ) -> AsyncIterator[LogLine]:
        return self._observation.logs(container, follow=follow, after=after, since_ns=since_ns)

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
        return await self._lifecycle.exec(
            container,
            command,
            environment=environment,
            user=user,
            working_dir=working_dir,
            on_output=on_output,
            timeout_s=timeout_s,
        )

    async def put_archive(self, container: str, path: str, tar: bytes | AsyncIterator[bytes]) -> None:
        await self._lifecycle.put_archive(container, path, tar)

    def get_archive(self, container: str, path: str) -> AsyncIterator[bytes]:
        return self._lifecycle.get_archive(container, path)

    def events(self, labels: Mapping[str, str] | None = None) -> AsyncIterator[ContainerEvent]:
        return self._observation.events(labels)

    async def stats(self, container: str) -> Stats:
        return await self._observation.stats(container)
