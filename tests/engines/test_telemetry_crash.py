"""A writer killed at random moments: every acknowledged record is there once, and a follower resumes without a seam."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from trunkline.core.clock import RealClock
from trunkline.engines.telemetry import Metric
from trunkline.engines.telemetry.sqlite import SqliteTelemetry

T0 = 1_767_225_600_000
KILLS = 8

# Follows an endless source of numbered lines, three a batch, and counts the batches in a metric beside it.
FOLLOWER = """
import asyncio, sys
from pathlib import Path
from trunkline.core.clock import RealClock
from trunkline.engines.telemetry import Metric, Sample
from trunkline.engines.telemetry.sqlite import SqliteTelemetry

async def follow():
    store = SqliteTelemetry(Path(sys.argv[1]), RealClock())
    known = store.stats("g").get("s")
    line = int(known.position) if known else 0
    while True:
        lines = range(line, line + 3)
        line += 3
        times = [1767225600000 + n for n in lines]
        await store.append("g", "s", times, [str(n) for n in lines], ingestion_ms=0, position=str(line))
        print("line", line, flush=True)
        await store.put_samples([Sample(Metric("1", "r", "App", f"m{n % 7}"), times[0], 1.0) for n in range(50)])
        print("put", flush=True)

asyncio.run(follow())
"""


async def test_nothing_acknowledged_is_lost_or_doubled_by_sigkill(tmp_path: Path) -> None:
    directory, pick = tmp_path / "telemetry", random.Random(11)
    acknowledged, puts = 0, 0
    for _ in range(KILLS):
        child = subprocess.Popen([sys.executable, "-c", FOLLOWER, str(directory)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(pick.uniform(0.0, 0.15))
        child.send_signal(signal.SIGKILL)
        said = child.stdout.read().splitlines()
        child.wait()
        told = [int(line.split()[1]) for line in said if line.startswith("line ")]
        acknowledged = max([acknowledged, *told])
        puts += said.count("put")
    store = SqliteTelemetry(directory, RealClock())
    lines = [int(record.message) for record in store.read("g", ("s",))]
    assert lines == list(range(len(lines)))
    assert len(lines) >= acknowledged > 100
    stored = sum(
        bucket.count
        for number in range(7)
        for bucket in store.buckets(Metric("1", "r", "App", f"m{number}"), T0, T0 + 10**7, 10**7)["None"]
    )
    assert 50 * puts <= stored <= 50 * (puts + KILLS) and stored % 50 == 0
    await store.close()
