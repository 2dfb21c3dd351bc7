"""Hot slices become cold, small cold files become larger ones, and what has been replaced goes.

A slice is compacted an hour after its end: alarms and dashboards mostly ask about the last hour, and its records are
the cheapest to read. Where so much arrives that the closed slices together grow large, they go earlier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from trunkline.core.clock import Clock
from trunkline.core.ids import hex_id
from trunkline.core.log import get
from trunkline.engines.telemetry.cold import changes
from trunkline.engines.telemetry.cold.manifest import LOGS, SAMPLES, ColdFile, Manifest, Written
from trunkline.engines.telemetry.holdings import Holdings
from trunkline.engines.telemetry.sqlite.slices import Slice, Slices
from trunkline.engines.telemetry.worker.client import WorkerEnded, WorkerFailed
from trunkline.engines.telemetry.workers import Workers

log = get(__name__)

_EVERY_S = 15.0
_RETRY_S = 3600.0
_RECLAIM_EVERY_S = 3600.0


class Policy(NamedTuple):
    slice_s: int = 3600
    slice_records: int = 500_000
    hot_s: int = 3600
    """How long a closed slice stays hot,"""
    hot_records: int = 500_000
    """unless the closed ones hold more than this together."""
    merged_files: int = 8
    """So many neighbours of about one size become one file,"""
    merged_rows: int = 10_000_000
    """if it does not get larger than this."""


@dataclass
class Upkeep:
    holdings: Holdings
    slices: Slices
    manifest: Manifest
    clock: Clock
    workers: Workers
    policy: Policy

    def __post_init__(self) -> None:
        self.switching = asyncio.Lock()
        """Held while what exists changes, and while streams are deleted: neither may miss the other."""
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="telemetry-upkeep")
        self._round = asyncio.Lock()
        self._failed: dict[int, float] = {}
        """When a slice that could not be compacted is tried again; and merges, after one of them failed:"""
        self._merge_from = 0.0
        self._reclaim_from = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="telemetry-upkeep")

    async def stop(self) -> None:
        """A compaction under way is given up: nobody has seen anything of it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._threads.shutdown()

    async def _run(self) -> None:
        while True:
            await self.clock.sleep(_EVERY_S)
            try:
                await self.round(everything=False)
            except Exception:
                log.exception("telemetry was not compacted; it is tried again")

    async def round(self, *, everything: bool) -> None:
        """Do what is due; with `everything`, also what would be due later."""
        async with self._round:
            if everything and self.slices.all() and not self.slices.all()[-1].is_empty():
                self.slices.roll()
            self.slices.newest()
            await self.drop_empty()
            for slice_ in self._due(everything):
                await self._compact(slice_)
            while self.clock.time() >= self._merge_from and (files := self._mergeable()):
                await self._merge(files)
            if everything or self.clock.time() >= self._reclaim_from:
                self._reclaim_from = self.clock.time() + _RECLAIM_EVERY_S
                for file in await self._in_thread(self._wasteful):
                    await self._merge([file])
            await self._in_thread(self.holdings.sweep)

    async def drop_empty(self) -> None:
        empty = [slice_ for slice_ in self.slices.all()[:-1] if not slice_.writers and slice_.is_empty()]
        if empty:
            self.holdings.replace(slices=empty)
        await self._in_thread(self.holdings.sweep)

    def _due(self, everything: bool) -> Sequence[Slice]:
        """Closed slices to compact now, the oldest first: cold ones are older than hot ones."""
        now = self.clock.time()
        closed = self.slices.all()[:-1]
        left = sum(slice_.records for slice_ in closed)
        due = []
        for slice_ in closed:
            old = now >= slice_.start_s + self.policy.slice_s + self.policy.hot_s
            if slice_.writers or not (everything or old or left > self.policy.hot_records):
                break
            if now >= self._failed.get(slice_.start_s, 0):
                due.append(slice_)
                left -= slice_.records
        return due

    async def _compact(self, slice_: Slice) -> None:
        begun = self.clock.monotonic()
        start_s = slice_.start_s
        series = slice_.samples.all_series()
        numbers = await self.manifest.series_numbers([columns for _, columns in series])
        paths = {kind: self._new_path(kind, start_s, start_s) for kind in (LOGS, SAMPLES)}
        question = {
            "hot": str(slice_.path),
            "start_s": start_s,
            "series": [(hot, number) for (hot, _), number in zip(series, numbers, strict=True)],
            **{kind: str(path) for kind, path in paths.items()},
        }
        try:
            answer = await self.workers.run("compact", question)
        except (WorkerEnded, WorkerFailed) as error:
            self._failed[start_s] = self.clock.time() + _RETRY_S
            _discard(*paths.values())
            log.error("a slice could not be compacted; it stays hot", slice=slice_.path.name, error=str(error))
            return
        new = {kind: Written(paths[kind], start_s, start_s, answer[kind]) for kind in paths if answer[kind]}
        async with self.switching:
            streams = await self._in_thread(changes.cold_streams, slice_, new[LOGS]) if LOGS in new else ([], set())
            await changes.to_cold(self.manifest, slice_, new, streams)
            self.holdings.replace(slices=[slice_])
        log.info("telemetry compacted", slice=slice_.path.name, seconds=round(self.clock.monotonic() - begun, 2))

    async def _merge(self, files: Sequence[ColdFile]) -> None:
        kind, first, last = files[0].kind, files[0].first_slice_s, files[-1].last_slice_s
        path = self._new_path(kind, first, last)
        plan = await self._in_thread(changes.merge_plan, self.manifest, files)
        try:
            answer = await self.workers.run(f"merge_{kind}", {**plan.question, "out": str(path)})
        except (WorkerEnded, WorkerFailed) as error:
            self._merge_from = self.clock.time() + _RETRY_S
            _discard(path)
            log.error("telemetry files could not be merged; they stay as they are", first=path.name, error=str(error))
            return
        async with self.switching:
            await changes.to_merged(self.manifest, plan, Written(path, first, last, answer))
            self.holdings.replace(files=files)
        if not answer["rows"]:
            _discard(path)

    def _mergeable(self) -> Sequence[ColdFile] | None:
        """Neighbours of about one size to put together."""
        for kind in (LOGS, SAMPLES):
            files = [file for file in self.holdings.files if file.kind == kind]
            count = self.policy.merged_files
            for at in range(len(files) - count + 1):
                some = files[at : at + count]
                rows = [file.rows for file in some]
                if sum(rows) <= self.policy.merged_rows and 2 * max(rows) <= sum(rows):
                    return some
        return None

    def _wasteful(self) -> list[ColdFile]:
        """Files to write anew, because half of each is of no use any more."""
        return [
            file
            for file in self.holdings.files
            if file.kind == LOGS and 2 * changes.reclaimable(self.manifest, file) > file.rows
        ]

    def _new_path(self, kind: str, first_slice_s: int, last_slice_s: int) -> Path:
        return self.manifest.folder / f"{kind}-{first_slice_s}-{last_slice_s}-{hex_id(8)}.parquet"

    async def _in_thread(self, call: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


def _discard(*paths: Path) -> None:
    """Remove what a worker wrote, or began to write."""
    for path in paths:
        path.unlink(missing_ok=True)
        path.with_suffix(".part").unlink(missing_ok=True)
