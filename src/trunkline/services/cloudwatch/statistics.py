"""CloudWatch's statistics over the observations of one period.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from trunkline.engines.telemetry import Bucket

Pairs = list[tuple[float, float]]

_SIMPLE: dict[str, Callable[[Bucket], float]] = {
    "SampleCount": lambda bucket: bucket.count,
    "Sum": lambda bucket: bucket.total,
    "Average": lambda bucket: bucket.total / bucket.count,
    "Minimum": lambda bucket: bucket.minimum,
    "Maximum": lambda bucket: bucket.maximum,
}
_SHORT = re.compile(r"(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")
_RANGE = re.compile(r"(TM|WM|TC|TS|PR)\(([^:%]*)(%?):([^:%]*)(%?)\)")
_BOUND = re.compile(r"-?\d+(\.\d+)?")


class UnknownStatistic(Exception):
    """The text names no statistic."""


class Statistic(NamedTuple):
    """A statistic ready to compute; `values` says whether it needs the single values; `percentile` is a pNN's NN."""

    of: Callable[[Bucket], float | None]
    values: bool
    percentile: float | None = None


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Statistic:
    if text in _SIMPLE:
        return Statistic(_SIMPLE[text], values=False)
    if text == "IQM":
        return _trimmed("TM", 25.0, 75.0, by_rank=True)
    short = _SHORT.fullmatch(text)
    if short:
        rank = float(short[2])
        if short[1] == "p":
            return Statistic(lambda bucket: _percentile(bucket, rank), values=True, percentile=rank)
        return _trimmed(short[1].upper(), None, rank, by_rank=True)
    return _range(text)


def _range(text: str) -> Statistic:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise UnknownStatistic(text)
    kind, low_text, low_rank, high_text, high_rank = match.groups()
    bounds = [float(bound) if _BOUND.fullmatch(bound) else None for bound in (low_text, high_text)]
    malformed = any(bound is None and given for bound, given in zip(bounds, (low_text, high_text), strict=True))
    by_rank = bool(low_rank or high_rank)
    mixed = by_rank and bool((low_text and not low_rank) or (high_text and not high_rank))
    nothing = bounds == [None, None]
    if malformed or mixed or nothing or (kind == "PR" and by_rank):
        raise UnknownStatistic(text)
    low, high = bounds
    if by_rank and not 0 <= (low or 0.0) < (100.0 if high is None else high) <= 100:
        raise UnknownStatistic(text)
    if kind == "PR":
        return Statistic(lambda bucket: _percentile_rank(bucket, low, high), values=True)
    return _trimmed(kind, low, high, by_rank=by_rank)


def _percentile(bucket: Bucket, rank: float) -> float | None:
    """The smallest value that at least `rank` per cent of the observations do not exceed."""
    if bucket.summarised or not bucket.values or bucket.minimum < 0:
        return None  # AWS has no percentiles where values are negative, or where only their sum was put
    due = bucket.count * rank / 100
    seen = 0.0
    ordered = sorted(bucket.values)
    for value, count in ordered:
        seen += count
        if seen >= due * (1 - 1e-12) and seen > 0:
            return value
    return ordered[-1][0]


def _percentile_rank(bucket: Bucket, low: float | None, high: float | None) -> float | None:
    if bucket.summarised or not bucket.values:
        return None
    inside = sum(n for v, n in bucket.values if (low is None or v > low) and (high is None or v <= high))
    return 100 * inside / bucket.count


def _trimmed(kind: str, low: float | None, high: float | None, *, by_rank: bool) -> Statistic:
    finish = {"TM": _mean, "WM": _mean, "TC": _count, "TS": _sum}[kind]

    def of(bucket: Bucket) -> float | None:
        if bucket.summarised or not bucket.values:
            return None
        pairs = sorted(bucket.values)
        kept = _between_ranks(pairs, low, high) if by_rank else _between_values(pairs, low, high)
        if kind == "WM" and kept:
            # Winsorised: what lies outside counts as the nearest value that is kept.
            total, inside = sum(n for _, n in pairs), sum(n for _, n in kept)
            below = sum(n for v, n in pairs if v < kept[0][0]) if by_rank else 0.0
            below = min(below, total - inside)
            kept = [(kept[0][0], below), *kept, (kept[-1][0], total - inside - below)]
        return finish(kept)

    return Statistic(of, values=True)


def _between_ranks(pairs: Pairs, low: float | None, high: float | None) -> Pairs:
    total = sum(n for _, n in pairs)
    start, end = total * (low or 0.0) / 100, total * (100.0 if high is None else high) / 100
    kept: Pairs = []
    seen = 0.0
    for value, count in pairs:
        part = min(seen + count, end) - max(seen, start)
        if part > 0:
            kept.append((value, part))
        seen += count
    return kept


def _between_values(pairs: Pairs, low: float | None, high: float | None) -> Pairs:
    return [(v, n) for v, n in pairs if (low is None or v > low) and (high is None or v <= high)]


def _mean(pairs: Pairs) -> float | None:
    count = sum(n for _, n in pairs)
    return _sum(pairs) / count if count else None


def _sum(pairs: Pairs) -> float:
    return sum(v * n for v, n in pairs)


def _count(pairs: Pairs) -> float:
    return sum(n for _, n in pairs)
