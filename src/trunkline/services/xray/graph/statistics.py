"""Counts, times and histograms over visits and crossings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trunkline.aws.service import Doc
from trunkline.services.xray.segments.facts import ERROR, FAULT, OPEN, THROTTLE


def summary(happened: NDArray[Any]) -> Doc:
    """EdgeStatistics and ServiceStatistics: each completed request counts once, as its worst outcome."""
    done = happened[(happened["flags"] & OPEN) == 0]
    flags = done["flags"]
    fault = (flags & FAULT) != 0
    throttle = ((flags & THROTTLE) != 0) & ~fault
    error = ((flags & ERROR) != 0) & ~fault & ~throttle
    faults, throttles, errors = int(fault.sum()), int(throttle.sum()), int(error.sum())
    return {
        "OkCount": len(done) - faults - throttles - errors,
        "ErrorStatistics": {
            "ThrottleCount": throttles,
            "OtherCount": errors,
            "TotalCount": throttles + errors,
        },
        "FaultStatistics": {"OtherCount": faults, "TotalCount": faults},
        "TotalCount": len(done),
        "TotalResponseTime": round(float((done["end"] - done["start"]).sum()), 3),
    }


def histogram(happened: NDArray[Any], end: str = "end") -> list[Doc]:
    """How often each time was taken: to the millisecond, above a second to three digits."""
    done = happened[(happened["flags"] & OPEN) == 0]
    values, counts = np.unique(_rounded(done[end] - done["start"]), return_counts=True)
    return [{"Value": float(value), "Count": int(count)} for value, count in zip(values, counts, strict=True)]


def _rounded(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    seconds = np.maximum(seconds, 0.0)
    magnitude = np.floor(np.log10(np.maximum(seconds, 1.0)))
    digits = 10.0 ** np.where(seconds < 1, 3, 2 - magnitude)
    return np.round(seconds * digits) / digits
