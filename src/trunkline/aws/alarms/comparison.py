"""When a value breaches: beyond a fixed threshold, or outside a band that moves with time."""

from __future__ import annotations

import operator
from collections.abc import Callable

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
"""By AWS's name: the test of a value against the threshold, and the words for it."""

BANDS: dict[str, tuple[bool, bool]] = {
    "LessThanLowerOrGreaterThanUpperThreshold": (True, True),
    "LessThanLowerThreshold": (True, False),
    "GreaterThanUpperThreshold": (False, True),
}
"""By AWS's name: whether the lower and the upper edge of the band count."""


def breach(comparison: str, value: float, threshold: float, band: tuple[float, float] | None) -> bool:
    if comparison in BANDS:
        below, above = BANDS[comparison]
        return band is not None and ((below and value < band[0]) or (above and value > band[1]))
    return COMPARISONS[comparison][0](value, threshold)
