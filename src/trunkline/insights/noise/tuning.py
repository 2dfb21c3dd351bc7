"""Find the setting with the fewest pages that misses no incident.

Tried are thresholds that the history itself suggests (quantiles of what was seen, and what lies between the usual and
the incidents), the common M of N, and periods up to an hour. The best misses the fewest incidents; of those that miss
equally few it pages least, then flaps least, then rings least beside incidents, then tells soonest, then changes least
of what the alarm is now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from trunkline.aws.alarms import BANDS, Setting
from trunkline.aws.service import Caller, Kit
from trunkline.insights.noise.asked import Asked
from trunkline.insights.noise.candidate import Candidate, changed, present
from trunkline.insights.noise.firing import firings
from trunkline.insights.noise.history import History, Points
from trunkline.insights.noise.incidents import Incident, read
from trunkline.insights.noise.replay import alarm_named, check, fired, shown
from trunkline.insights.noise.score import Score, iso

Doc = dict[str, Any]

_SHARES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
_DATAPOINTS = ((1, 1), (2, 2), (3, 3), (2, 3), (3, 5), (5, 5))
_PERIODS_S = (60, 300)
_NOTHING = "nothing to tune for: no incident is known in this time. Give some with --incident START/END."


async def tune(kit: Kit, caller: Caller, asked: Asked) -> Doc:
    alarm = await alarm_named(kit, caller, asked.name)
    now = changed(present(alarm), asked)
    check(now, asked)
    history = History(kit, caller, alarm, asked.start_ms, asked.end_ms)
    incidents, deployments = read(kit.ledger, caller.account, caller.region, asked, kit.clock.now())
    before = Score.of(await fired(history, now), incidents)
    summary = {"alarm": asked.name, "from": iso(asked.start_ms), "to": iso(asked.end_ms)}
    had = shown(alarm, now)
    if not incidents:
        return {
            **summary,
            "present": {"properties": had, **before.brief},
            "proposed": None,
            "patch": None,
            "note": _NOTHING,
        }
    best, score, tried = now, before, 1
    for period_s in _periods(now, history, asked):
        candidates = [replace(now, setting=setting, period_s=period_s) for setting in _settings(now.setting, asked)]
        points = await history.points(period_s, max(one.setting.periods for one in candidates))
        candidates = _with_thresholds(candidates, points, incidents, asked)
        tried += len(candidates)
        found = await asyncio.to_thread(_best, candidates, points, history, incidents, now)
        if _rank(*found, now) < _rank(best, score, now):
            best, score = found
    wanted = shown(alarm, best)
    changes = {name: value for name, value in wanted.items() if value != had[name]}
    return {
        **summary,
        "tried": tried,
        "present": {"properties": had, **before.brief},
        "proposed": {"properties": wanted, **score.told(deployments)},
        "patch": {"Type": "AWS::CloudWatch::Alarm", "Properties": changes} if changes else None,
        "note": None,
    }


def _periods(now: Candidate, history: History, asked: Asked) -> list[int]:
    """Expressions keep theirs, and so does what was asked for."""
    if asked.period_s is not None or not history.slides or now.period_s < 60:
        return [now.period_s]
    return sorted({now.period_s, *_PERIODS_S})


def _settings(now: Setting, asked: Asked) -> list[Setting]:
    pairs = {(now.needed, now.periods), *(() if asked.periods else _DATAPOINTS)}
    return [replace(now, needed=needed, periods=periods) for needed, periods in sorted(pairs)]


def _with_thresholds(
    candidates: Sequence[Candidate], points: Points, incidents: Sequence[Incident], asked: Asked
) -> list[Candidate]:
    if asked.threshold is not None or candidates[0].setting.comparison in BANDS:
        return list(candidates)
    thresholds = sorted({candidates[0].setting.threshold, *_suggested(points, incidents, candidates[0])})
    return [
        replace(one, setting=replace(one.setting, threshold=threshold))
        for one in candidates
        for threshold in thresholds
    ]


def _suggested(points: Points, incidents: Sequence[Incident], candidate: Candidate) -> Iterable[float]:
    """Round numbers near the quantiles of all values, and between the usual and the incidents."""
    sign = -1.0 if candidate.setting.comparison.startswith("LessThan") else 1.0
    period_ms = candidate.period_s * 1000
    usual: list[float] = []
    peaks: dict[Incident, float] = {}
    for at, point in points.items():
        value = sign * (point.value or 0.0)
        inside = [one for one in incidents if at < one.end_ms and at + period_ms > one.start_ms]
        for one in inside:
            peaks[one] = max(peaks.get(one, value), value)
        if not inside:
            usual.append(value)
    everything = sorted([*usual, *peaks.values()])
    if not everything:
        return
    for share in _SHARES:
        yield _rounded(sign * everything[int(share * (len(everything) - 1))])
    if usual and peaks:
        low, high = max(usual), min(peaks.values())
        for part in (0.25, 0.5, 0.75):
            yield _rounded(sign * (low + part * (high - low)))


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _best(
    candidates: Sequence[Candidate],
    points: Points,
    history: History,
    incidents: list[Incident],
    now: Candidate,
) -> tuple[Candidate, Score]:
    def scored(one: Candidate) -> tuple[Candidate, Score]:
        step_s = history.step_s(one.period_s)
        found = firings(one.setting, points, one.period_s, step_s, history.start_ms, history.end_ms)
        return one, Score.of(found, incidents)

    found = [(_rank(*one, now), one) for one in map(scored, candidates)]
    least = min(rank for rank, _ in found)
    # Of thresholds that do equally well the middle one: farthest from what is usual and from what is not.
    tied = sorted((one for rank, one in found if rank == least), key=lambda one: one[0].setting.threshold)
    return tied[len(tied) // 2]


def _rank(candidate: Candidate, score: Score, now: Candidate) -> tuple[float, ...]:
    brief = score.brief
    moved = sum(candidate.shown[name] != value for name, value in now.shown.items())
    return brief["missed"], brief["pages"], brief["flaps"], round(score.idle_hours), round(score.delay_s / 60), moved
