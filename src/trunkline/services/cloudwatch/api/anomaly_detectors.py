"""Anomaly detectors: what is to be learnt about which metric; the models are the trainer's."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudwatch.anomaly.subject import METRIC_MATH, SINGLE_METRIC, Subject
from trunkline.services.cloudwatch.api.context import Context, invalid_value, moment
from trunkline.services.cloudwatch.api.queries import check_queries
from trunkline.services.cloudwatch.model import AnomalyDetector
from trunkline.services.cloudwatch.store import DETECTORS

_SINGLE = ("Namespace", "MetricName", "Dimensions", "Stat")
_PAGE = 100


class AnomalyDetectors(Context):
    @operation()
    async def put_anomaly_detector(self, call: Call, req: Doc) -> Doc:
        subject = _subject(call, req)
        configuration = req.get("Configuration", {})
        ranges = [
            (int(one["StartTime"].timestamp() * 1000), int(one["EndTime"].timestamp() * 1000))
            for one in configuration.get("ExcludedTimeRanges", ())
        ]
        if any(start >= end for start, end in ranges):
            raise invalid_value("A time range must start before it ends.")
        timezone = configuration.get("MetricTimezone", "")
        if timezone and not _is_zone(timezone):
            raise invalid_value(f"The value {timezone} for parameter MetricTimezone is not a known time zone.")
        made = AnomalyDetector(
            call.account,
            call.region,
            subject.id,
            subject.kind,
            dict(subject.metric),
            ranges,
            timezone,
            req.get("MetricCharacteristics", {}),
        )

        def work(tx: Tx) -> None:
            DETECTORS.put(tx, made)
            self._trainer.changed(tx, made.account, made.region, made.id)

        await self._store.db.write(work)
        return {"AnomalyDetectorId": made.id}

    @operation()
    async def delete_anomaly_detector(self, call: Call, req: Doc) -> Doc:
        wanted = req.get("AnomalyDetectorId") or _subject(call, req).id

        def work(tx: Tx) -> None:
            if not DETECTORS.delete(tx, call.account, call.region, wanted):
                raise AwsError(
                    "ResourceNotFoundException",
                    "There is no such anomaly detector.",
                    ResourceType="AnomalyDetector",
                    ResourceId=wanted,
                )
            self._trainer.changed(tx, call.account, call.region, wanted)

        await self._store.db.write(work)
        return {}

    @operation(mutates=False)
    async def describe_anomaly_detectors(self, call: Call, req: Doc) -> Doc:
        ids, kinds = req.get("AnomalyDetectorIds"), req.get("AnomalyDetectorTypes", ["SINGLE_METRIC"])
        found = [
            one
            for one in DETECTORS.find(self._store.db, prefix=(call.account, call.region))
            if (one.id in ids if ids else one.kind in kinds)
            and all(req.get(name, one.metric.get(name)) == one.metric.get(name) for name in _SINGLE[:3])
        ]
        shown, token = paging.page(
            found,
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda one: one.id,
            error="InvalidNextToken",
        )
        return {"AnomalyDetectors": [_shown(one, self._trainer.state(one)) for one in shown], "NextToken": token}


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def _subject(call: Call, req: Doc) -> Subject:
    """What a request is about, in whichever of the three forms."""
    if "MetricMathAnomalyDetector" in req:
        queries = req["MetricMathAnomalyDetector"].get("MetricDataQueries", [])
        check_queries(call, queries, "MetricMathAnomalyDetector.MetricDataQueries")
        if len([query for query in queries if query.get("ReturnData", True)]) != 1:
            raise invalid_value("Exactly one of the MetricDataQueries must have ReturnData true.")
        return Subject(call.account, call.region, METRIC_MATH, {"MetricDataQueries": queries})
    single = req.get("SingleMetricAnomalyDetector", req)
    for name in ("Namespace", "MetricName", "Stat"):
        if not single.get(name):
            raise AwsError("MissingRequiredParameterException", f"The parameter {name} is required.")
    metric = {"Dimensions": [], **{name: single[name] for name in _SINGLE if name in single}}
    return Subject(call.account, call.region, SINGLE_METRIC, metric)


def _shown(one: AnomalyDetector, state: str) -> Doc:
    configuration = {
        "ExcludedTimeRanges": [{"StartTime": moment(start), "EndTime": moment(end)} for start, end in one.excluded_ms],
        "MetricTimezone": one.timezone or None,
    }
    shown: Doc = {
        "AnomalyDetectorId": one.id,
        "Configuration": configuration,
        "StateValue": state,
        "MetricCharacteristics": one.characteristics or None,
    }
    if one.kind == "METRIC_MATH":
        return {**shown, "MetricMathAnomalyDetector": one.metric}
    return {**shown, **one.metric, "SingleMetricAnomalyDetector": one.metric}
