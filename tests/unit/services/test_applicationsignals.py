"""Intervals, exclusions, budgets and burn rates of objectives."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from trunkline.aws.service import Caller, Doc
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.services.applicationsignals.burning import Burning
from trunkline.services.applicationsignals.excluding import Excluded, Exclusion
from trunkline.services.applicationsignals.measuring import Measuring
from trunkline.services.applicationsignals.model import DEFAULT_INTERVAL, REQUESTS, Objective, interval_at
from trunkline.services.applicationsignals.store import OBJECTIVES, STEPS


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("interval", "at", "expected"),
    [
        ({"RollingInterval": {"DurationUnit": "DAY", "Duration": 7}}, "2026-11-23T12:00", ("2026-11-16T12:00", None)),
        ({"RollingInterval": {"DurationUnit": "MONTH", "Duration": 1}}, "2026-03-31T12:00", ("2026-02-28T12:00", None)),
        (("MONTH", 1, "2026-01-31"), "2026-03-15", ("2026-02-28", "2026-03-31")),
        (("MONTH", 3, "2025-11-01"), "2026-11-23", ("2026-11-01", "2027-02-01")),
        (("DAY", 7, "2026-11-02"), "2026-11-23", ("2026-11-23", "2026-11-30")),
    ],
)  # fmt: skip
def test_intervals(interval, at, expected):
    if isinstance(interval, tuple):
        unit, count, start = interval
        calendar = {"DurationUnit": unit, "Duration": count, "StartTime": int(day(start).timestamp())}
        interval = {"CalendarInterval": calendar}
    start, end = interval_at(interval, day(at))
    assert (start, end) == (day(expected[0]), day(expected[1] or at))


def test_excluded_times_are_put_together():
    at = int(day("2026-11-23").timestamp())
    once = Exclusion("HOUR", 1, at)
    daily = Exclusion("MINUTE", 90, at, "rate(1 day)")
    found = Excluded([once, daily], at * 1000, (at + 2 * 86_400) * 1000)
    assert found.seconds == 2 * 90 * 60
    assert found.holds((at + 80 * 60) * 1000) and not found.holds((at + 91 * 60) * 1000)
    assert found.holds((at + 86_400 + 60) * 1000)


async def test_burn_rates_and_attainment_are_put_each_minute(tmp_path):
    """60 % of five minutes' requests failed where one in a hundred may: the budget burns sixty times too fast."""
    clock, put = ManualClock(), []
    now_ms = int(clock.time()) // 60 * 60_000

    class Call:
        async def __call__(self, service: str, operation: str, params: Doc, *, as_: Caller) -> Doc:
            assert (service, operation, as_.principal.kind) == ("cloudwatch", "PutMetricData", "service")
            put.append(params)
            return {}

        async def pages(self, service: str, operation: str, result: str, params: Doc, *, as_: Caller) -> list[Doc]:
            name = params["MetricDataQueries"][0]["MetricStat"]["Metric"]["MetricName"]
            starts = [now_ms - (5 - minute) * 60_000 for minute in range(5)]
            inside = [at for at in starts if params["StartTime"].timestamp() * 1000 <= at]
            times = [datetime.fromtimestamp(at / 1000, UTC) for at in inside]
            return [{"Timestamps": times, "Values": [100.0 if name == "requests" else 60.0] * len(times)}]

    def metric(name: str) -> list[Doc]:
        stat = {"Metric": {"Namespace": "App", "MetricName": name}, "Period": 60, "Stat": "Sum"}
        return [{"Id": "m", "MetricStat": stat}]

    db = Database(tmp_path / "state.db")
    db.migrate("applicationsignals", STEPS)
    kit = SimpleNamespace(db=db, clock=clock, call=Call())
    counted = {
        "TotalRequestCountMetric": metric("requests"),
        "MonitoredRequestCountMetric": {"BadCountMetric": metric("bad")},
    }
    objective = Objective(
        "1", "us-east-1", "fast", "", REQUESTS, counted, None, None, DEFAULT_INTERVAL, 99.0, 50.0, [5, 60], 0, 0
    )
    await db.write(lambda tx: OBJECTIVES.put(tx, objective))
    await Burning(kit, Measuring(kit)).publish(now_ms)
    [request] = put
    assert request["Namespace"] == "AWS/ApplicationSignals"
    found = {(one["MetricName"], one["Dimensions"][-1]["Value"]): one["Value"] for one in request["MetricData"]}
    assert found == {
        ("AttainmentRate", "fast"): 40.0,
        ("BurnRate", "5"): pytest.approx(60.0),
        ("BurnRate", "60"): pytest.approx(60.0),
    }
    db.close()
