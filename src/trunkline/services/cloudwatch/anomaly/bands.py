"""The bands that a request or an alarm asks for: ANOMALY_DETECTION_BAND(m1, 2) with the model that stands behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trunkline.aws.service import Doc
from trunkline.services.cloudwatch import metric_math
from trunkline.services.cloudwatch.anomaly.model import Band, Model
from trunkline.services.cloudwatch.anomaly.subject import Subject, of_query
from trunkline.services.cloudwatch.anomaly.trainer import Trainer
from trunkline.services.cloudwatch.expressions import BandOf, ExpressionError, Series, parse
from trunkline.services.cloudwatch.expressions.syntax import Reference, calls

FUNCTION = "ANOMALY_DETECTION_BAND"


async def band(
    trainer: Trainer, subject: Subject, period_s: int, start_ms: int, end_ms: int, width: float
) -> list[Band]:
    """What is normal in each of the periods that start in [start_ms, end_ms); nothing while there are too few data."""
    model = await trainer.model(subject, period_s)
    return [] if model is None else model.band(range(start_ms, end_ms, period_s * 1000), width)


async def bands(trainer: Trainer, account: str, region: str, queries: Sequence[Doc]) -> dict[str, BandOf]:
    """For `metric_math.sheet`: what is normal for every metric and expression whose band these queries ask for."""
    found: dict[str, BandOf] = {}
    for query_id in {one for query in queries for one in banded(query.get("Expression", ""))}:
        subject = of_query(account, region, queries, query_id)
        if subject is None:
            continue  # evaluating the expression says so
        under = [query for query in queries if query["Id"] == query_id and "MetricStat" in query]
        period_s = metric_math.period_s(under or subject.metric["MetricDataQueries"])
        model = await trainer.model(subject, period_s)
        if model is not None:
            found[query_id] = _band_of(model)
    return found


def banded(expression: str) -> Iterator[str]:
    """The ids whose band an expression asks for."""
    if FUNCTION not in expression:
        return
    try:
        parsed = parse(expression)
    except (ExpressionError, RecursionError):
        return  # evaluating it says why
    for call in calls(parsed, FUNCTION):
        if call.arguments and isinstance(call.arguments[0], Reference):
            yield call.arguments[0].id


def _band_of(model: Model) -> BandOf:
    def band_of(series: Series, width: float) -> tuple[Series, Series]:
        found = model.band(series.window.times_ms(), width)
        return series.of({one.time_ms: one.low for one in found}), series.of({one.time_ms: one.high for one in found})

    return band_of
