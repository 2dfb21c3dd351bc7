"""Metric samples: one row each, clustered by series and time, so that reading one series is one range of one b-tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
import orjson

from trunkline.core.db import Tx
from trunkline.engines.telemetry.interface import Bucket, Metric, Sample, Spread, StatisticSet
from trunkline.engines.telemetry.sqlite.slices import Slice

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode
_SPREAD, _STATISTICS = 0, 1
_EXPIRE_AT_ONCE = 200


def _body(value: float | Spread | StatisticSet) -> tuple[float | None, bytes | None]:
    if isinstance(value, Spread):
        return None, _encode([_SPREAD, list(value.values), list(value.counts)])
    if isinstance(value, StatisticSet):
        return None, _encode([_STATISTICS, *value])
    return value, None


async def put(slice_: Slice, batch: Sequence[Sample]) -> None:
    known, numbers = slice_.series, slice_.numbers
    keys = [(sample.metric, sample.unit) for sample in batch]
    ids = [known.get(key) for key in keys]
    bodies = [
        (s.time_ms, next(numbers), *((s.value, None) if s.value.__class__ is float else _body(s.value))) for s in batch
    ]

    def insert(tx: Tx) -> dict[tuple[Metric, str], int]:
        added: dict[tuple[Metric, str], int] = {}
        rows = []
        for key, series, body in zip(keys, ids, bodies, strict=True):
            if series is None and key not in added:
                added[key] = _intern(tx, *key)
            rows.append((series or added[key], *body))
        tx.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?)", rows)
        return added

    # Only now are the new ids certain: a rolled back write must not leave them remembered.
    known.update(await slice_.db.write(insert))


def _columns(metric: Metric) -> tuple[str, str, str, str, str]:
    return metric.account, metric.region, metric.namespace, metric.name, orjson.dumps(metric.dimensions).decode()


def _intern(tx: Tx, metric: Metric, unit: str) -> int:
    columns = (*_columns(metric), unit)
    tx.execute(
        "INSERT OR IGNORE INTO series (account, region, namespace, name, dimensions, unit) VALUES (?, ?, ?, ?, ?, ?)",
        columns,
    )
    row = tx.one(
        "SELECT id FROM series WHERE account=? AND region=? AND namespace=? AND name=? AND dimensions=? AND unit=?",
        columns,
    )
    assert row is not None
    return int(row[0])


def _series(slice_: Slice, metric: Metric) -> list[tuple[str, int]]:
    rows = slice_.db.all(
        "SELECT unit, id FROM series WHERE account=? AND region=? AND namespace=? AND name=? AND dimensions=?",
        _columns(metric),
    )
    return [(row[0], row[1]) for row in rows]


def units(slices: Sequence[Slice], metric: Metric) -> list[str]:
    return sorted({unit for slice_ in slices for unit, _ in _series(slice_, metric)})


def metrics(
    slices: Sequence[Slice], of: tuple[str, str], namespace: str | None, name: str | None, since_ms: int
) -> list[Metric]:
    sql = "SELECT DISTINCT account, region, namespace, name, dimensions FROM series WHERE account=? AND region=?"
    params: list[object] = [*of]
    for column, value in (("namespace", namespace), ("name", name)):
        if value is not None:
            sql += f" AND {column}=?"
            params.append(value)
    sql += " AND EXISTS (SELECT 1 FROM samples WHERE series = series.id AND time_ms >= ?)"
    found = {tuple(row) for slice_ in slices for row in slice_.db.all(sql, (*params, since_ms))}
    return sorted(Metric(*row[:4], tuple((n, v) for n, v in orjson.loads(row[4]))) for row in found)  # type: ignore[call-arg]


def buckets(
    slices: Sequence[Slice], metric: Metric, window: tuple[int, int, int], unit: str | None, values: bool
) -> dict[str, list[Bucket]]:
    found: dict[str, dict[int, Bucket]] = {}
    for slice_ in slices:
        for series_unit, series in _series(slice_, metric):
            if unit is None or unit == series_unit:
                into = found.setdefault(series_unit, {})
                for bucket in _buckets(slice_, series, window, values):
                    _merge(into, bucket)
    return {unit: [by_start[start] for start in sorted(by_start)] for unit, by_start in found.items() if by_start}


def _buckets(slice_: Slice, series: int, window: tuple[int, int, int], values: bool) -> Iterator[Bucket]:
    start, end, period = window
    where = "FROM samples WHERE series=? AND time_ms >= ? AND time_ms < ?"
    if values:
        plain = f"SELECT time_ms, value {where} AND body IS NULL"
        for row in slice_.db.all(plain, (series, start, end)):
            value = row[1]
            yield Bucket(row[0] - (row[0] - start) % period, 1.0, value, value, value, [(value, 1.0)])
    else:
        # Without need of the single values SQLite sums up, ten times faster than rows through Python.
        plain = (
            f"SELECT ? + (time_ms - ?) / ? * ? AS bucket, count(*), sum(value), min(value), max(value) {where}"
            " AND body IS NULL GROUP BY bucket"
        )
        for row in slice_.db.all(plain, (start, start, period, period, series, start, end)):
            yield Bucket(row[0], float(row[1]), row[2], row[3], row[4])
    for row in slice_.db.all(f"SELECT time_ms, body {where} AND body IS NOT NULL", (series, start, end)):
        yield _from_body(row[0] - (row[0] - start) % period, _decode(row[1]), values)


def _from_body(start_ms: int, body: list[Any], values: bool) -> Bucket:
    if body[0] == _STATISTICS:
        count, total, minimum, maximum = body[1:]
        return Bucket(start_ms, count, total, minimum, maximum, [], count)
    observed, counts = body[1], body[2]
    total = sum(value * count for value, count in zip(observed, counts, strict=True))
    pairs = list(zip(observed, counts, strict=True)) if values else []
    return Bucket(start_ms, sum(counts), total, min(observed), max(observed), pairs)


def _merge(into: dict[int, Bucket], more: Bucket) -> None:
    have = into.get(more.start_ms)
    if have is None:
        into[more.start_ms] = more
        return
    have.count += more.count
    have.total += more.total
    have.minimum = min(have.minimum, more.minimum)
    have.maximum = max(have.maximum, more.maximum)
    have.values += more.values
    have.summarised += more.summarised


async def expire(slice_: Slice, before_ms: int) -> None:
    """In small writes, series by series, so that no other writer waits long."""
    ids = [row[0] for row in slice_.db.all("SELECT id FROM series")]
    for at in range(0, len(ids), _EXPIRE_AT_ONCE):
        rows = [(series, before_ms) for series in ids[at : at + _EXPIRE_AT_ONCE]]
        await slice_.db.write(partial(_delete_before, rows))


def _delete_before(rows: list[tuple[int, int]], tx: Tx) -> None:
    tx.executemany("DELETE FROM samples WHERE series=? AND time_ms<?", rows)
