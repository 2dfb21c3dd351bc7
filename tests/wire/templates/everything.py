"""All samples in one account, several at a time."""

import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from tests.support.server import Server
from tests.wire.templates import image
from tests.wire.templates.run import FOLDER, SHARED, Outcome, delete, deploy, lane, rehearse, samples
from tests.wire.templates.site import Site

_AT_ONCE = 4


def everything(only: str = "") -> list[Outcome]:
    """Deploy and delete all samples (or those whose path contains `only`), and the ones that others build on."""
    with tempfile.TemporaryDirectory(prefix="trunkline-templates-") as folder, image.built():
        server = Server(Path(folder) / "data", containers="docker", proxy="haproxy", clock=60).start()
        try:
            return _rehearsed(server.client, only)
        finally:
            server.remove()


def _rehearsed(client, only: str) -> list[Outcome]:
    site = Site(client, FOLDER)
    paths = samples()
    names = {path: f"sample-{index}" for index, path in enumerate(paths)}
    lanes = [
        list(mine)
        for _, mine in groupby(
            sorted((path for path in paths if path not in SHARED and only in path), key=lane), key=lane
        )
    ]

    def one(path: str) -> Outcome:
        begun = time.monotonic()
        outcome = rehearse(client, site, path, names[path])
        _tell(outcome, begun)
        return outcome

    def one_lane(mine: Iterable[str]) -> list[Outcome]:
        return [one(path) for path in mine]

    shared = {}
    for path in SHARED:
        begun = time.monotonic()
        shared[path] = deploy(client, site, path, names[path])
        _tell(shared[path], begun)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        outcomes = [outcome for mine in threads.map(one_lane, lanes) for outcome in mine]
    for path in reversed(SHARED):
        ended = delete(client, path, names[path])
        outcomes.append(shared[path] if shared[path].reason else ended)
    return sorted(outcomes, key=lambda outcome: outcome.path)


def _tell(outcome: Outcome, begun: float) -> None:
    seconds = time.monotonic() - begun
    print(f"{seconds:6.1f} s  {outcome.path}: {outcome.reason or 'passes'}", file=sys.stderr, flush=True)
