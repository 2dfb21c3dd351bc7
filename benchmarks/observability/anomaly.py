"""How well the anomaly model foretells, and what training costs: `python -m benchmarks.observability.anomaly`.

Synthetic traffic with a daily and a weekly season and noise, and with incidents in the history. Each model is trained
on the first days and judged on the two days after: the mean absolute error as a share of the mean, the share of values
inside the band of two standard deviations (95.4 % if all were perfect), and of values half as high again outside it.
"""

import json
import subprocess
import sys
import time

import numpy as np

from trunkline.services.cloudwatch.anomaly.fitting import Job, fit

_DAY_S = 86_400
_START_S = 1_767_225_600 // _DAY_S * _DAY_S
_AHEAD_DAYS = 2


def traffic(days: int, period_s: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, what would be normal, and the values with noise."""
    times = np.arange(_START_S, _START_S + (days + _AHEAD_DAYS) * _DAY_S, period_s)
    hours, weekday = (times % _DAY_S) / 3600, (times // _DAY_S + 3) % 7
    normal = 200 + 80 * np.sin(2 * np.pi * (hours - 8) / 24) + 25 * np.sin(4 * np.pi * hours / 24)
    normal = normal - np.where(weekday >= 5, 60, 0)
    return times, normal, normal + np.random.default_rng(seed).normal(0, 6, len(times))


def judge(days: int, period_s: int, *, incidents: bool = False) -> dict:
    times, normal, values = traffic(days, period_s)
    cut = days * _DAY_S // period_s
    history = values[:cut].copy()
    if incidents:
        for day in range(1, days, 3):  # two hours at three times the normal, every third day
            start = (day * _DAY_S + 36_000) // period_s
            history[start : start + 7200 // period_s] *= 3
    began = time.perf_counter()
    fitted = fit(Job(times[:cut].tolist(), history.tolist(), period_s))
    took = time.perf_counter() - began
    ahead = times[cut:].tolist()
    bands = fitted.model.band([at * 1000 for at in ahead], 2)
    expected = np.array([fitted.model.expected(at) for at in ahead])
    inside = np.mean([low <= value <= high for (_, low, high), value in zip(bands, values[cut:], strict=True)])
    outside = [not low <= 1.5 * value <= high for (_, low, high), value in zip(bands, values[cut:], strict=True)]
    return {
        "days": days,
        "period_s": period_s,
        "incidents_in_history": incidents,
        "season": {0: "none", 24: "day", 168: "week"}[len(fitted.model.season)],
        "error_pct": round(100 * float(np.mean(np.abs(expected - normal[cut:])) / np.mean(normal)), 2),
        "inside_2_sd_pct": round(100 * float(inside), 1),
        "half_more_is_outside_pct": round(100 * float(np.mean(outside)), 1),
        "fit_s": round(took, 3),
    }


def main() -> None:
    rows = [judge(days, period) for days in (1, 7, 14, 28) for period in (60, 300)]
    rows.append(judge(28, 300, incidents=True))
    began = time.perf_counter()
    module = "trunkline.services.cloudwatch.anomaly.fitting"
    subprocess.run([sys.executable, "-m", module], input=b"[]", check=True, capture_output=True)
    idle_s = round(time.perf_counter() - began, 2)
    print(json.dumps({"models": rows, "child_start_s": idle_s}))


if __name__ == "__main__":
    main()
