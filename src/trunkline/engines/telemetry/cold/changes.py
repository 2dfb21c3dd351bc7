"""The commits that change which cold files there are. Each is one transaction of the manifest, and the caller's lock
keeps deletes from falling between what it looks at and what it writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from trunkline.core.db import Tx
from trunkline.engines.telemetry.cold.manifest import (
    LOGS,
    SAMPLES,
    ColdFile,
    Manifest,
    StreamRow,
    Written,
    decode_parts,
    encode_parts,
)
from trunkline.engines.telemetry.interface import StreamStats
from trunkline.engines.telemetry.sqlite.slices import Slice

Key = tuple[str, str]


def cold_streams(slice_: Slice, new: Written) -> tuple[list[StreamRow], set[Key]]:
    """What the new file holds of each stream, and which of them were deleted after the worker had read them."""
    parts = _parts(new)
    known = {(group, stream): stats for group, stream, stats in slice_.all_streams()}
    gone = {key for key in parts if key not in known}
    nothing = StreamStats(0, 0, 0, 0, 0)
    return [_row(key, known.get(key, nothing), found) for key, found in parts.items()], gone


async def to_cold(
    manifest: Manifest, slice_: Slice, new: Mapping[str, Written], streams: tuple[list[StreamRow], set[Key]]
) -> None:
    """From this commit on the slice is what the new files hold."""

    def commit(tx: Tx) -> None:
        manifest.add_slice(tx, slice_.start_s)
        if LOGS in new:
            manifest.add_logs(tx, new[LOGS], *streams)
        if SAMPLES in new:
            manifest.add_samples(tx, new[SAMPLES])

    await manifest.db.write(commit)


class MergePlan(NamedTuple):
    files: Sequence[ColdFile]
    question: dict[str, Any]
    live: Mapping[Key, StreamStats]
    """Streams that were not deleted when the plan was made, with what the files together know of them."""


def merge_plan(manifest: Manifest, files: Sequence[ColdFile]) -> MergePlan:
    """What the worker has to do, as of now; from a thread."""
    if files[0].kind == SAMPLES:
        return MergePlan(files, {"files": [str(file.path) for file in files], "expired_ms": 0}, {})
    live: dict[Key, StreamStats] = {}
    described = []
    for file in files:
        gone = []
        for row in manifest.db.all(
            "SELECT grp, stream, live, first_ms, last_ms, ingestion_ms, events, size_bytes, position"
            " FROM cold_streams WHERE file=?",
            (file.id,),
        ):
            key = (row[0], row[1])
            if row[2]:
                live[key] = together(live.get(key), StreamStats(*tuple(row)[3:]))
            else:
                gone.append(key)
        groups = manifest.db.all("SELECT grp, parts FROM cold_groups WHERE file=? AND live", (file.id,))
        described.append(
            {"path": str(file.path), "groups": [(row[0], decode_parts(row[1])) for row in groups], "gone": gone}
        )
    expired = {row[0]: row[1] for row in manifest.db.all("SELECT grp, before_ms FROM cold_expiry")}
    return MergePlan(files, {"files": described, "expired_ms": expired}, live)


async def to_merged(manifest: Manifest, plan: MergePlan, new: Written) -> None:
    """From this commit on the new file stands for the old ones."""
    ids = [file.id for file in plan.files]
    marks = ",".join(map(str, ids))
    parts = _parts(new) if plan.files[0].kind == LOGS else {}

    def commit(tx: Tx) -> None:
        if not new.doc["rows"]:
            pass
        elif plan.files[0].kind == SAMPLES:
            manifest.add_samples(tx, new)
        else:
            sql = f"SELECT DISTINCT grp, stream FROM cold_streams WHERE live AND file IN ({marks})"
            still = {(row[0], row[1]) for row in tx.all(sql)}
            live = plan.live
            streams = [_row(key, _kept(live[key], found), found) for key, found in parts.items() if key in live]
            manifest.add_logs(tx, new, streams, {key for key in live if key not in still})
        manifest.remove(tx, ids)

    await manifest.db.write(commit)


def reclaimable(manifest: Manifest, file: ColdFile) -> int:
    """About how many rows of a file are of no use any more; from a thread."""
    sql = (
        "SELECT sum(CASE WHEN live THEN 0 ELSE events END) FROM cold_streams WHERE file=? UNION ALL"
        " SELECT sum(CASE WHEN live THEN 0 ELSE rows END) FROM cold_groups WHERE file=?"
    )
    rows = max((row[0] or 0 for row in manifest.db.all(sql, (file.id, file.id))), default=0)
    expired = manifest.db.all(
        "SELECT parts, before_ms FROM cold_groups JOIN cold_expiry USING (grp) WHERE file=? AND live",
        (file.id,),
    )
    return rows + sum(p[3] for parts, before in expired for p in decode_parts(parts) if p[2] < before)


def together(old: StreamStats | None, new: StreamStats) -> StreamStats:
    """What two neighbours know of a stream, `new` being the later one by arrival."""
    if old is None:
        return new
    return StreamStats(
        min(old.first_ms, new.first_ms),
        max(old.last_ms, new.last_ms),
        new.ingestion_ms,
        old.events + new.events,
        old.size_bytes + new.size_bytes,
        new.position or old.position,
    )


def _kept(stats: StreamStats, parts: list[list[int]]) -> StreamStats:
    """What is left after expiry."""
    events = sum(part[3] for part in parts)
    if events == stats.events:
        return stats
    first, size = min(part[1] for part in parts), stats.size_bytes * events // stats.events
    return dataclasses.replace(stats, first_ms=first, events=events, size_bytes=size)


def _parts(new: Written) -> dict[Key, list[list[int]]]:
    return {(grp, stream): parts for grp, stream, parts in new.doc["streams"]}


def _row(key: Key, stats: StreamStats, parts: list[list[int]]) -> StreamRow:
    return StreamRow(
        *key,
        stats.first_ms,
        stats.last_ms,
        stats.ingestion_ms,
        stats.events,
        stats.size_bytes,
        stats.position,
        encode_parts(parts),
    )
