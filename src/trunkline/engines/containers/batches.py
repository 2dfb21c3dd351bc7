"""A container's output in batches: as much as has come, at the latest a moment after its first line."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from trunkline.core.log import get
from trunkline.engines.containers.errors import ContainersError, NoSuchContainer
from trunkline.engines.containers.interface import Containers
from trunkline.engines.containers.model import LogLine

log = get(__name__)

_LINES = 500
_BYTES = 200_000
_FLUSH_S = 0.25


async def batches(containers: Containers, container: str, after: str | None) -> AsyncIterator[list[LogLine]]:
    """Everything the container writes behind the cursor `after`, until it has ended; nothing of one that is gone."""
    lines: asyncio.Queue[LogLine | None] = asyncio.Queue(_LINES * 2)
    reader = asyncio.create_task(_read(containers, container, after, lines))
    try:
        ended = False
        while not ended:
            batch, ended = await _batch(lines)
            if batch:
                yield batch
    finally:
        reader.cancel()


async def _read(
    containers: Containers, container: str, after: str | None, lines: "asyncio.Queue[LogLine | None]"
) -> None:
    try:
        async for line in containers.logs(container, follow=True, after=after):
            await lines.put(line)
    except NoSuchContainer:
        pass
    except ContainersError as error:
        log.warning("a container's log ended early", container=container, error=error)
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await lines.put(None)


async def _batch(lines: "asyncio.Queue[LogLine | None]") -> tuple[list[LogLine], bool]:
    """What has come, and whether that was the end."""
    first = await lines.get()
    if first is None:
        return [], True
    batch, size = [first], len(first.line)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FLUSH_S):
            while len(batch) < _LINES and size < _BYTES:
                line = await lines.get()
                if line is None:
                    return batch, True
                batch.append(line)
                size += len(line.line)
    return batch, False
