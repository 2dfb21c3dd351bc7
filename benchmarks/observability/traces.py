"""Traces: 200,000 segments through the API, then by id, as summaries, and as service graphs."""

import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.calls import Maker
from benchmarks.observability.measuring import line, served, timed
from benchmarks.servers import PEERS, Server
from botocore.exceptions import BotoCoreError, ClientError

SEGMENTS = 200_000
PEER_SEGMENTS = 5_000
_SEGMENTS_A_TRACE = 4
_SPAN_S = 3600
_AT_ONCE = 50
_SENDERS = 2
_ORIGIN = "AWS::ECS::Container"

Doc = dict[str, Any]


def run(place: Path, *, quick: bool = False) -> None:
    count = SEGMENTS // 10 if quick else SEGMENTS
    end = time.time()
    with served(place) as (server, memory):
        ids = _ingest(server, "trunkline", count, end)
        _ask(server, ids, count, end)
    line("traces", "memory", most_mb=round(memory.most_mb))
    for peer in ("ministack", "moto"):
        if PEERS.exists():
            with served(place, peer) as (server, _):
                _peer(server, peer, end)


def _ask(server: Server, ids: list[str], count: int, end: float) -> None:
    xray, pick = Maker(server).client("xray"), random.Random(5)
    hour: Doc = {"StartTime": end - _SPAN_S, "EndTime": end}
    quarter: Doc = {"StartTime": end - 900, "EndTime": end}
    by_id = lambda: xray.batch_get_traces(TraceIds=pick.sample(ids, 5))["Traces"]  # noqa: E731
    selector = {"EntitySelectorExpression": 'service("orders")'}
    xray.create_group(GroupName="faults", FilterExpression='service("orders") { fault }')
    for what, call, times in (
        ("five traces by id", by_id, 50),
        ("a page of summaries", lambda: xray.get_trace_summaries(**hour)["TraceSummaries"], 10),
        (
            "a page of summaries, one trace in a hundred",
            lambda: xray.get_trace_summaries(**hour, FilterExpression='service("orders") { fault }')["TraceSummaries"],
            5,
        ),
        ("service graph of 15 minutes", lambda: xray.get_service_graph(**quarter)["Services"], 5),
        ("service graph of the hour", lambda: xray.get_service_graph(**hour)["Services"], 5),
        (
            "statistics of a service by minute, the hour",
            lambda: xray.get_time_series_service_statistics(**hour, **selector)["TimeSeriesServiceStatistics"],
            5,
        ),
        (
            "service graph of a group (every trace asked), 15 minutes",
            lambda: xray.get_service_graph(**quarter, GroupName="faults")["Services"],
            2,
        ),
    ):
        found, took = timed(call, times=times)
        assert found
        line("traces", what, best_ms=took.best_ms, median_ms=took.median_ms, found=len(found), segments=count)


def _ingest(server: Server, name: str, count: int, end: float) -> list[str]:
    """Send documents from several threads; the ids of the traces."""
    made = list(_traces(count, end))
    texts = [json.dumps(one) for trace in made for one in trace]
    batches = iter([texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)])
    lock, failures = threading.Lock(), []

    def send() -> None:
        xray = Maker(server).client("xray")
        while True:
            with lock:
                some = next(batches, None)
            if some is None:
                return
            failures.extend(xray.put_trace_segments(TraceSegmentDocuments=some)["UnprocessedTraceSegments"])

    begun, cpu = time.perf_counter(), server.cpu_s()
    threads = [threading.Thread(target=send) for _ in range(_SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    seconds = time.perf_counter() - begun
    line(
        "traces",
        f"{name}: PutTraceSegments of {_AT_ONCE}",
        segments=count,
        bytes_each=sum(map(len, texts)) // len(texts),
        segments_per_s=round(count / seconds),
        server_cpu_us_per_segment=(server.cpu_s() - cpu) / count * 1e6,
    )
    return [trace[0]["trace_id"] for trace in made]


def _peer(server: Server, name: str, end: float) -> None:
    try:
        Maker(server).client("xray").get_service_graph(StartTime=end - _SPAN_S, EndTime=end)
        ids = _ingest(server, name, PEER_SEGMENTS, end)
        xray = Maker(server).client("xray")
        found, took = timed(lambda: xray.batch_get_traces(TraceIds=ids[:5])["Traces"])
        line("traces", f"{name}: five traces by id", best_ms=took.best_ms, found=len(found))
        hour = {"StartTime": end - _SPAN_S, "EndTime": end}
        graph, took = timed(lambda: xray.get_service_graph(**hour)["Services"])
        line("traces", f"{name}: service graph", best_ms=took.best_ms, found=len(graph))
    except (BotoCoreError, ClientError) as error:
        line("traces", f"{name}: has no such operation", why=str(error)[:200])


def _traces(count: int, end: float) -> Iterator[list[Doc]]:
    """A shop: web calls orders and search; orders calls payment, a table and a database."""
    pick = random.Random(11)
    traces = count // _SEGMENTS_A_TRACE
    for number in range(traces):
        start = end - _SPAN_S + _SPAN_S * number / traces
        trace = f"1-{int(start):08x}-{pick.getrandbits(96):024x}"
        yield _trace(pick, trace, start, fault=pick.random() < 0.01)


def _trace(pick: random.Random, trace: str, start: float, *, fault: bool) -> list[Doc]:
    def entity(name: str, seconds: float, **more: Any) -> Doc:
        times = {"start_time": start, "end_time": start + seconds}
        return {"name": name, "id": f"{pick.getrandbits(64):016x}", **times, **more}

    def segment(name: str, seconds: float, **more: Any) -> Doc:
        http = {"request": {"method": "GET", "url": f"http://{name}.local/items/{pick.randrange(1000)}"}}
        status = 500 if more.get("fault") else 200
        told = {"origin": _ORIGIN, "http": {**http, "response": {"status": status, "content_length": 512}}}
        return entity(name, seconds, trace_id=trace, annotations={"color": "green", "tenant": "a"}, **told, **more)

    took = pick.lognormvariate(-2.5, 0.6)
    to_orders = entity("orders.local", took * 0.8, namespace="remote", fault=fault)
    to_search = entity("search.local", took * 0.1, namespace="remote")
    to_payment = entity("payment.local", took * 0.4, namespace="remote", fault=fault)
    table = entity("DynamoDB", took * 0.1, namespace="aws", aws={"table_name": "orders", "operation": "GetItem"})
    sql = entity("shop@db.local", took * 0.1, namespace="remote", sql={"sanitized_query": "SELECT * FROM orders"})
    return [
        segment("web", took, fault=fault, subsegments=[to_orders, to_search]),
        segment("orders", took * 0.8, parent_id=to_orders["id"], fault=fault, subsegments=[to_payment, table, sql]),
        segment("search", took * 0.1, parent_id=to_search["id"]),
        segment("payment", took * 0.4, parent_id=to_payment["id"], fault=fault),
    ]
