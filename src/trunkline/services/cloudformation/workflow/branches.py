"""Resources at once in the order of a graph: a branch waits in memory for those it depends on.

What they wait for comes from journalled results only, so that a replayed run takes the same path.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from trunkline.engines.workflows import Workflow

T = TypeVar("T")


async def in_order(
    wf: Workflow,
    name: str,
    after: Mapping[str, Iterable[str]],
    work: Callable[[Workflow, str], Awaitable[T]],
) -> dict[str, T]:
    """`work(branch, item)` for each item of `after`, once those named for it are through, whatever came of them."""
    through = {item: asyncio.Event() for item in after}

    def branch(item: str) -> Callable[[Workflow], Awaitable[T]]:
        async def run(own: Workflow) -> T:
            try:
                for other in after[item]:
                    if other in through:
                        await through[other].wait()
                return await work(own, item)
            finally:
                through[item].set()

        return run

    if not after:
        return {}
    return await wf.gather(name, {item: branch(item) for item in after})


def reverse(after: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """The same order from its end: who is deleted only after whom."""
    found: dict[str, set[str]] = {item: set() for item in after}
    for item, others in after.items():
        for other in others:
            if other in found:
                found[other].add(item)
    return found
