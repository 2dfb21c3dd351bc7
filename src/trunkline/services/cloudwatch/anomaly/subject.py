"""What a model is of: a metric with a statistic, or an expression over metrics. The id is the same however put."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

Doc = dict[str, Any]

SINGLE_METRIC, METRIC_MATH = "SINGLE_METRIC", "METRIC_MATH"
_ID = re.compile(r"\b[a-z]\w*\b")


class Subject(NamedTuple):
    """`metric`: Namespace, MetricName, Dimensions and Stat, or MetricDataQueries of which one is an expression."""

    account: str
    region: str
    kind: str
    metric: Mapping[str, Any]

    @property
    def id(self) -> str:
        canonical = _single(self.metric) if self.kind == SINGLE_METRIC else _math(self.metric["MetricDataQueries"])
        digest = hashlib.sha256(orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def of_query(account: str, region: str, queries: Sequence[Doc], query_id: str) -> Subject | None:
    """The subject of ANOMALY_DETECTION_BAND(query_id) among these queries; None if there is no such query."""
    by_id = {query["Id"]: query for query in queries}
    query = by_id.get(query_id)
    if query is None:
        return None
    if "MetricStat" in query:
        stat = query["MetricStat"]
        named = stat["Metric"]
        metric = {name: named[name] for name in ("Namespace", "MetricName", "Dimensions") if name in named}
        return Subject(account, region, SINGLE_METRIC, {**metric, "Stat": stat["Stat"]})
    needed: dict[str, Doc] = {}
    waiting = [query_id]
    while waiting:
        one = by_id.get(waiting.pop())
        if one is not None and one["Id"] not in needed:
            needed[one["Id"]] = {**one, "ReturnData": one["Id"] == query_id}
            waiting += _ID.findall(one.get("Expression", ""))
    return Subject(account, region, METRIC_MATH, {"MetricDataQueries": list(needed.values())})


def _single(metric: Mapping[str, Any]) -> Doc:
    dimensions = sorted(metric.get("Dimensions") or (), key=lambda one: (one["Name"], one["Value"]))
    return {**{name: metric.get(name) for name in ("Namespace", "MetricName", "Stat")}, "Dimensions": dimensions}


def _math(queries: Sequence[Doc]) -> list[Doc]:
    shown = []
    for query in sorted(queries, key=lambda one: str(one["Id"])):
        said: Doc = {"Id": query["Id"]}
        if "MetricStat" in query:
            stat = query["MetricStat"]
            said["MetricStat"] = {**_single({**stat["Metric"], "Stat": stat["Stat"]}), "Period": stat["Period"]}
        else:
            said["Expression"] = query["Expression"]
        shown.append(said)
    return shown
