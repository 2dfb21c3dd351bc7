"""Fit models to history, in a process of its own: `python -m …fitting`, jobs as JSON on standard input.

Seasonal and trend decomposition by loess (STL, robust) over hourly medians finds the level and the season: weekly where
two weeks are there, daily from three days on. What remains gives the shape within hours, and its median absolute
deviation the spread. Medians, because what was abnormal in the history must not become normal.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from trunkline.services.cloudwatch.anomaly.model import FEWEST_POINTS, Model, offset_s

_HOUR_S, _DAY_S = 3600, 86_400
_SEASONAL_DAYS = 2.9
_WEEKLY_DAYS = 13
_LEAST_COVERAGE = 0.6
_LEVELS_STEP_S = 6 * _HOUR_S
_OF_NORMAL = 1.4826
"""A standard deviation is this many times the median absolute deviation, if deviations are normal."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Job(msgspec.Struct):
    """The history of one subject: times in seconds, one value a period."""

    times: list[int]
    values: list[float]
    period_s: int
    zone: str = ""
    excluded: list[tuple[int, int]] = msgspec.field(default_factory=list)
    spikes: bool = False
    """Periodic spikes are normal: means instead of medians."""


class Fitted(msgspec.Struct):
    model: Model | None
    seasonal: bool
    points: int


def fit(job: Job) -> Fitted:
    times, values = np.array(job.times, dtype=np.int64), np.array(job.values, dtype=np.float64)
    kept = np.ones(len(times), dtype=bool)
    for start, end in job.excluded:
        kept &= (times < start) | (times >= end)
    times, values = times[kept], values[kept]
    if len(times) < FEWEST_POINTS:
        return Fitted(None, False, len(job.times))
    model = _seasonal(job, times, values)
    seasonal = model is not None
    if model is None:
        model = Model([float(np.median(values))], [], job.period_s, zone=job.zone)
    rest = values - _expected(model, times)
    if seasonal and job.period_s < _HOUR_S:
        model.shape = _shape(_local(job.zone, times), rest, max(300, job.period_s))
        rest = values - _expected(model, times)
    model.spread = _spreads(_local(job.zone, times), rest, float(np.median(np.abs(values))), seasonal)
    if seasonal:
        # What was fitted to is nearer than what comes: few values made each of the season's.
        made_of = max(2.0, len(times) / len(model.season))
        model.spread = [spread * math.sqrt((made_of + 1) / (made_of - 1)) for spread in model.spread]
    return Fitted(model, seasonal, len(job.times))


def _expected(model: Model, times: Ints) -> Floats:
    return np.array([model.expected(at) for at in times.tolist()])


def _local(zone: str, times: Ints) -> Ints:
    if not zone:
        return times
    return times + np.array([offset_s(zone, at) for at in times.tolist()], dtype=np.int64)


def _seasonal(job: Job, times: Ints, values: Floats) -> Model | None:
    """Level and season; None where the history is too short or too full of holes."""
    step_s = max(_HOUR_S, job.period_s)
    days = (times[-1] - times[0]) / _DAY_S
    if _DAY_S % step_s or days < _SEASONAL_DAYS:
        return None
    slots = _local(job.zone, times) // step_s
    order = np.argsort(slots, kind="stable")  # an hour comes twice when summer time ends
    slots, values = slots[order], values[order]
    first = int(slots[0])
    middles = np.full(int(slots[-1]) - first + 1, np.nan)
    of = np.mean if job.spikes else np.median
    starts = np.flatnonzero(np.diff(slots, prepend=first - 1))
    for start, end in zip(starts, [*starts[1:], len(slots)], strict=True):
        middles[slots[start] - first] = of(values[start:end])
    if np.mean(np.isfinite(middles)) < _LEAST_COVERAGE:
        return None
    a_day = _DAY_S // step_s
    cycle = 7 * a_day if days >= _WEEKLY_DAYS else a_day
    if cycle < 2:
        return None
    from statsmodels.tsa.seasonal import STL

    found = STL(_filled(middles, a_day), period=cycle, robust=not job.spikes).fit()
    places = (np.arange(len(middles)) + first) % cycle
    season = np.array([float(np.mean(found.seasonal[places == place])) for place in range(cycle)])
    shift = float(np.mean(season))
    every = max(1, _LEVELS_STEP_S // step_s)
    return Model(
        period_s=job.period_s,
        levels=[float(level) + shift for level in found.trend[::every]],
        spread=[],
        levels_start_s=int(times[0]) // step_s * step_s + step_s // 2,
        levels_step_s=every * step_s,
        season=[float(value) for value in season - shift],
        season_step_s=step_s,
        zone=job.zone,
    )


def _filled(middles: Floats, a_day: int) -> Floats:
    """A hole holds what is usual at that time of day."""
    usual = np.full(a_day, np.nanmedian(middles))
    for place in range(a_day):
        there = middles[place::a_day]
        if np.isfinite(there).any():
            usual[place] = np.nanmedian(there)
    everywhere = np.resize(usual, len(middles))
    return np.where(np.isfinite(middles), middles, everywhere)


def _shape(local: Ints, rest: Floats, slot_s: int) -> list[float]:
    """What each slot of the day usually has over the season; the fewer days there are, the nearer to nothing."""
    count = _DAY_S // slot_s
    slots = local % _DAY_S * count // _DAY_S
    shape = np.zeros(count)
    for slot in range(count):
        here = rest[slots == slot]
        if len(here):
            shape[slot] = np.median(here) * len(here) / (len(here) + 4)
    return [float(value) for value in shape]


def _spreads(local: Ints, rest: Floats, size: float, seasonal: bool) -> list[float]:
    whole = _spread(rest) or 0.001 * size or 1e-6
    if not seasonal:
        return [whole]
    hours = local % _DAY_S // _HOUR_S
    found = []
    for hour in range(24):
        near = rest[np.isin(hours, [(hour - 1) % 24, hour, (hour + 1) % 24])]
        # An hour with few points leans on the whole.
        found.append((len(near) * _spread(near) + 30 * whole) / (len(near) + 30) if len(near) else whole)
    return found


def _spread(rest: Floats) -> float:
    robust = float(np.median(np.abs(rest - np.median(rest)))) * _OF_NORMAL
    return robust or float(np.std(rest))


def _fit(job: Job) -> Fitted:
    """A history that no model can be made of spoils no other job."""
    try:
        fitted = fit(job)
    except Exception as error:  # whatever the libraries find in hostile numbers
        print(f"a model could not be fitted: {error}", file=sys.stderr)
        return Fitted(None, False, len(job.times))
    model = fitted.model
    if model is not None and not np.isfinite([*model.levels, *model.season, *model.shape, *model.spread]).all():
        return Fitted(None, False, len(job.times))
    return fitted


def main() -> None:
    jobs = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Job])
    fitted: list[dict[str, Any]] = [msgspec.to_builtins(_fit(job)) for job in jobs]
    sys.stdout.buffer.write(orjson.dumps(fitted))


if __name__ == "__main__":
    main()
