"""Watching containers: logs and events that go on over restarts of the engine, and statistics."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping

from trunkline.engines.containers.cursor import CursorTracker
from trunkline.engines.containers.docker import stats as counters
from trunkline.engines.containers.docker.connection import Connection, EngineRefusal
from trunkline.engines.containers.docker.filters import labels_filter
from trunkline.engines.containers.docker.lifecycle import Lifecycle
from trunkline.engines.containers.docker.streams import Demultiplexer, LineJoiner, json_lines
from trunkline.engines.containers.errors import ContainersUnavailable, NoSuchContainer, NotRunning
from trunkline.engines.containers.model import ContainerEvent, ContainerState, LogLine, Stats

_RECONNECT_S = 0.3
_NS = 1_000_000_000


class Observation:
    """The part of the driver that looks on."""

    def __init__(self, http: Connection, instance_id: str, lifecycle: Lifecycle) -> None:
        self._http = http
        self._instance_id = instance_id
        self._lifecycle = lifecycle

    async def logs(
        self, container: str, *, follow: bool = False, after: str | None = None, since_ns: int | None = None
    ) -> AsyncIterator[LogLine]:
        tracker = CursorTracker(after)
        while True:
            try:
                # Asked before the log is read: what exits meanwhile is read once more, what had exited is told in full.
                ended = (await self._lifecycle.inspect(container)).state is ContainerState.EXITED
                async for line in self._told(container, follow, tracker):
                    if since_ns is None or line.timestamp_ns >= since_ns:
                        yield line
            except ContainersUnavailable:
                if not follow:
                    raise
                await asyncio.sleep(_RECONNECT_S)
                tracker.resume()
                continue
            if not follow or ended:
                return
            # The engine closed the stream: the container exited, or the engine is shutting down.
            tracker.resume()
            await self._let_settle(container)

    async def _let_settle(self, container: str) -> None:
        """Don't spin on a container that was not started yet."""
        if (await self._lifecycle.inspect(container)).state is not ContainerState.EXITED:
            await asyncio.sleep(_RECONNECT_S)

    async def _told(self, container: str, follow: bool, tracker: CursorTracker) -> AsyncIterator[LogLine]:
        params = {"stdout": "true", "stderr": "true", "timestamps": "true", "follow": str(follow).lower()}
        if tracker.since_ns:
            params["since"] = f"{tracker.since_ns // _NS}.{tracker.since_ns % _NS:09d}"
        frames, lines = Demultiplexer(), LineJoiner()
        try:
            async with self._http.open("GET", f"/containers/{container}/logs", params=params, endless=True) as response:
                async for piece in response.content.iter_any():
                    for stream, frame in frames.feed(piece):
                        whole = lines.feed(stream, frame)
                        if whole is not None and (cursor := tracker.advance(whole[0])) is not None:
                            yield LogLine(whole[0], stream, whole[1], cursor)
        except EngineRefusal as refusal:
            if refusal.status == 404:
                raise NoSuchContainer(f"no container {container}") from refusal
            raise
        for stream, at, text in lines.rest():
            if (cursor := tracker.advance(at)) is not None:
                yield LogLine(at, stream, text, cursor)

    async def events(self, labels: Mapping[str, str] | None = None) -> AsyncIterator[ContainerEvent]:
        params = labels_filter(self._instance_id, labels, type=["container"])
        while True:
            try:
                async with self._http.open("GET", "/events", params=params, endless=True) as response:
                    yield ContainerEvent("resync")
                    async for doc in json_lines(response):
                        yield _event(doc)
            except (ContainersUnavailable, json.JSONDecodeError):
                pass
            await asyncio.sleep(_RECONNECT_S)

    async def stats(self, container: str) -> Stats:
        found = await self._lifecycle.inspect(container)
        if found.state is not ContainerState.RUNNING or not found.pid:
            raise NotRunning(f"container {container} is not running")
        sample = await asyncio.to_thread(counters.from_cgroup, found.pid, found.id)
        if sample is not None:
            return sample
        params = {"stream": "false", "one-shot": "true"}
        return counters.from_api(await self._http.json("GET", f"/containers/{found.id}/stats", params=params))


def _event(doc: dict[str, object]) -> ContainerEvent:
    actor = doc.get("Actor")
    attributes = dict(actor.get("Attributes") or {}) if isinstance(actor, dict) else {}
    code = attributes.pop("exitCode", None)
    identity = str(actor.get("ID", "")) if isinstance(actor, dict) else ""
    time_ns = doc.get("timeNano")
    return ContainerEvent(
        str(doc.get("Action", "")),
        identity,
        str(attributes.get("name", "")),
        {key: str(value) for key, value in attributes.items()},
        int(code) if code is not None else None,
        time_ns if isinstance(time_ns, int) else 0,
    )
