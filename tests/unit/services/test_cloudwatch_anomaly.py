"""What is learnt from a history: seasons, spreads, and that hostile histories harm nothing. Fitted in this process."""

import math
import random

import pytest

from trunkline.services.cloudwatch.anomaly.fitting import Job, _fit
from trunkline.services.cloudwatch.anomaly.subject import SINGLE_METRIC, Subject, of_query

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
