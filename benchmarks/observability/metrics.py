"""Metrics: PutMetricData through the API, then three days of two thousand series: one, a hundred, and percentiles."""

import asyncio
import random
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from benchmarks.calls import Maker
from benchmarks.observability.measuring import line, served, timed
from benchmarks.servers import PEERS, Server

from trunkline.core.clock import RealClock
from trunkline.engines.telemetry import Metric, Sample
from trunkline.engines.telemetry.local import LocalTelemetry

SERIES = 2000
DAYS = 3
GROUPED = 100
PEER_SAMPLES = 20_000
_NAMESPACE, _NAME = "Bench", "Latency"
_MINUTE_MS = 60_000
_AT_ONCE = 1000
_HOURS_TOGETHER = 6


def run(place: Path, *, quick: bool = False) -> None:
    days = 1 if quick else DAYS
    end_ms = int(time.time()) // 86_400 * 86_400_000
    start_ms = end_ms - days * 86_400_000
    telemetry = place / "trunkline" / "data" / "telemetry"
    begun = time.perf_counter()
    asyncio.run(_fill(telemetry, start_ms, end_ms))
    samples = SERIES * days * 1440
    line("metrics", "stored beforehand", samples=samples, seconds=time.perf_counter() - begun, mb=_size_mb(telemetry))
    with served(place) as (server, memory):
        _ask(server, start_ms, end_ms)
        _put(server, "PutMetricData of 1000 through the API", 100 * _AT_ONCE)
    line("metrics", "memory", most_mb=round(memory.most_mb))
    _direct(telemetry, start_ms)
    for peer in ("ministack", "moto"):
        if PEERS.exists():
            with served(place, peer) as (server, _):
                _put(server, f"{peer}: PutMetricData of 1000", PEER_SAMPLES)
                now_ms = int(time.time() * 1000)
                client = Maker(server).client("cloudwatch")
                _, took = timed(partial(_get, client, 1, now_ms, "Average", 300), times=3)
                line("metrics", f"{peer}: one series of those", best_ms=took.best_ms)


async def _fill(directory: Path, start_ms: int, end_ms: int) -> None:
    """Three days as they would have arrived, and compacted as they would have been."""
    store, pick = LocalTelemetry(directory, RealClock()), random.Random(3)
    metrics = [_metric(n) for n in range(SERIES)]
    for count, time_ms in enumerate(range(start_ms, end_ms, _MINUTE_MS), start=1):
        await store.put_samples([Sample(metric, time_ms, pick.lognormvariate(3.0, 0.5)) for metric in metrics])
        if count % (60 * _HOURS_TOGETHER) == 0:
            await store.compact()
    await store.compact()
    await store.close()


def _metric(number: int) -> Metric:
    return Metric("000000000000", "us-east-1", _NAMESPACE, _NAME, (("Host", f"host-{number:04}"),))


def _ask(server: Server, start_ms: int, end_ms: int) -> None:
    days, client = (end_ms - start_ms) // 86_400_000, Maker(server).client("cloudwatch")
    for what, count, statistic, period_s in (
        ("one series by minute", 1, "Average", 60),
        ("one series by 5 minutes", 1, "Average", 300),
        ("one series, p99 by hour", 1, "p99", 3600),
        (f"{GROUPED} series by hour", GROUPED, "Average", 3600),
        (f"{GROUPED} series, p99 by hour", GROUPED, "p99", 3600),
    ):
        found, took = timed(partial(_get, client, count, end_ms, statistic, period_s, days), times=7)
        assert found == count * days * 86_400 // period_s, found
        line("metrics", f"{days} days of {what}", best_ms=took.best_ms, median_ms=took.median_ms, values=found)


def _get(client: Any, count: int, end_ms: int, statistic: str, period_s: int, days: int = DAYS) -> int:
    queries = [
        {
            "Id": f"m{n}",
            "MetricStat": {
                "Metric": {
                    "Namespace": _NAMESPACE,
                    "MetricName": _NAME,
                    "Dimensions": [{"Name": "Host", "Value": f"host-{n * (SERIES // GROUPED):04}"}],
                },
                "Period": period_s,
                "Stat": statistic,
            },
        }
        for n in range(count)
    ]
    end = datetime.fromtimestamp(end_ms / 1000, UTC)
    start = datetime.fromtimestamp(end_ms / 1000 - days * 86_400, UTC)
    more: dict[str, Any] = {}
    values = 0
    while True:
        found = client.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end, **more)
        values += sum(len(result["Values"]) for result in found["MetricDataResults"])
        if "NextToken" not in found:
            return values
        more = {"NextToken": found["NextToken"]}


def _put(server: Server, what: str, samples: int) -> None:
    client, now = Maker(server).client("cloudwatch"), datetime.now(UTC)
    data = [
        {
            "MetricName": _NAME,
            "Dimensions": [{"Name": "Host", "Value": f"host-{n:04}"}],
            "Timestamp": now,
            "Value": float(n),
        }
        for n in range(_AT_ONCE)
    ]
    begun, cpu = time.perf_counter(), server.cpu_s()
    for _ in range(samples // _AT_ONCE):
        client.put_metric_data(Namespace=_NAMESPACE, MetricData=data)
    seconds = time.perf_counter() - begun
    line(
        "metrics",
        what,
        samples=samples,
        samples_per_s=round(samples / seconds),
        server_cpu_us_per_sample=(server.cpu_s() - cpu) / samples * 1e6,
    )


def _direct(telemetry: Path, start_ms: int) -> None:
    files = sorted(str(path) for path in (telemetry / "cold").glob("samples-*.parquet"))
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "80MB"})
    series = ", ".join(str(n + 1) for n in range(0, SERIES, SERIES // GROUPED))
    sql = (
        f"SELECT series, (time_ms - {start_ms}) // 3600000 AS hour, %s FROM read_parquet(?) WHERE series IN ({series})"
        " GROUP BY ALL"
    )
    for what, figure in (("Average", "avg(value)"), ("p99", "quantile_disc(value, 0.99)")):
        _, took = timed(partial(_fetched, connection, sql % figure, files), times=5)
        line("metrics", f"DuckDB itself: {GROUPED} series by hour, {what}", best_ms=took.best_ms, files=len(files))


def _fetched(connection: duckdb.DuckDBPyConnection, sql: str, files: list[str]) -> list[Any]:
    return connection.execute(sql, [files]).fetchall()


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
