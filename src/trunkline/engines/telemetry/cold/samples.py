"""Cold metrics: which series have samples when is in the manifest, their observations come from a worker by period."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from trunkline.core.db import Tx
from trunkline.engines.telemetry.cold.logs import Files
from trunkline.engines.telemetry.cold.manifest import SAMPLES, Manifest
from trunkline.engines.telemetry.interface import Metric
from trunkline.engines.telemetry.worker.client import Worker


class Times(NamedTuple):
    start_ms: int
    end_ms: int
    period_ms: int


class Sums(NamedTuple):
    """All observations of a series in one period, within cold files."""

    series: int
    bucket: int
    observations: float
    total: float
    minimum: float
    maximum: float
    summarised: float
    values: int
    """How many of the values that come along belong here."""


def units(manifest: Manifest, files: Files, metric: Metric) -> list[str]:
    return [unit for number, unit in manifest.series(metric) if _files_of(manifest, files, [number], None)]


def metrics(
    manifest: Manifest, files: Files, of: tuple[str, str], namespace: str | None, name: str | None, since_ms: int
) -> Iterator[Metric]:
    where, params = "account=? AND region=?", [*of]
    for column, value in (("namespace", namespace), ("name", name)):
        if value is not None:
            where += f" AND {column}=?"
            params.append(value)
    sql = (
        "SELECT DISTINCT id, account, region, namespace, name, dimensions, file FROM cold_series JOIN cold_spans"
        f" ON series = id WHERE {where} AND last_ms >= ?"
    )
    seen = set()
    for number, account, region, space, label, dimensions, file in manifest.db.all(sql, (*params, since_ms)):
        if file in files and number not in seen:
            seen.add(number)
            yield Metric(account, region, space, label, tuple((key, value) for key, value in orjson.loads(dimensions)))


def buckets(
    manifest: Manifest, files: Files, worker: Worker, series: Sequence[int], times: Times, *, values: bool
) -> tuple[Iterator[Sums], list[tuple[float, float]]]:
    """The sums of each series and period, and the values with their counts, if asked for, in the same order."""
    paths = _files_of(manifest, files, series, times)
    if not paths:
        return iter(()), []
    question = {**times._asdict(), "files": paths, "series": list(series), "values": values}
    found = worker.call("buckets", question)
    sums = map(Sums._make, zip(*_columns(found["sums"], "qqdddddq"), strict=True))
    return sums, list(zip(*_columns(found.get("values", [b"", b""]), "dd"), strict=True))


async def expire(manifest: Manifest, before_ms: int) -> list[int]:
    """Files of which nothing is young enough; they count no longer."""

    def remove(tx: Tx) -> list[int]:
        sql = "SELECT id FROM cold_files WHERE kind=? AND last_ms<? AND live"
        ids = [row[0] for row in tx.all(sql, (SAMPLES, before_ms))]
        manifest.remove(tx, ids)
        return ids

    return await manifest.db.write(remove)


def _files_of(manifest: Manifest, files: Files, series: Sequence[int], times: Times | None) -> list[str]:
    marks = ",".join("?" * len(series))
    sql, params = f"SELECT DISTINCT file FROM cold_spans WHERE series IN ({marks})", list(series)
    if times is not None:
        sql += " AND last_ms >= ? AND first_ms < ?"
        params += [times.start_ms, times.end_ms]
    return [str(files[row[0]].path) for row in manifest.db.all(sql, params) if row[0] in files]


def _columns(encoded: Sequence[bytes], kinds: str) -> list[array[Any]]:
    found = []
    for column, kind in zip(encoded, kinds, strict=True):
        numbers: array[Any] = array(kind)
        numbers.frombytes(column)
        found.append(numbers)
    return found
