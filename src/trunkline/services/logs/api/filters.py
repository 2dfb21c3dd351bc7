"""Metric filters: put, describe, delete, test."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context, group_resource
from trunkline.services.logs.model import MAX_METRIC_FILTERS, LogGroup, MetricFilter
from trunkline.services.logs.pattern import InvalidPattern, Pattern, compile_pattern
from trunkline.services.logs.store import FILTERS

_MAX_DIMENSIONS = 3
_SYSTEM_FIELDS = frozenset({"@aws.account", "@aws.region"})


class Filters(Context):
    @operation(group_resource)
    async def put_metric_filter(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        self._standard_only(group, "PutMetricFilter")
        if req.get("fieldSelectionCriteria"):
            raise Refused("Trunkline does not support fieldSelectionCriteria in metric filters: leave it out.")
        system = req.get("emitSystemFieldDimensions", [])
        if not set(system) <= _SYSTEM_FIELDS:
            raise _invalid(f"emitSystemFieldDimensions must be among {', '.join(sorted(_SYSTEM_FIELDS))}.")
        _compiled(req["filterPattern"])
        self._check_regexes(group, req["filterName"], req["filterPattern"])
        if len(req["metricTransformations"]) != 1:
            raise _invalid("A metric filter has exactly one metric transformation.")
        transformation = req["metricTransformations"][0]
        dimensions = transformation.get("dimensions", {})
        if dimensions and "defaultValue" in transformation:
            raise _invalid("Invalid metric transformation: dimensions and default value are mutually exclusive.")
        if len(dimensions) > _MAX_DIMENSIONS:
            raise _invalid(f"Invalid metric transformation: at most {_MAX_DIMENSIONS} dimensions.")
        value = transformation["metricValue"]
        if not value.startswith("$") and not _is_number(value):
            raise _invalid(f"Invalid metric transformation: metricValue {value} is neither a number nor a field.")
        added = MetricFilter(
            group.id,
            req["filterName"],
            req["filterPattern"],
            transformation["metricNamespace"],
            transformation["metricName"],
            value,
            self._now_ms(),
            default=transformation.get("defaultValue"),
            unit=transformation.get("unit", "None"),
            dimensions=dimensions,
            system_dimensions=system,
            on_transformed=req.get("applyOnTransformedLogs", False),
        )

        def work(tx: Tx) -> None:
            others = [f for f in FILTERS.find(tx, prefix=(group.id,)) if f.name != added.name]
            if len(others) >= MAX_METRIC_FILTERS:
                raise AwsError("LimitExceededException", "Resource limit exceeded.")
            FILTERS.put(tx, added)

        await self._store.write(work)
        return {}

    @operation(group_resource)
    async def delete_metric_filter(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        if not await self._store.write(lambda tx: FILTERS.delete(tx, group.id, req["filterName"])):
            raise AwsError("ResourceNotFoundException", "The specified metric filter does not exist.")
        return {}

    @operation(group_resource)
    async def describe_metric_filters(self, call: Call, req: Doc) -> Doc:
        named, metric = "logGroupName" in req, "metricName" in req
        if metric != ("metricNamespace" in req):
            raise _invalid("Describe Metric Filters request must contain both MetricName and MetricNamespace")
        if named and metric:
            raise _invalid(
                "Describe Metric Filters request must contain either logGroupName or metricName and metricNamespace"
            )
        groups = [self._group(call, req)] if named else self._store.groups(call.account, call.region)
        prefix = req.get("filterNamePrefix", "") if named else ""
        found = [
            (group, metric_filter)
            for group in groups
            for metric_filter in self._store.filters(group)
            if metric_filter.name.startswith(prefix)
            and req.get("metricName", metric_filter.metric) == metric_filter.metric
            and req.get("metricNamespace", metric_filter.namespace) == metric_filter.namespace
        ]
        shown, token = paging.page(
            found,
            req.get("limit", DEFAULT_PAGE),
            req.get("nextToken"),
            key=lambda pair: f"{pair[1].name}\0{pair[0].name}",
            error="InvalidParameterException",
        )
        return {"metricFilters": [_described(group, f) for group, f in shown], "nextToken": token}

    @operation()
    async def test_metric_filter(self, call: Call, req: Doc) -> Doc:
        pattern = _compiled(req["filterPattern"])
        return {
            "matches": [
                {"eventNumber": number, "eventMessage": message, "extractedValues": dict(pattern.extract(message))}
                for number, message in enumerate(req["logEventMessages"], start=1)
                if pattern.matches(message)
            ]
        }


def _compiled(text: str) -> Pattern:
    try:
        return compile_pattern(text)
    except InvalidPattern as error:
        raise _invalid(str(error)) from None


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _described(group: LogGroup, metric_filter: MetricFilter) -> Doc:
    return {
        "filterName": metric_filter.name,
        "filterPattern": metric_filter.pattern,
        "creationTime": metric_filter.created_ms,
        "logGroupName": group.name,
        "applyOnTransformedLogs": metric_filter.on_transformed,
        "emitSystemFieldDimensions": metric_filter.system_dimensions or None,
        "metricTransformations": [
            {
                "metricName": metric_filter.metric,
                "metricNamespace": metric_filter.namespace,
                "metricValue": metric_filter.value,
                "defaultValue": metric_filter.default,
                "unit": metric_filter.unit,
                "dimensions": metric_filter.dimensions or None,
            }
        ],
    }
