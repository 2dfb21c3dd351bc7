"""Telemetry killed while it takes records in and compacts them: what was acknowledged is there, and once."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.telemetry_ingest import BATCH, FOLLOWED, GROUP, POLICY, PUTS, T0
from trunkline.core.clock import RealClock
from trunkline.engines.telemetry import LogScan
from trunkline.engines.telemetry.local import LocalTelemetry

_STEP = 1_000_000
_LONGEST_S = 1.8


class Killed:
    """What the killed processes said before they died."""

    def __init__(self) -> None:
        self.appended: set[int] = set()
        self.put: set[int] = set()
        self.deleted: set[str] = set()
        self.followed = 0
        self.compacting = 0
        """Kills in the middle of a compaction."""

    def hear(self, said: list[str]) -> None:
        for line in said:
            match line.split():
                case ["append", number]:
                    self.appended.add(int(number))
                case ["put", number]:
                    self.put.add(int(number))
                case ["deleted", stream]:
                    self.deleted.add(stream)
                case ["line", number]:
                    self.followed = max(self.followed, int(number))
        rounds = [line for line in said if line.startswith("compact")]
        self.compacting += rounds[-1:] == ["compacting"]


def killed_ingest(place: Path, kills: int, seed: int = 1) -> dict[str, Any]:
    """Kill `kills` times; the counts. `lost` and `doubled` are to be 0, and `returned`: deleted and yet there."""
    pick, heard, directory = random.Random(seed), Killed(), place / "telemetry"
    begun = time.monotonic()
    for number in range(kills):
        command = [sys.executable, "-m", "tests.faults.telemetry_ingest", str(directory), str(number * _STEP)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        first = child.stdout.readline()
        if first != "ready\n":
            raise AssertionError(f"the store did not open again: {first}{child.stdout.read()}")
        time.sleep(pick.uniform(0.0, _LONGEST_S))
        child.send_signal(signal.SIGKILL)
        heard.hear(child.stdout.read().splitlines())
        child.wait()
    found = asyncio.run(_counts(directory, heard))
    return {"kills": kills, "while_compacting": heard.compacting, **found, "wall_s": round(time.monotonic() - begun, 1)}


async def _counts(directory: Path, heard: Killed) -> dict[str, Any]:
    store = LocalTelemetry(directory, RealClock(), policy=POLICY)
    try:
        cold = [file.rows for file in store.upkeep.holdings.files]
        lines: Counter[str] = Counter()
        followed: list[int] = []
        returned = 0
        for record in store.read(GROUP):
            if record.stream == FOLLOWED:
                followed.append(int(record.message))
            elif record.stream.startswith("deleted"):
                returned += record.stream in heard.deleted
            else:
                lines[record.message] += 1
        asked = await store.ask(
            "SELECT count(*) FROM logs WHERE stream LIKE 's%'",
            logs={"logs": LogScan((GROUP,), 0, 1 << 60)},
        )
        puts: Counter[float] = Counter()
        for bucket in store.buckets(PUTS, T0, T0 + 1000, 1000, values=True).get("None", []):
            puts.update(dict(bucket.values))
        wanted = [f"{number}:{place}" for number in heard.appended for place in range(BATCH)]
        lost = sum(line not in lines for line in wanted) + sum(number not in puts for number in heard.put)
        lost += max(0, heard.followed - len(followed))
        doubled = sum(count - 1 for count in lines.values()) + sum(int(count) - 1 for count in puts.values())
        return {
            "acknowledged": len(wanted) + len(heard.put) + heard.followed,
            "stored": sum(lines.values()) + len(puts) + len(followed),
            "cold_files": len(cold),
            "cold_rows": sum(cold),
            "lost": lost,
            "doubled": doubled,
            "returned": returned,
            "seams": int(followed != list(range(len(followed)))),
            "asked_otherwise": int(asked.rows != [(sum(lines.values()),)]),
        }
    finally:
        await store.close()
