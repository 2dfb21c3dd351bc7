"""The process that `telemetry` kills: it writes and compacts without pause, and says what has been acknowledged.

`python -m tests.faults.telemetry_ingest DIRECTORY FIRST`: batches are numbered from FIRST on.
"""

import asyncio
import itertools
import sys
import time
from pathlib import Path

from trunkline.core.clock import RealClock
from trunkline.engines.telemetry import AlreadyAppended, Metric, Sample
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.engines.telemetry.upkeep import Policy

GROUP, FOLLOWED = "g", "followed"
BATCH = 20
PUTS = Metric("1", "us-east-1", "Faults", "Put")
T0 = 1_767_225_600_000
# Slices of a second, cold as soon as they are closed, merged four at a time.
POLICY = Policy(slice_s=1, slice_records=1500, hot_s=0, hot_records=0, merged_files=4)
_WRITERS = 3


def say(*words: object) -> None:
    print(*words, flush=True)


async def write(store: LocalTelemetry, numbers: "itertools.count[int]", writer: int) -> None:
    while True:
        number = next(numbers)
        lines = [f"{number}:{place}" for place in range(BATCH)]
        # The order of times is not that of arrival.
        times = [T0 + number * 7919 % 100_000 + place for place in range(BATCH)]
        await store.append(GROUP, f"s{writer}", times, lines, ingestion_ms=int(time.time() * 1000))
        say("append", number)
        await store.put_samples([Sample(PUTS, T0 + number % 1000, float(number))])
        say("put", number)


async def follow(store: LocalTelemetry) -> None:
    """A source that can be read again from any position: the line after the last one that was stored."""
    known = store.stats(GROUP, (FOLLOWED,)).get(FOLLOWED)
    line = int(known.position or 0) if known else 0
    while True:
        lines = range(line, line + 3)
        line += 3
        # The second time tells that the store knows the first one.
        for _ in range(2):
            try:
                await store.append(
                    GROUP,
                    FOLLOWED,
                    [T0 + n for n in lines],
                    [str(n) for n in lines],
                    ingestion_ms=0,
                    position=str(line),
                )
            except AlreadyAppended:
                break
        say("line", line)


async def delete(store: LocalTelemetry, first: int) -> None:
    for number in itertools.count():
        stream = f"deleted-{first}-{number}"
        await store.append(GROUP, stream, [T0], ["must go"], ingestion_ms=0)
        await asyncio.sleep(0.01)
        await store.delete_stream(GROUP, stream)
        say("deleted", stream)


async def compact(store: LocalTelemetry) -> None:
    while True:
        say("compacting")
        await store.upkeep.round(everything=False)
        say("compacted")
        await asyncio.sleep(0.01)


async def main(directory: Path, first: int) -> None:
    store = LocalTelemetry(directory, RealClock(), policy=POLICY)
    numbers = itertools.count(first)
    say("ready")
    await asyncio.gather(
        follow(store), delete(store, first), compact(store), *(write(store, numbers, n) for n in range(_WRITERS))
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
