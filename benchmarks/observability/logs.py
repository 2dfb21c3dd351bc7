"""Log events: ingest through the API with a query running, then questions about all of it, beside DuckDB itself."""

import asyncio
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.calls import Maker
from benchmarks.observability.direct import Direct
from benchmarks.observability.load import BATCH, Load, message
from benchmarks.observability.measuring import line, served, timed
from benchmarks.servers import PEERS, Server

from trunkline.core.clock import RealClock
from trunkline.engines.telemetry.local import LocalTelemetry

GROUP = "/bench/logs"
STREAMS = [f"stream-{n}" for n in range(20)]
EVENTS = 5_000_000
PEER_EVENTS = 20_000
_SPAN_MS = 86_400_000
_QUERIES = {
    "per minute": ("stats count(*) by bin(1m)", ""),
    "substring": ("filter @message like 'items/777' | stats count(*) by bin(1m)", "contains(message, 'items/777')"),
    "regex": (
        'filter @message like /items\\/[0-9]*77"/ | stats count(*) by bin(1m)',
        "regexp_matches(message, 'items/[0-9]*77\"')",
    ),
    "JSON field": (
        "filter latency_ms > 990 | stats count(*) by bin(1m)",
        "try_cast(json_extract_string(message, '$.latency_ms') AS DOUBLE) > 990",
    ),
}


def run(place: Path, *, quick: bool = False) -> None:
    events = EVENTS // 10 if quick else EVENTS
    with served(place) as (server, memory):
        load = Load(server, GROUP, STREAMS, _prepare(server), _SPAN_MS / events, events)
        _ingest(server, load)
        _tail(server, "")
        telemetry = server.folder / "data" / "telemetry"
    line("logs", "memory during ingest", most_mb=round(memory.most_mb))
    asyncio.run(_compact(telemetry))
    with served(place) as (server, memory):
        _tail(server, ", all cold")
        _queries(server, load, Direct(telemetry))
    line("logs", "memory during queries", most_mb=round(memory.most_mb))
    for peer in ("ministack", "moto"):
        if PEERS.exists():
            _peer(place, peer)


async def _compact(telemetry: Path) -> None:
    """What the server does by itself within the hour, so that it and DuckDB read the very same files."""
    store = LocalTelemetry(telemetry, RealClock())
    begun = time.perf_counter()
    await store.compact()
    files = store.upkeep.holdings.files
    line(
        "logs",
        "compacted what was still hot",
        seconds=time.perf_counter() - begun,
        files=len(files),
        mb=sum(file.path.stat().st_size for file in files) / 2**20,
    )
    await store.close()


def _queries(server: Server, load: Load, direct: Direct) -> None:
    logs = Maker(server).client("logs")
    window = (load.start_ms // 1000, (load.start_ms + _SPAN_MS) // 1000 + 1)
    insights(logs, _QUERIES["per minute"][0], window)  # starts the worker
    for name, (query, where) in _QUERIES.items():
        cpu = server.cpu_s()
        ours = timed(partial(insights, logs, query, window), times=3)[1].seconds
        cpu = (server.cpu_s() - cpu) / 3
        theirs = direct.per_minute(where)
        line(
            "logs",
            name,
            events=load.sent,
            seconds=min(ours),
            duckdb_s=theirs.seconds,
            times_duckdb=min(ours) / theirs.seconds,
            cpu_s=cpu,
            duckdb_cpu_s=theirs.cpu_s,
        )


def _prepare(server: Server) -> int:
    logs = Maker(server).client("logs")
    logs.create_log_group(logGroupName=GROUP)
    for stream in STREAMS:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    return int(time.time() * 1000) - _SPAN_MS


def _ingest(server: Server, load: Load) -> None:
    """Send everything while a query runs over and over."""
    ended = threading.Event()
    queries = threading.Thread(target=_keep_asking, args=(server, load, ended))
    cpu = server.cpu_s()
    queries.start()
    seconds = asyncio.run(load.run())
    ended.set()
    queries.join()
    latencies = sorted(load.latencies_s)
    line(
        "logs",
        "ingest with a query running",
        events=load.sent,
        events_per_s=round(load.sent / seconds),
        server_cpu_us_per_event=(server.cpu_s() - cpu) / load.sent * 1e6,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1000,
        batch=BATCH,
    )


def _keep_asking(server: Server, load: Load, ended: threading.Event) -> None:
    logs, start_s = Maker(server).client("logs"), load.start_ms // 1000
    while not ended.wait(2.0):
        insights(logs, _QUERIES["substring"][0], (start_s, start_s + _SPAN_MS // 1000))


def insights(logs: Any, query: str, window: tuple[int, int]) -> list[Any]:
    """The rows of a Logs Insights query, asked for every few milliseconds."""
    started = logs.start_query(
        logGroupName=GROUP, startTime=window[0], endTime=window[1], queryString=query, limit=10_000
    )
    while True:
        found = logs.get_query_results(queryId=started["queryId"])
        if found["status"] in ("Complete", "Failed", "Timeout", "Cancelled"):
            if found["status"] != "Complete":
                raise RuntimeError(f"the query ended as {found['status']}")
            return list(found["results"])
        time.sleep(0.01)


def _tail(server: Server, where: str) -> None:
    """The last hundred events of a stream, and the hundred before some time in the middle."""
    get = partial(Maker(server).client("logs").get_log_events, logGroupName=GROUP, logStreamName=STREAMS[3], limit=100)
    found, took = timed(lambda: get()["events"], times=20)
    line("logs", f"last 100 of a stream{where}", best_ms=took.best_ms, median_ms=took.median_ms, events=len(found))
    end = found[0]["timestamp"] - _SPAN_MS // 2
    found, took = timed(lambda: get(endTime=end)["events"], times=20)
    line("logs", f"100 in the middle{where}", best_ms=took.best_ms, median_ms=took.median_ms, events=len(found))


def _peer(place: Path, name: str) -> None:
    with served(place, name) as (server, memory):
        start_ms = _prepare(server)
        logs = Maker(server).client("logs")
        begun, cpu = time.perf_counter(), server.cpu_s()
        for first in range(0, PEER_EVENTS, BATCH):
            events = [{"timestamp": start_ms + n, "message": message(n)} for n in range(first, first + BATCH)]
            logs.put_log_events(logGroupName=GROUP, logStreamName=STREAMS[first // BATCH % 20], logEvents=events)
        seconds = time.perf_counter() - begun
        cpu_us = (server.cpu_s() - cpu) / PEER_EVENTS * 1e6
        _, took = timed(lambda: logs.filter_log_events(logGroupName=GROUP, filterPattern="777"), times=3)
        line(
            "logs",
            f"{name}: ingest, then one filter",
            events=PEER_EVENTS,
            events_per_s=round(PEER_EVENTS / seconds),
            server_cpu_us_per_event=cpu_us,
            filter_s=min(took.seconds),
            most_mb=round(memory.most_mb),
        )
