"""10,000 alarms of one-minute period: what a round costs, how late a change of state is, what they hold in memory.

moto and MiniStack keep alarms but never evaluate them, so there is nothing to compare with.
"""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.calls import Maker
from benchmarks.observability.measuring import line, served
from benchmarks.servers import Server

from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger
from trunkline.engines.telemetry import Sample
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.services.cloudwatch.anomaly import Trainer
from trunkline.services.cloudwatch.evaluator import Evaluator
from trunkline.services.cloudwatch.model import MetricAlarm
from trunkline.services.cloudwatch.reading import Reader
from trunkline.services.cloudwatch.store import ALARMS, Store

ALARM_COUNT = 10_000
_ROUNDS = 5
_NAMESPACE = "Bench"
_AT_ONCE = 1000
_ALARM = MetricAlarm(
    "1", "us-east-1", "", None, True, [], [], [], _NAMESPACE, "", [("Service", "hello")], "Average", 60, None,
    3, 2, 5.0, "GreaterThanThreshold", "notBreaching", None,
)  # fmt: skip


def run(place: Path, *, quick: bool = False) -> None:
    count = ALARM_COUNT // 10 if quick else ALARM_COUNT
    asyncio.run(_rounds(place / "rounds", count))
    with served(place) as (server, memory):
        _served(server, count)
    line("alarms", "memory", alarms=count, most_mb=round(memory.most_mb))
    line("alarms", "peers", moto="keeps alarms, evaluates none", ministack="keeps alarms, evaluates none")


async def _rounds(place: Path, count: int) -> None:
    """The evaluator alone, on a clock moved by hand."""
    place.mkdir(parents=True)
    clock = ManualClock()
    db = Database(place / "state.db")
    ledger, telemetry = Ledger(db), LocalTelemetry(place / "telemetry", clock)
    store = Store(db)
    reader = Reader(telemetry, clock)
    evaluator = Evaluator(store, reader, ledger, clock, Trainer(db, reader, clock))
    alarms = [replace(_ALARM, name=f"alarm-{n:05d}", metric=f"metric-{n:05d}") for n in range(count)]
    await store.change_alarms(lambda tx: [ALARMS.put(tx, alarm) for alarm in alarms])

    async def a_round(value: float) -> tuple[float, float]:
        """A minute passes with this value in every metric: CPU and wall seconds of looking at all."""
        await clock.advance(60)
        at_ms = int(clock.time() * 1000) - 30_000
        for start in range(0, count, _AT_ONCE):
            some = alarms[start : start + _AT_ONCE]
            await telemetry.put_samples([Sample(alarm.identity, at_ms, value) for alarm in some])
        cpu, begun = time.process_time(), time.perf_counter()
        await evaluator.tick(int(clock.time()))
        return time.process_time() - cpu, time.perf_counter() - begun

    first = await a_round(1.0)
    quiet = [await a_round(1.0) for _ in range(_ROUNDS)]
    await a_round(9.0)
    storm = await a_round(9.0)
    line("alarms", "every alarm leaves INSUFFICIENT_DATA", alarms=count, cpu_s=first[0], wall_s=first[1])
    best = min(quiet)
    line("alarms", "a quiet round", alarms=count, cpu_s=best[0], wall_s=best[1], us_per_alarm=best[0] / count * 1e6)
    line("alarms", "every alarm fires at once", alarms=count, cpu_s=storm[0], wall_s=storm[1])
    await telemetry.close()
    db.close()


def _served(server: Server, count: int) -> None:
    """Through the API, in real time: how long after the end of the minute do alarms change?"""
    cloudwatch = Maker(server).client("cloudwatch")
    begun = time.perf_counter()
    for n in range(count):
        cloudwatch.put_metric_alarm(
            AlarmName=f"alarm-{n:05d}",
            Namespace=_NAMESPACE,
            MetricName=f"metric-{n:05d}",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=3,
            DatapointsToAlarm=2,
            Threshold=5.0,
            ComparisonOperator="GreaterThanThreshold",
        )
    took = time.perf_counter() - begun
    line("alarms", "PutMetricAlarm", alarms=count, a_second=count / took)
    _wait_until(20)
    _put_all(cloudwatch, count, 1.0)
    _wait_until(10)
    line("alarms", "all become OK, in real time", **_lateness(cloudwatch, "OK"))
    _put_all(cloudwatch, count, 1.0)
    _wait_until(55)
    idle = _cpu_of(server, 3.0)
    _wait_until(59)
    busy = _cpu_of(server, 4.0)
    line("alarms", "a quiet minute's round, in real time", alarms=count, cpu_s=busy - idle * 4 / 3)
    for _ in range(2):
        _wait_until(30)
        _put_all(cloudwatch, count // 100, 9.0)
    _wait_until(10)
    line("alarms", "one alarm in a hundred fires, in real time", **_lateness(cloudwatch, "ALARM"))


def _put_all(cloudwatch: Any, count: int, value: float) -> None:
    for start in range(0, count, _AT_ONCE):
        data = [{"MetricName": f"metric-{n:05d}", "Value": value} for n in range(start, min(start + _AT_ONCE, count))]
        cloudwatch.put_metric_data(Namespace=_NAMESPACE, MetricData=data)


def _lateness(cloudwatch: Any, state: str) -> dict[str, Any]:
    """How long after the end of a minute the alarms in a state went there."""
    pages = cloudwatch.get_paginator("describe_alarms").paginate(StateValue=state, PaginationConfig={"PageSize": 100})
    times = [alarm["StateTransitionedTimestamp"] for page in pages for alarm in page["MetricAlarms"]]
    late = sorted(at.second + at.microsecond / 1e6 for at in times)
    return {"alarms": len(late), "median_s": late[len(late) // 2], "last_s": late[-1]} if late else {"alarms": 0}


def _cpu_of(server: Server, seconds: float) -> float:
    before = server.cpu_s()
    time.sleep(seconds)
    return server.cpu_s() - before


def _wait_until(second: int) -> None:
    """Until that second of the minute comes next."""
    now = datetime.now(UTC)
    time.sleep((second - now.second - now.microsecond / 1e6) % 60)
