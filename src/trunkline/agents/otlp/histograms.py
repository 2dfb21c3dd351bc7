"""Histograms as values with counts.

CloudWatch finds percentiles only among values. So each bucket stands for one value of it, all at the same share between
their bounds, chosen so that the values add up to the histogram's own sum; one observation each is put at the minimum
and at the maximum where those are told.
"""

from dataclasses import dataclass
from typing import Any

Bucket = tuple[float, float, int]  # from, to, count


@dataclass(frozen=True, slots=True)
class Distribution:
    """Buckets in ascending order, the sum of all observations and, where told, the least and the most of them."""

    buckets: tuple[Bucket, ...]
    total: float
    least: float | None = None
    most: float | None = None

    @property
    def count(self) -> int:
        return sum(count for _, _, count in self.buckets)


def of_explicit(point: Any) -> Distribution:
    """A histogram with bounds. Its outermost buckets have one bound only: 0, or that one, stands for the other."""
    bounds, counts = list(point.explicit_bounds), list(point.bucket_counts)
    least = point.min if point.HasField("min") else None
    most = point.max if point.HasField("max") else None
    if not counts or len(counts) != len(bounds) + 1:
        counts, bounds = [point.count], []
    if not bounds:
        mean = point.sum / point.count if point.count else 0.0
        buckets = [(mean if least is None else least, mean if most is None else most, counts[0])]
    else:
        lowest = min(0.0, bounds[0])
        buckets = list(zip([lowest, *bounds], [*bounds, bounds[-1]], counts, strict=True))
    return Distribution(tuple(buckets), point.sum, least, most)


def of_exponential(point: Any) -> Distribution:
    """A histogram whose bounds are powers of 2 ** (2 ** -scale). ValueError for a scale that no client has."""
    if not -10 <= point.scale <= 20:
        raise ValueError("has a scale beyond -10 and 20")
    base = 2.0 ** (2.0**-point.scale)

    def side(buckets: Any) -> list[Bucket]:
        found = []
        for index, count in enumerate(buckets.bucket_counts):
            if count:
                power = buckets.offset + index
                found.append((_power(base, power), _power(base, power + 1), count))
        return found

    below = [(-high, -low, count) for low, high, count in reversed(side(point.negative))]
    zero = [(0.0, 0.0, point.zero_count)] if point.zero_count else []
    least = point.min if point.HasField("min") else None
    most = point.max if point.HasField("max") else None
    return Distribution((*below, *zero, *side(point.positive)), point.sum, least, most)


def spread(found: Distribution) -> list[tuple[float, int]]:
    """(value, count) in ascending order; count and sum are the histogram's, within what its bounds allow."""
    buckets = [one for one in found.buckets if one[2]]
    if not buckets:
        return []
    ends: list[tuple[float, int]] = []
    if found.least is not None and found.most is not None and found.count > 1:
        ends = [(found.least, 1), (found.most, 1)]
        buckets[0] = _without_one(buckets[0])
        buckets[-1] = _without_one(buckets[-1])
        buckets = [(max(low, found.least), min(max(high, low), found.most), n) for low, high, n in buckets if n]
        # The last bucket has no upper bound of its own but the maximum.
        if buckets and found.buckets[-1][2] and found.buckets[-1][0] == found.buckets[-1][1]:
            low, _, count = buckets[-1]
            buckets[-1] = (low, max(low, found.most), count)
    rest = found.total - sum(value for value, _ in ends)
    floor = sum(low * count for low, _, count in buckets)
    ceiling = sum(high * count for _, high, count in buckets)
    share = min(1.0, max(0.0, (rest - floor) / (ceiling - floor))) if ceiling > floor else 0.0
    values: dict[float, int] = {}
    for value, count in [*ends, *((low + share * (high - low), count) for low, high, count in buckets)]:
        values[value] = values.get(value, 0) + count
    return sorted(values.items())


def _without_one(bucket: Bucket) -> Bucket:
    return (*bucket[:2], bucket[2] - 1)


def _power(base: float, exponent: int) -> float:
    try:
        return min(base**exponent, 2.0**360)
    except OverflowError:
        return 2.0**360  # CloudWatch's largest value
