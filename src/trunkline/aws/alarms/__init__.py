"""How CloudWatch alarms decide, in one place: CloudWatch evaluates by it, and the replay of history (insights) too."""

from trunkline.aws.alarms.comparison import BANDS, COMPARISONS, breach
from trunkline.aws.alarms.evaluation import (
    ALARM,
    EXTRA_PERIODS,
    INSUFFICIENT_DATA,
    OK,
    TREATMENTS,
    Point,
    Setting,
    Verdict,
    evaluate,
    few_samples,
    judge,
)

__all__ = [
    "ALARM",
    "BANDS",
    "COMPARISONS",
    "EXTRA_PERIODS",
    "INSUFFICIENT_DATA",
    "OK",
    "TREATMENTS",
    "Point",
    "Setting",
    "Verdict",
    "breach",
    "evaluate",
    "few_samples",
    "judge",
]
