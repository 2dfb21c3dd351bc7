"""What a Metrics Insights query asks, and its answer: the observations of many metrics, put together by group."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trunkline.engines.telemetry import Bucket, Metric
from trunkline.services.cloudwatch.expressions import Series, Window

FUNCTIONS: dict[str, Callable[[Bucket], float]] = {
    "AVG": lambda bucket: bucket.total / bucket.count,
    "COUNT": lambda bucket: bucket.count,
    "MAX": lambda bucket: bucket.maximum,
    "MIN": lambda bucket: bucket.minimum,
    "SUM": lambda bucket: bucket.total,
}
_ORDERS: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: math.fsum(values) / len(values),
    "COUNT": len,
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
}
_ACCOUNT = "AWS.AccountId"


@dataclass(frozen=True)
class Condition:
    key: str
    equal: bool
    value: str


@dataclass(frozen=True)
class Query:
    """`schema`: the dimensions that metrics must have, those and no others; None when any will do."""

    function: str
    metric: str
    namespace: str
    schema: frozenset[str] | None
    conditions: tuple[Condition, ...] = ()
    groups: tuple[str, ...] = ()
    order: str | None = None
    descending: bool = False
    limit: int = 500

    def wants(self, metric: Metric) -> bool:
        has = {**dict(metric.dimensions), _ACCOUNT: metric.account}
        if self.schema is not None and {name for name, _ in metric.dimensions} != self.schema:
            return False
        if any(name not in has for name in self.groups):
            return False
        # What lacks the label is neither equal nor unequal to anything.
        return all(one.key in has and (has[one.key] == one.value) == one.equal for one in self.conditions)

    def group_of(self, metric: Metric) -> tuple[str, ...]:
        has = {**dict(metric.dimensions), _ACCOUNT: metric.account}
        return tuple(has[name] for name in self.groups)


def answer(query: Query, window: Window, found: Iterable[tuple[Metric, Iterable[Bucket]]]) -> Series | list[Series]:
    """One series, or with GROUP BY one for each group, in order."""
    groups: dict[tuple[str, ...], dict[int, Bucket]] = {}
    for metric, buckets in found:
        merged = groups.setdefault(query.group_of(metric), {})
        for bucket in buckets:
            known = merged.get(bucket.start_ms)
            if known is None:
                merged[bucket.start_ms] = Bucket(
                    bucket.start_ms, bucket.count, bucket.total, bucket.minimum, bucket.maximum
                )
            else:
                known.count += bucket.count
                known.total += bucket.total
                known.minimum = min(known.minimum, bucket.minimum)
                known.maximum = max(known.maximum, bucket.maximum)
    of = FUNCTIONS[query.function]
    made = [
        Series(window, label=" ".join(group) or query.metric).of({at: of(bucket) for at, bucket in merged.items()})
        for group, merged in sorted(groups.items())
    ]
    if not query.groups:
        return made[0] if made else Series(window, label=query.metric)
    made = [series for series in made if series.points]
    if query.order is not None:
        rank = _ORDERS[query.order]
        made.sort(key=lambda series: rank(series.values()), reverse=query.descending)
    return made[: query.limit]
