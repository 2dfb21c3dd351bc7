"""Why an alarm changed its state, in AWS's words and in its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from trunkline.aws.alarms import ALARM, BANDS, COMPARISONS, INSUFFICIENT_DATA, Point, Verdict
from trunkline.services.cloudwatch.model import MetricAlarm

_LIMIT = 1023
_DATA_LIMIT = 4000


def reason(alarm: MetricAlarm, verdict: Verdict) -> str:
    """Such as "Threshold Crossed: 1 datapoint [5.0 (22/11/26 23:10:00)] was greater than the threshold (1.0)."."""
    periods = alarm.evaluation_periods
    if verdict.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(periods, 'datapoint')} {_was(periods)} unknown."
    missing = _missing(alarm, verdict.filled)
    if not verdict.points:
        received = f"{_counted(periods - verdict.filled, 'datapoint')} {_was(periods - verdict.filled)}"
        received = "no datapoints were" if verdict.filled == periods else received
        return f"Threshold Crossed: {received} received for {_counted(periods, 'period')}{missing}."
    shown = ", ".join(f"{java_double(point.value)} ({_date(point.start_ms)})" for point in verdict.points)
    count, alarming = len(verdict.points), verdict.state == ALARM
    if alarm.comparison in BANDS:
        opening, crossed = "Thresholds", _outside(alarm.comparison, verdict.points, alarming)
    else:
        words = f"{'' if alarming else 'not '}{COMPARISONS[alarm.comparison][1]}"
        opening, crossed = "Threshold", f"{words} the threshold ({java_double(alarm.threshold)})"
    crossed = f"{_was(count)} {crossed}"
    if alarm.datapoints_to_alarm is None and alarm.comparison not in BANDS:
        text = f"Threshold Crossed: {_counted(count, 'datapoint')} [{shown}] {crossed}{missing}."
    else:
        least = alarm.needed if alarming else periods - alarm.needed + 1
        transition = "OK -> ALARM" if alarming else "ALARM -> OK"
        text = (
            f"{opening} Crossed: {count} out of the last {periods} datapoints [{shown}] {crossed}{missing}"
            f" (minimum {_counted(least, 'datapoint')} for {transition} transition)."
        )
    return text if len(text) <= _LIMIT else text[: _LIMIT - 3] + "..."


def _outside(comparison: str, points: Sequence[Point], alarming: bool) -> str:
    """Such as "was less than the lower thresholds [0.2] or greater than the upper thresholds [0.3]"."""
    denied = "" if alarming else "not "
    parts = []
    for edge, (counts, words) in enumerate(
        zip(BANDS[comparison], ("less than the lower", "greater than the upper"), strict=True)
    ):
        if counts:
            limits = ", ".join(java_double(point.band[edge]) for point in points if point.band is not None)
            parts.append(f"{denied}{words} thresholds [{limits}]")
    return " or ".join(parts)


def _missing(alarm: MetricAlarm, filled: int) -> str:
    treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(alarm.treat_missing or "missing")
    if not filled or treated is None:
        return ""
    return f" and {_counted(filled, 'missing datapoint')} {_was(filled)} treated as [{treated}]"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def java_double(value: float | None) -> str:
    """A number as Java writes it, for that is what AWS's texts hold: 5.0, 1.0E7, 1.5E-5."""
    value = float(value or 0.0)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = f"{value:.17g}" if "e" in repr(value) else repr(value)
        return text if "." in text else f"{text}.0"
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        digits = f"{abs(value):.16e}"
        mantissa, _, exponent = digits.partition("e")
        mantissa = repr(value / 10 ** int(exponent))
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def _date(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%d/%m/%y %H:%M:%S")


def spoken(time_ms: int) -> str:
    """A time as the reasons of composite alarms say it: Friday 21 August, 2020 01:36:12 UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")


def stamp(time_ms: int) -> str:
    """A time as CloudWatch writes it in JSON: 2019-10-02T17:04:40.985+0000."""
    text = datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{time_ms % 1000:03d}+0000"


def reason_data(alarm: MetricAlarm, points: Sequence[Point], now_ms: int) -> str:
    """The evaluated data points as JSON; `points` are the oldest first."""
    considered = list(points[-alarm.evaluation_periods :])
    real = [point for point in considered if point.value is not None]
    if len(real) < alarm.evaluation_periods:
        older = [point for point in points[: -alarm.evaluation_periods] if point.value is not None]
        real = older[len(real) - alarm.evaluation_periods :] + real
    data: dict[str, object] = {"version": "1.0", "queryDate": stamp(now_ms)}
    if real:
        data["startDate"] = stamp(real[0].start_ms)
    if alarm.unit is not None:
        data["unit"] = alarm.unit
    if not alarm.computed:
        data["statistic"] = alarm.statistic
    data |= {"period": alarm.period_s, "recentDatapoints": [point.value for point in real]}
    if alarm.comparison in BANDS:
        bands = [point.band for point in real if point.band is not None]
        data |= {"recentLowerThresholds": [low for low, _ in bands], "recentUpperThresholds": [up for _, up in bands]}
        return _limited(data, [])
    evaluated: list[dict[str, object]] = []
    for point in reversed(considered):
        shown: dict[str, object] = {"timestamp": stamp(point.start_ms)}
        if point.value is not None:
            shown |= {"value": point.value} if alarm.computed else {"sampleCount": point.count, "value": point.value}
        evaluated.append(shown)
    return _limited({**data, "threshold": alarm.threshold}, evaluated)


def _limited(data: dict[str, object], evaluated: list[dict[str, object]]) -> str:
    """As JSON within the limit: of a long range AWS shows the newest part."""
    whole = {**data, "evaluatedDatapoints": evaluated} if evaluated else data
    text = orjson.dumps(whole).decode()
    if len(text) <= _DATA_LIMIT:
        return text
    lists = {name: value for name, value in whole.items() if isinstance(value, list)}
    keep = max(1, max(map(len, lists.values())) * (_DATA_LIMIT // 2) // len(text))
    cut = {name: value[:keep] if name == "evaluatedDatapoints" else value[-keep:] for name, value in lists.items()}
    return orjson.dumps({**whole, **cut}).decode()
