"""Anomaly detectors: kept, and never trained: there are no anomaly detection alarms yet that would ask them."""

from __future__ import annotations

import hashlib

import orjson

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudwatch.api.context import Context, moment
from trunkline.services.cloudwatch.model import AnomalyDetector
from trunkline.services.cloudwatch.store import DETECTORS

_SINGLE = ("Namespace", "MetricName", "Dimensions", "Stat")
_PAGE = 100


class AnomalyDetectors(Context):
    @operation()
    async def put_anomaly_detector(self, call: Call, req: Doc) -> Doc:
        kind, metric = _metric(req)
        configuration = req.get("Configuration", {})
        ranges = [
            (int(one["StartTime"].timestamp() * 1000), int(one["EndTime"].timestamp() * 1000))
            for one in configuration.get("ExcludedTimeRanges", ())
        ]
        if any(start >= end for start, end in ranges):
            raise AwsError("InvalidParameterValueException", "A time range must start before it ends.")
        made = AnomalyDetector(
            call.account,
            call.region,
            _id(metric),
            kind,
            metric,
            ranges,
            configuration.get("MetricTimezone", ""),
            req.get("MetricCharacteristics", {}),
        )
        await self._store.db.write(lambda tx: DETECTORS.put(tx, made))
        return {"AnomalyDetectorId": made.id}

    @operation()
    async def delete_anomaly_detector(self, call: Call, req: Doc) -> Doc:
        wanted = req.get("AnomalyDetectorId") or _id(_metric(req)[1])
        if not await self._store.db.write(lambda tx: DETECTORS.delete(tx, call.account, call.region, wanted)):
            raise AwsError(
                "ResourceNotFoundException",
                "There is no such anomaly detector.",
                ResourceType="AnomalyDetector",
                ResourceId=wanted,
            )
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
        return {"AnomalyDetectors": [_shown(one) for one in shown], "NextToken": token}


def _metric(req: Doc) -> tuple[str, Doc]:
    """The metric that a request is about, in whichever form, and the detector's type."""
    if "MetricMathAnomalyDetector" in req:
        queries = req["MetricMathAnomalyDetector"].get("MetricDataQueries", [])
        return "METRIC_MATH", {"MetricDataQueries": queries}
    single = req.get("SingleMetricAnomalyDetector", req)
    for name in ("Namespace", "MetricName", "Stat"):
        if not single.get(name):
            raise AwsError("MissingRequiredParameterException", f"The parameter {name} is required.")
    return "SINGLE_METRIC", {"Dimensions": [], **{name: single[name] for name in _SINGLE if name in single}}


def _id(metric: Doc) -> str:
    digest = hashlib.sha256(orjson.dumps(metric, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def _shown(one: AnomalyDetector) -> Doc:
    configuration = {
        "ExcludedTimeRanges": [{"StartTime": moment(start), "EndTime": moment(end)} for start, end in one.excluded_ms],
        "MetricTimezone": one.timezone or None,
    }
    shown: Doc = {
        "AnomalyDetectorId": one.id,
        "Configuration": configuration,
        "StateValue": "PENDING_TRAINING",
        "MetricCharacteristics": one.characteristics or None,
    }
    if one.kind == "METRIC_MATH":
        return {**shown, "MetricMathAnomalyDetector": one.metric}
    return {**shown, **one.metric, "SingleMetricAnomalyDetector": one.metric}
