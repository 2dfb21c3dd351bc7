"""A replay decides as live alarms do, only quicker."""

import random

import pytest

from trunkline.aws.alarms import ALARM, EXTRA_PERIODS, INSUFFICIENT_DATA, TREATMENTS, Point, Setting, judge
from trunkline.insights.noise.firing import Firing, firings, flaps

MINUTE = 60_000
START = 1_795_388_400_000


def slow_firings(setting, points, period_s, step_s, start_ms, end_ms):
    """Each look on its own, as the evaluator does it."""
    state, began, found = INSUFFICIENT_DATA, 0, []
    for end in range(start_ms + step_s * 1000, end_ms + 1, step_s * 1000):
        starts = range(end - (setting.periods + EXTRA_PERIODS) * period_s * 1000, end, period_s * 1000)
        called_for = judge(setting, [points.get(at) or Point(at) for at in starts]).state
        if called_for is None or called_for == state:
            continue
        if called_for == ALARM:
            began = end
        elif state == ALARM:
            found.append(Firing(began, end))
        state = called_for
    return [*found, Firing(began, end_ms, lasts=True)] if state == ALARM else found


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize(("needed", "periods", "period_s"), [(1, 1, 60), (2, 3, 60), (3, 3, 300), (3, 5, 120)])
def test_remembered_patterns_give_what_each_look_would(treatment, needed, periods, period_s):
    chance = random.Random(needed * period_s)
    times = range(START - 3_600_000, START + 6 * 3_600_000, MINUTE)
    values = {at: Point(at, chance.choice([0.0, 5.0, 9.0]), 20.0) for at in times if chance.random() < 0.6}
    setting = Setting(periods, needed, "GreaterThanThreshold", 4.0, treatment, 50.0 if treatment == "missing" else None)
    window = (period_s, 60, START, START + 6 * 3_600_000)
    found = firings(setting, values, *window)
    assert found == slow_firings(setting, values, *window)
    assert found


def test_a_firing_soon_after_another_is_a_flap():
    found = [Firing(0, MINUTE), Firing(5 * MINUTE, 6 * MINUTE), Firing(60 * MINUTE, 61 * MINUTE)]
    assert flaps(found) == 1
