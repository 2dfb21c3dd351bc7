"""Kill the server before and after every durable commit of a run, start it again, and compare how the run ends.

The points are enumerated by core.db's hook (TRUNKLINE_COUNT_COMMITS), not by hand: an undisturbed run tells how many
there are. Every round begins from a copy of the same prepared data directory.
"""

import os
import random
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from click import ClickException

from tests.support.server import Server, free_port

Doc = dict[str, Any]
Point = tuple[int, str]
READY_S = 120.0


class Scenario(Protocol):
    """A run that somebody starts and that ends. `end` must be the same whatever happened on the way."""

    name: str
    settings: Doc
    timeout_s: float

    def prepare(self, server: Server) -> None:
        """Make what the run needs. Called once; what it knows stays in the object."""

    def begin(self, server: Server) -> None:
        """Start the run; called again only if it has not begun, so an answer that was lost starts nothing twice."""

    def has_begun(self, server: Server) -> bool: ...

    def has_ended(self, server: Server) -> bool: ...

    def end(self, server: Server) -> Doc: ...


@dataclass
class Result:
    """The figures of one scenario."""

    scenario: str
    commits: int = 0
    killed: int = 0
    not_reached: int = 0
    stuck: list[str] = field(default_factory=list)
    different: dict[str, Doc] = field(default_factory=dict)
    seconds: float = 0.0

    def to_doc(self) -> Doc:
        return {
            "scenario": self.scenario,
            "commits": self.commits,
            "points": self.killed + self.not_reached,
            "killed": self.killed,
            "not_reached": self.not_reached,
            "stuck": len(self.stuck),
            "different": len(self.different),
            "seconds": round(self.seconds),
            **({"stuck_at": self.stuck[:5]} if self.stuck else {}),
            **({"differences": dict(list(self.different.items())[:5])} if self.different else {}),
        }


class Kills:
    def __init__(self, scenario: Scenario, folder: Path, *, verbose: bool = False) -> None:
        self.scenario = scenario
        self.folder = folder
        self.port = free_port()
        self.verbose = verbose
        self.undisturbed: Doc = {}

    def run(self, sample: int | None = None, *, seed: int = 1) -> Result:
        """All points, or a random sample of them; always the same for the same seed and number of commits."""
        begun = time.monotonic()
        result = Result(self.scenario.name)
        self._prepare()
        result.commits = self._undisturbed()
        points: list[Point] = [(n, side) for n in range(1, result.commits + 1) for side in ("before", "after")]
        if sample is not None and sample < len(points):
            points = sorted(random.Random(seed).sample(points, sample))
        for point in points:
            self._round(point, result)
        result.seconds = time.monotonic() - begun
        return result

    # one round -------------------------------------------------------------------------------------------------------

    def _server(self) -> Server:
        return Server(self.folder / "data", port=self.port, **self.scenario.settings)

    def _prepare(self) -> None:
        server = started(self._server())
        try:
            self.scenario.prepare(server)
        finally:
            server.remove()
        no_sockets = shutil.ignore_patterns("*.sock")
        shutil.copytree(self.folder / "data", self.folder / "snapshot", ignore=no_sockets)

    def _fresh(self) -> Server:
        shutil.rmtree(self.folder / "data")
        shutil.copytree(self.folder / "snapshot", self.folder / "data")
        return self._server()

    def _undisturbed(self) -> int:
        counted = self.folder / "commits"
        counted.unlink(missing_ok=True)
        server = started(self._fresh(), {"TRUNKLINE_COUNT_COMMITS": str(counted)})
        try:
            self.scenario.begin(server)
            if not self._until_ended(server):
                raise AssertionError(f"the undisturbed run of {self.scenario.name} does not end:\n{server.log_tail()}")
            self.undisturbed = self.scenario.end(server)
            return counted.stat().st_size
        finally:
            self._close(server)

    def _round(self, point: Point, result: Result) -> None:
        number, side = point
        server = self._fresh().start(wait=False, env={"TRUNKLINE_CRASH_AT": f"{number}:{side}"})
        try:
            if self._try_to_begin(server):
                self._until_ended(server)
            end = self._end(server) if not is_dead(server) else None
            if is_dead(server):
                result.killed += 1
                started(server)
                if not self.scenario.has_begun(server):
                    self.scenario.begin(server)
                end = self._end(server) if self._until_ended(server) else None
            else:
                result.not_reached += 1
            if end is None:
                result.stuck.append(f"{number}:{side}")
                self._say(point, "stuck", server)
            elif end != self.undisturbed:
                result.different[f"{number}:{side}"] = {
                    key: [self.undisturbed.get(key), end[key]] for key in end if end[key] != self.undisturbed.get(key)
                }
                self._say(point, f"different: {result.different[f'{number}:{side}']}", server)
            elif self.verbose:
                print(f"{self.scenario.name} {number}:{side} ok", flush=True)
        finally:
            self._close(server)

    def _try_to_begin(self, server: Server) -> bool:
        """False if the server died first, or under the request."""
        try:
            server.wait_ready(READY_S)
            self.scenario.begin(server)
        except (AssertionError, BotoCoreError, ClientError):
            if not wait_dead(server, 10):
                raise
            return False
        return True

    def _end(self, server: Server) -> Doc | None:
        """How the run ended; None if it has not, or if the point came only now."""
        try:
            return self.scenario.end(server) if self.scenario.has_ended(server) else None
        except (BotoCoreError, ClientError):
            if not wait_dead(server, 2):
                raise
            return None

    def _until_ended(self, server: Server) -> bool:
        """True at the end of the run; False if the server died or the time was over."""
        deadline = time.monotonic() + self.scenario.timeout_s
        while time.monotonic() < deadline:
            try:
                if self.scenario.has_ended(server):
                    return True
            except (BotoCoreError, ClientError):
                if wait_dead(server, 2):
                    return False
            if is_dead(server):
                return False
            time.sleep(0.05)
        return False

    def _close(self, server: Server) -> None:
        if is_dead(server):
            started(server)
        try:
            server.remove()
        except ClickException:  # it made the commit it was to die at while it stopped
            started(server)
            server.remove()

    def _say(self, point: Point, what: str, server: Server) -> None:
        if self.verbose:
            print(f"{self.scenario.name} {point[0]}:{point[1]} {what}\n{server.log_tail(30)}", flush=True)


def started(server: Server, env: dict[str, str] | None = None) -> Server:
    """Long runs share their machine: a server that starts slowly is no finding."""
    server.start(wait=False, env=env)
    server.wait_ready(READY_S)
    return server


def is_dead(server: Server) -> bool:
    return server.process is None or server.process.poll() is not None


def wait_dead(server: Server, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if is_dead(server):
            return True
        time.sleep(0.01)
    return False


def drivers() -> Doc:
    """FAULTS_ENGINES=docker: Docker and HAProxy, which go on while the server is dead; the default is the fakes."""
    if os.environ.get("FAULTS_ENGINES") == "docker":
        return {"containers": "docker", "proxy": "haproxy"}
    return {"containers": "fake", "proxy": "fake"}


def counts(rows: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row] = found.get(row, 0) + 1
    return dict(sorted(found.items()))
