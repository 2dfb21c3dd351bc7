"""What the parts share: lines, a server and its memory over time, and seconds by wall clock and by CPU."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from benchmarks.servers import Server, process_tree

T = TypeVar("T")
_SAMPLE_EVERY_S = 0.25


def line(part: str, what: str, **figures: Any) -> None:
    """One finding, at once on standard output."""
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps({"benchmark": part, "what": what, **rounded}), flush=True)


@dataclass
class Timed:
    """Repeated calls: the best and the median, because other work on the machine only ever adds."""

    seconds: list[float] = field(default_factory=list)

    @property
    def best_ms(self) -> float:
        return min(self.seconds) * 1000

    @property
    def median_ms(self) -> float:
        return median(self.seconds) * 1000


def timed(call: Callable[[], T], times: int = 5) -> tuple[T, Timed]:
    found = Timed()
    for _ in range(times):
        begun = time.perf_counter()
        result = call()
        found.seconds.append(time.perf_counter() - begun)
    return result, found


class Memory:
    """The most that a server and its child processes were seen to hold together, sampled in the background.

    As the kernel shares it out (PSS): a library that three of the processes have mapped is in memory once.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most_mb = 0.0

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_EVERY_S):
            with contextlib.suppress(OSError, ValueError):  # a child ended under the eyes
                self.most_mb = max(self.most_mb, sum(_pss_kb(pid) for pid in process_tree(self._server.pid)) / 1024)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


def _pss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextlib.contextmanager
def served(place: Path, name: str = "trunkline") -> Iterator[tuple[Server, Memory]]:
    """A started server (or a peer) whose memory is watched; stopped at the end."""
    health = {"trunkline": "/_trunkline/health", "ministack": "/_ministack/health", "moto": "/moto-api/"}[name]
    server = Server(name, place / name, health)
    server.start()
    memory = Memory(server)
    memory.start()
    try:
        yield server, memory
    finally:
        memory.stop()
        server.stop()
