"""Metric samples: written as one row a put, filed later in the order in which they are read.

A put of twenty samples of twenty series would dirty twenty pages if each went to its place at once, and spend most of
its CPU there. So a put appends one encoded row to a journal, and every few thousand samples one transaction files them:
a row for each series, with its times and values. Reads take what is filed from there, and the rest from a decoded copy
of the journal's tail; the number of the last filed put, read in the same snapshot as the filed rows, says where one
ends and the other begins.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
import orjson

from trunkline.core.db import Database, Tx
from trunkline.engines.telemetry.interface import Metric, Sample, Spread, StatisticSet

FILE_AFTER = 4000
FILED_TOGETHER = 500
# Where series are many the journal grows longer, or a row would be filed for every second sample.
_FILED_OF_EACH = 10
_FILE_AT_LAST = 40_000
_DELETE_AT_ONCE = 200

SCHEMA = (
    """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL,
        name TEXT NOT NULL, dimensions TEXT NOT NULL, unit TEXT NOT NULL,
        UNIQUE (account, region, namespace, name, dimensions, unit)
    );
    -- last_ms leads, because most questions are about the latest samples
    CREATE TABLE samples (
        series INTEGER NOT NULL, last_ms INTEGER NOT NULL, put INTEGER NOT NULL, place INTEGER NOT NULL,
        first_ms INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (series, last_ms, put, place)
    ) WITHOUT ROWID;
    CREATE TABLE sample_puts (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE samples_filed (up_to INTEGER NOT NULL);
    INSERT INTO samples_filed VALUES (0);
    """,
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[int], list[int], list[Any]]).decode
_decode_filed = msgspec.msgpack.Decoder(tuple[list[int], list[Any]]).decode
_SPREAD, _STATISTICS = 0, 1


class Observed(NamedTuple):
    """One sample of the journal's tail; `value` as it is stored."""

    put: int
    time_ms: int
    value: Any


def _plain(value: float | Spread | StatisticSet) -> float | list[Any]:
    if isinstance(value, Spread):
        return [_SPREAD, list(value.values), list(value.counts)]
    if isinstance(value, StatisticSet):
        return [_STATISTICS, *value]
    return float(value)


def _spread_or_statistics(stored: list[Any]) -> Spread | StatisticSet:
    return Spread(stored[1], stored[2]) if stored[0] == _SPREAD else StatisticSet(*stored[1:])


class SampleStore:
    """The samples of one slice."""

    def __init__(self, db: Database) -> None:
        self._db = db
        db.migrate("telemetry-samples", SCHEMA)
        self._ids: dict[tuple[Metric, str], int] = {}
        self._lock = threading.Lock()
        self._tail: dict[int, list[Observed]] = {}
        filed, last = self._marks()
        self._tail_from = self._tail_to = filed  # the journal rows that _tail holds: from < id <= to
        # These two belong to the writer thread.
        self._numbers = last
        self._unfiled = FILE_AFTER if last > filed else 0

    def _marks(self) -> tuple[int, int]:
        row = self._db.one("SELECT up_to, coalesce((SELECT max(id) FROM sample_puts), up_to) FROM samples_filed")
        assert row is not None
        return row[0], row[1]

    # -- writing

    async def put(self, batch: Sequence[Sample]) -> None:
        known = self._ids
        keys = [(sample.metric, sample.unit) for sample in batch]
        ids = [known.get(key) for key in keys]
        times = [sample.time_ms for sample in batch]
        values = [s.value if s.value.__class__ is float else _plain(s.value) for s in batch]
        if None in ids:
            # Only after the commit are new ids certain: a rolled back write must not leave them remembered.
            known.update(await self._db.write(partial(self._insert_new, keys, times, values)))
        else:
            await self._db.write(partial(self._insert, len(batch), _encode((ids, times, values))))

    def _insert(self, count: int, body: bytes, tx: Tx) -> None:
        self._numbers += 1  # a number lost to a failed write leaves a gap, which is no harm
        tx.execute("INSERT INTO sample_puts VALUES (?, ?)", (self._numbers, body))
        self._unfiled += count
        if self._unfiled >= min(max(FILE_AFTER, _FILED_OF_EACH * len(self._ids)), _FILE_AT_LAST):
            self._file(tx)

    def _insert_new(
        self, keys: list[tuple[Metric, str]], times: list[int], values: list[Any], tx: Tx
    ) -> dict[tuple[Metric, str], int]:
        ids = {key: _intern(tx, *key) for key in keys}
        self._insert(len(keys), _encode(([ids[key] for key in keys], times, values)), tx)
        return ids

    def _file(self, tx: Tx) -> None:
        """Move the journal into the table."""
        self._unfiled = 0
        _file(tx)

    async def expire(self, before_ms: int) -> None:
        """In small writes, so that no other writer waits long."""
        await self._db.write(self._file)
        ids = [row[0] for row in self._db.all("SELECT id FROM series")]
        for at in range(0, len(ids), _DELETE_AT_ONCE):
            rows = [(series, before_ms) for series in ids[at : at + _DELETE_AT_ONCE]]
            await self._db.write(partial(_delete_before, rows))

    # -- reading

    def units(self, metric: Metric) -> list[tuple[str, int]]:
        """The metric's units, and under which number its series is stored."""
        rows = self._db.all(
            "SELECT unit, id FROM series WHERE account=? AND region=? AND namespace=? AND name=? AND dimensions=?",
            _columns(metric),
        )
        return [(row[0], row[1]) for row in rows]

    def values(self, series: int, start_ms: int, end_ms: int) -> Iterator[tuple[int, float | Spread | StatisticSet]]:
        """Time and value of every sample of a series with start ≤ time < end, in no order."""
        self._catch_up()
        rows = self._db.all(
            "SELECT filed.up_to, found.body FROM samples_filed AS filed LEFT JOIN (SELECT body FROM samples"
            " WHERE series = ? AND last_ms >= ? AND first_ms < ?) AS found",
            (series, start_ms, end_ms),
        )
        up_to = rows[0][0]
        with self._lock:
            tail = [o for o in self._tail.get(series, ()) if o.put > up_to]
        for _, body in rows:
            if body is not None:
                for time_ms, value in zip(*_decode_filed(body), strict=True):
                    if start_ms <= time_ms < end_ms:
                        yield time_ms, value if value.__class__ is float else _spread_or_statistics(value)
        for _, time_ms, value in tail:
            if start_ms <= time_ms < end_ms:
                yield time_ms, value if value.__class__ is float else _spread_or_statistics(value)

    def _catch_up(self) -> None:
        """Decode what the journal got since the last read, and forget what has been filed."""
        with self._lock:
            row = self._db.one("SELECT up_to FROM samples_filed")
            filed = row[0] if row else 0
            if filed > self._tail_from:
                kept = {series: [o for o in found if o.put > filed] for series, found in self._tail.items()}
                self._tail = {series: found for series, found in kept.items() if found}
                self._tail_from, self._tail_to = filed, max(self._tail_to, filed)
            for put, body in self._db.all(
                "SELECT id, body FROM sample_puts WHERE id > ? ORDER BY id", (self._tail_to,)
            ):
                for series, time_ms, value in zip(*_decode(body), strict=True):
                    self._tail.setdefault(series, []).append(Observed(put, time_ms, value))
                self._tail_to = put

    def metrics(self, where: str, params: Sequence[object], since_ms: int) -> Iterator[Metric]:
        """The metrics of the series that `where` selects with a sample at or after `since_ms`."""
        self._catch_up()
        sql = (
            "SELECT id, account, region, namespace, name, dimensions,"
            " EXISTS (SELECT 1 FROM samples WHERE samples.series = series.id AND last_ms >= ?) AS recent"
            f" FROM series WHERE {where}"
        )
        for row in self._db.all(sql, (since_ms, *params)):
            if row["recent"] or any(o.time_ms >= since_ms for o in self._tail.get(row["id"], ())):
                dimensions = tuple((name, value) for name, value in orjson.loads(row["dimensions"]))
                yield Metric(row["account"], row["region"], row["namespace"], row["name"], dimensions)

    def all_series(self) -> list[tuple[int, tuple[str, ...]]]:
        """Number of each series, and its account, region, namespace, name, dimensions and unit as they are stored."""
        rows = self._db.all("SELECT id, account, region, namespace, name, dimensions, unit FROM series ORDER BY id")
        return [(row[0], tuple(row)[1:]) for row in rows]

    def is_empty(self) -> bool:
        return all(self._db.one(f"SELECT 1 FROM {table} LIMIT 1") is None for table in ("samples", "sample_puts"))


def _columns(metric: Metric) -> tuple[str, str, str, str, str]:
    dimensions = orjson.dumps(metric.dimensions).decode()
    return metric.account, metric.region, metric.namespace, metric.name, dimensions


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


def _file(tx: Tx) -> None:
    puts = tx.all("SELECT id, body FROM sample_puts ORDER BY id")
    if not puts:
        return
    by_series: dict[int, tuple[list[int], list[Any]]] = {}
    for _, body in puts:
        for series, time_ms, value in zip(*_decode(body), strict=True):
            found = by_series.get(series)
            if found is None:
                by_series[series] = [time_ms], [value]
            else:
                found[0].append(time_ms)
                found[1].append(value)
    last_put = puts[-1][0]
    rows = [
        (
            series,
            max(part := times[at : at + FILED_TOGETHER]),
            last_put,
            at,
            min(part),
            _encode((part, values[at : at + FILED_TOGETHER])),
        )
        for series, (times, values) in sorted(by_series.items())
        for at in range(0, len(times), FILED_TOGETHER)
    ]
    tx.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?)", rows)
    tx.execute("DELETE FROM sample_puts WHERE id <= ?", (last_put,))
    tx.execute("UPDATE samples_filed SET up_to = ?", (last_put,))


def _delete_before(rows: list[tuple[int, int]], tx: Tx) -> None:
    tx.executemany("DELETE FROM samples WHERE series=? AND last_ms<?", rows)
