"""What is learnt from a history: seasons, spreads, and that hostile histories harm nothing. Fitted in this process."""

import math
import random
from datetime import UTC, datetime

import msgspec
import pytest

from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.engines.telemetry import Metric, Sample
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.services.cloudwatch import child
from trunkline.services.cloudwatch.anomaly.fitting import Job, _fit
from trunkline.services.cloudwatch.anomaly.subject import SINGLE_METRIC, Subject, of_query
from trunkline.services.cloudwatch.anomaly.trainer import Trainer
from trunkline.services.cloudwatch.model import AnomalyDetector
from trunkline.services.cloudwatch.reading import Reader
from trunkline.services.cloudwatch.store import DETECTORS, Store

_MONDAY_S = 1_767_571_200
_DAY_S = 86_400


def history(days, of, period_s=300, noise=2.0):
    chance = random.Random(3)
    times = range(_MONDAY_S, _MONDAY_S + int(days * _DAY_S), period_s)
    return list(times), [of(at) + chance.gauss(0, noise) for at in times]


def daily(at):
    return 100 + 40 * math.sin(2 * math.pi * at / _DAY_S)


def weekly(at):
    return daily(at) - (50 if (at - _MONDAY_S) // _DAY_S % 7 >= 5 else 0)


def learnt(days, of, period_s=300, **more):
    return _fit(Job(*history(days, of, period_s), period_s, **more))


@pytest.mark.parametrize(("days", "of", "season"), [(5, daily, 24), (15, weekly, 168)])
def test_seasons_are_foretold(days, of, season):
    fitted = learnt(days, of)
    assert fitted.seasonal and len(fitted.model.season) == season
    ahead = range(_MONDAY_S + days * _DAY_S, _MONDAY_S + (days + 1) * _DAY_S, 1800)
    assert max(abs(fitted.model.expected(at) - of(at + 150)) for at in ahead) < 8
    low, high = fitted.model.band([ahead[0] * 1000], 2)[0][1:]
    assert 4 < high - low < 20


def test_a_short_history_has_a_level_and_no_season():
    fitted = learnt(1, lambda at: 50.0)
    assert not fitted.seasonal
    [(_, low, high)] = fitted.model.band([_MONDAY_S * 1000], 2)
    assert low < 50 < high < 60


def test_an_incident_is_not_learnt():
    def with_incident(at):
        return daily(at) + (500 if 2 * _DAY_S < at - _MONDAY_S < 2.05 * _DAY_S else 0)

    fitted = learnt(6, with_incident)
    assert abs(fitted.model.expected(_MONDAY_S + int(6.02 * _DAY_S)) - daily(_MONDAY_S + int(6.02 * _DAY_S))) < 10


def test_a_season_follows_the_time_zone_into_summer():
    """Trained in winter time: on a summer's day the same hour by the clock in Berlin is one earlier in UTC."""
    fitted = learnt(5, daily, zone="Europe/Berlin")
    june_s = 1_782_518_400  # 2026-06-27T00:00:00Z
    for hour in (3, 9, 15, 21):
        assert abs(fitted.model.expected(june_s + hour * 3600) - daily(june_s + (hour + 1) * 3600)) < 8


@pytest.mark.parametrize(
    "values",
    [[2.0**360] * 900, [0.0] * 900, [(-1.0) ** at * 2.0**359 for at in range(900)], [5.0] * 12, []],
    ids=["huge", "nothing", "swinging", "few", "none"],
)
def test_hostile_histories_give_a_band_of_numbers_or_none(values):
    times = [_MONDAY_S + at * 300 for at in range(len(values))]
    model = _fit(Job(times, values, 300)).model
    if model is not None:
        assert all(map(math.isfinite, model.band([_MONDAY_S * 1000], 2)[0]))


def test_a_subject_is_the_same_however_it_is_put():
    named = [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]
    metric = {"Namespace": "N", "MetricName": "m", "Dimensions": named[::-1], "Stat": "Sum"}
    stat = {"Metric": {"Namespace": "N", "MetricName": "m", "Dimensions": named}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "m1", "MetricStat": stat}, {"Id": "e1", "Expression": "m1 * 2"}]
    assert of_query("1", "r", queries, "m1").id == Subject("1", "r", SINGLE_METRIC, metric).id
    assert of_query("1", "r", queries, "e1").id == of_query("1", "r", queries[::-1], "e1").id
    assert of_query("1", "r", queries, "e2") is None


async def test_a_model_is_renewed_when_its_data_moved_on(tmp_path, monkeypatch):
    """The window of history slides: as many values as before may be other ones."""
    clock = ManualClock(datetime(2026, 1, 5, tzinfo=UTC))
    db, telemetry = Database(tmp_path / "state.db"), LocalTelemetry(tmp_path / "telemetry", clock)
    asked = []

    async def ask(module, jobs, timeout_s):
        asked.append([len(job["times"]) for job in jobs])
        return msgspec.json.encode([_fit(msgspec.convert(job, Job)) for job in jobs])

    monkeypatch.setattr(child, "ask", ask)
    Store(db)
    trainer = Trainer(db, Reader(telemetry, clock), clock)
    metric = Metric("1", "r", "N", "m")
    subject = Subject("1", "r", SINGLE_METRIC, {"Namespace": "N", "MetricName": "m", "Stat": "Average"})

    async def put(value):
        now_ms = int(clock.time() * 1000)
        await telemetry.put_samples([Sample(metric, now_ms - at * 300_000, value) for at in range(1, 101)])

    detector = AnomalyDetector("1", "r", subject.id, SINGLE_METRIC, dict(subject.metric))
    await db.write(lambda tx: DETECTORS.put(tx, detector))
    for value in (5.0, 9.0):
        await put(value)
        await trainer.renew()
        assert (await trainer.model(subject, 300)).expected(0) == value
        await clock.advance(29 * 86_400)
    assert asked == [[100], [100]]
    await telemetry.close()
    db.close()
