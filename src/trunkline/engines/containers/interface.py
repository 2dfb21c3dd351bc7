"""Running containers: what every engine behind Trunkline can do, and in which order it is asked.

A container's life: image() or pull() → create() → start() → wait() / logs() / exec() / stats() → stop() → remove().
`run()` is create and start in one.

Repeating: everything but exec() may be repeated after a crash at any moment. create() with an equal spec answers the
container that exists; start, stop and remove of what is already so are successes. So a caller derives the name from its
own durable id, and finds its containers again by label after a restart.

At once: any number of calls may run at the same time, on the same container too. The engine orders them.

Whose: every container and network carries the label `trunkline.instance`; list() and events() tell only of this
instance's, so several Trunklines share one engine without touching each other.

Away: each call raises ContainersUnavailable while the engine does not answer; wait(), followed logs and events()
instead go on by themselves once it is back.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

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

OnOutput = Callable[[str, bytes], None]


class Containers(Protocol):
    """A container engine. See the module's words on order, repetition and concurrency."""

    instance_id: str

    async def version(self) -> EngineVersion:
        """Who answers; raises ContainersUnavailable when nobody does."""

    async def close(self) -> None:
        """Let go of connections. Containers go on running."""

    # networks

    async def home_network(self) -> Network:
        """This instance's own network, made on first use. Trunkline is reached from containers at its gateway."""

    async def ensure_network(
        self, name: str, *, labels: Mapping[str, str] | None = None, subnet: str | None = None
    ) -> Network:
        """The network of that name, made if missing in `subnet` or in a free /22.

        NameConflict when it exists with another subnet than the one asked for."""

    async def networks(self, labels: Mapping[str, str] | None = None) -> list[Network]:
        """This instance's networks that carry all `labels`."""

    async def remove_network(self, name: str) -> None:
        """Gone afterwards; no error if it was. ContainersError while containers are in it."""

    # images

    async def pull(self, reference: str, *, auth: RegistryAuth | None = None) -> Image:
        """Fetch from the registry named by the reference.

        NoSuchImage, PullDenied, PullFailed. A pull that is under way already is joined by the engine."""

    async def image(self, reference: str) -> Image:
        """The image on this machine; NoSuchImage."""

    async def tag(self, reference: str, new_reference: str) -> None:
        """Give an image one more name; NoSuchImage."""

    async def remove_image(self, reference: str, *, force: bool = False) -> None:
        """Gone afterwards; no error if it was."""

    async def remove_volume(self, name: str) -> None:
        """A named volume, made by the first container that mounted it, is gone afterwards; no error if it was."""

    # containers

    async def create(self, spec: ContainerSpec) -> str:
        """Its id. The same spec again answers the same container; another one of that name raises NameConflict.

        NoSuchImage when the image is not on this machine: pull first."""

    async def start(self, container: str) -> None:
        """Running afterwards, or has run: a container that already exited is started again.

        StartFailed when its command cannot be executed."""

    async def run(self, spec: ContainerSpec) -> str:
        """create, then start if it has never been started. Repeating it does not restart what has exited."""

    async def inspect(self, container: str) -> Container:
        """By id or name; NoSuchContainer."""

    async def list(self, labels: Mapping[str, str] | None = None) -> Sequence[Container]:
        """This instance's containers, stopped ones too, that carry all `labels`. `health` and times may be
        coarse in a list: inspect for the exact ones."""

    async def wait(self, container: str) -> Exit:
        """Return when it does not run. A created one that was never started counts as running."""

    async def stop(self, container: str, *, timeout_s: float | None = None) -> None:
        """Its stop signal, then SIGKILL after the time-out (default: the spec's, else 10 s). Returns when stopped.

        No error if it does not run or is gone."""

    async def kill(self, container: str, *, signal: str = "KILL") -> None:
        """Send a signal; NotRunning, NoSuchContainer."""

    async def remove(self, container: str) -> None:
        """Killed if need be and gone afterwards, with its anonymous volumes; no error if it was."""

    def logs(
        self,
        container: str,
        *,
        follow: bool = False,
        after: str | None = None,
        since_ns: int | None = None,
    ) -> AsyncIterator[LogLine]:
        """What it wrote, oldest first, line by line; with `follow` until it has exited and everything was told.

        after: the `cursor` of the last line that was dealt with: goes on right behind it, none lost, none twice, also
        after a restart of Trunkline or of the engine. since_ns: leave out what is older. NoSuchContainer."""

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
        """Run a command inside. on_output(stream, bytes) sees output as it comes; the result holds it all only
        when there is no `on_output`. TimeoutError after timeout_s; the command may go on. NotRunning, NoSuchContainer.
        """

    async def put_archive(self, container: str, path: str, tar: bytes | AsyncIterator[bytes]) -> None:
        """Unpack a tar in the directory `path`; works on stopped containers too. NoSuchPath, NoSuchContainer."""

    def get_archive(self, container: str, path: str) -> AsyncIterator[bytes]:
        """The file or directory as a tar; works on stopped containers too. NoSuchPath, NoSuchContainer."""

    def events(self, labels: Mapping[str, str] | None = None) -> AsyncIterator[ContainerEvent]:
        """What happens to this instance's containers that carry all `labels`, endlessly; starts with "resync"."""

    async def stats(self, container: str) -> Stats:
        """Counters of now; NotRunning, NoSuchContainer."""
