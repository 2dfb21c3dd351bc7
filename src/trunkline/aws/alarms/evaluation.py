"""Which state an alarm's data points call for: M out of N, missing data, low sample counts.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html and alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.aws.alarms.comparison import breach

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

EXTRA_PERIODS = 2
"""How many periods before the N evaluated ones are looked at, so that real data can stand in for missing data."""

TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


@dataclass(frozen=True, slots=True)
class Point:
    """One period: its start, and its value unless it is missing; of an alarm on anomalies also the expected band."""

    start_ms: int
    value: float | None = None
    count: float = 0.0
    band: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state called for (None: keep the present one), and what decided it, the newest point first."""

    state: str | None
    points: tuple[Point, ...] = ()
    """The real points that bear the state out: the breaching ones for ALARM, the others for OK."""
    filled: int = 0
    """How many missing points were filled in."""


KEEP = Verdict(None)


@dataclass(frozen=True, slots=True)
class Setting:
    """What of an alarm's configuration decides."""

    periods: int
    """N of "M out of N"."""
    needed: int
    """M."""
    comparison: str
    threshold: float
    treat_missing: str = "missing"
    percentile: float | None = None
    """The rank of a percentile whose periods with too few samples are to be ignored."""


def judge(setting: Setting, points: Sequence[Point]) -> Verdict:
    """The verdict over `points`, the oldest first: the last N and EXTRA_PERIODS before them."""
    comparison, threshold = setting.comparison, setting.threshold
    return evaluate(
        points,
        periods=setting.periods,
        needed=setting.needed,
        breaches=lambda point: breach(comparison, point.value or 0.0, threshold, point.band),
        treat_missing=setting.treat_missing,
        too_few_samples=few_samples(setting.percentile) if setting.percentile is not None else None,
    )


def evaluate(
    points: Sequence[Point],
    *,
    periods: int,
    needed: int,
    breaches: Callable[[Point], bool],
    treat_missing: str,
    too_few_samples: Callable[[Point], bool] | None = None,
) -> Verdict:
    """As `judge`; `breaches` is asked about real points only."""
    real = [point for point in points if point.value is not None]
    if not real:
        state = {"breaching": ALARM, "notBreaching": OK, "missing": INSUFFICIENT_DATA, "ignore": None}[treat_missing]
        return Verdict(state, (), periods)
    evaluated = real[-periods:]
    if too_few_samples is not None and any(too_few_samples(point) for point in evaluated):
        return KEEP
    bad: list[Point] = []
    good: list[Point] = []
    for point in reversed(evaluated):
        (bad if breaches(point) else good).append(point)
    filled = periods - len(evaluated)
    if len(bad) >= needed or (treat_missing == "breaching" and len(bad) + filled >= needed):
        return Verdict(ALARM, tuple(bad), filled)
    if treat_missing in {"breaching", "notBreaching"} or good:
        return Verdict(OK, tuple(good), filled)
    # All real points breach, but they are fewer than needed. AWS alarms when the oldest of them has been followed by
    # nothing but missing points for as long as an alarm takes, and else waits for more.
    recent = points[-periods:]
    age = next((len(recent) - at for at, point in enumerate(recent) if point.value is not None), 0)
    if treat_missing == "missing" and age >= needed:
        return Verdict(ALARM, tuple(bad), filled)
    return KEEP


def few_samples(percentile: float) -> Callable[[Point], bool]:
    """Whether a period has too few samples for its percentile to mean anything, by AWS's rule."""
    share = percentile / 100
    least = 10 / (1 - share) if 0.5 <= share < 1 else 10 / share if 0 < share < 0.5 else 0
    return lambda point: point.count < least
