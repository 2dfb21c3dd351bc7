"""Turn what PutMetricData was given into samples, or say what is wrong with it in AWS's words."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.engines.telemetry import Metric, Sample, Spread, StatisticSet

_MOST_METRICS = 1000
_MOST_DIMENSIONS = 30
_MAX_VALUES = 150
_LARGEST = 2.0**360
_OLDEST_MS = 14 * 86_400_000
_AHEAD_MS = 2 * 3_600_000
_MINUTE_MS = 60_000

_KEY_ATTRIBUTES = {"Type", "ResourceType", "Identifier", "Name", "Environment"}
_ENTITY_TYPES = {"Service", "Resource", "AWS::Service", "AWS::Resource", "RemoteService"}

Doc = dict[str, Any]


def check_namespace(namespace: str, *, by_service: bool) -> None:
    if namespace.startswith("AWS/") and not by_service:
        raise _invalid(f"The value {namespace} for parameter Namespace is invalid.")
    _check_characters("Namespace", namespace)


def data_of(req: Doc) -> list[Doc]:
    """All data of a request, those of entities too. Which entity a metric belongs to has no effect here."""
    data = list(req.get("MetricData", ()))
    for number, group in enumerate(req.get("EntityMetricData", ()), start=1):
        data += group.get("MetricData", ())
        if req.get("StrictEntityValidation") and "Entity" in group:
            _check_entity(group["Entity"], f"EntityMetricData.member.{number}.Entity")
    if len(data) > _MOST_METRICS:
        raise _invalid(f"The collection MetricData must not have a size greater than {_MOST_METRICS}.")
    return data


def _check_entity(entity: Doc, member: str) -> None:
    keys = entity.get("KeyAttributes", {})
    if keys.get("Type") not in _ENTITY_TYPES or not set(keys) <= _KEY_ATTRIBUTES or not all(keys.values()):
        raise _invalid(f"The parameter {member}.KeyAttributes is invalid.")


def _check_characters(member: str, text: str) -> None:
    """ASCII without control characters, something to see, and no colon at the start."""
    if not (text.isascii() and text.isprintable() and text.strip()) or text.startswith(":"):
        raise _invalid(f"The value {text} for parameter {member} is invalid.")


def samples(account: str, region: str, namespace: str, data: list[Doc], now_ms: int) -> list[Sample]:
    """One sample a datum, stamped with the second (high resolution) or the minute it belongs to."""
    found = []
    for number, datum in enumerate(data, start=1):
        time = datum.get("Timestamp")
        time_ms = now_ms if time is None else int(time.timestamp() * 1000)
        if not now_ms - _OLDEST_MS <= time_ms <= now_ms + _AHEAD_MS:
            raise _badly_timed(number, time, now_ms)
        if datum.get("StorageResolution", 60) not in {1, 60}:
            raise _invalid(f"The parameter MetricData.member.{number}.StorageResolution must be 1 or 60.")
        step_ms = 1000 if datum.get("StorageResolution") == 1 else _MINUTE_MS
        value = datum.get("Value")
        if value is None or "Values" in datum or "StatisticValues" in datum:
            value = _value(datum, number)
        elif not (isfinite(value) and -_LARGEST <= value <= _LARGEST):
            shown = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), value)
            raise _invalid(f"The value {shown} for parameter MetricData.member.{number}.Value is invalid.")
        _check_dimensions(datum.get("Dimensions"), number)
        identity = metric(account, region, namespace, datum["MetricName"], datum.get("Dimensions"))
        found.append(Sample(identity, time_ms - time_ms % step_ms, value, datum.get("Unit", "None")))
    return found


def _check_dimensions(dimensions: list[Doc] | None, number: int) -> None:
    if not dimensions:
        return
    member = f"MetricData.member.{number}.Dimensions"
    if len(dimensions) > _MOST_DIMENSIONS:
        raise _invalid(f"The collection {member} must not have a size greater than {_MOST_DIMENSIONS}.")
    for place, one in enumerate(dimensions, start=1):
        for part in ("Name", "Value"):
            if not one[part]:
                raise _invalid(f"The parameter {member}.member.{place}.{part} must not be empty.")
            _check_characters(f"{member}.member.{place}.{part}", one[part])


def metric(account: str, region: str, namespace: str, name: str, dimensions: list[Doc] | None) -> Metric:
    if not dimensions:
        return Metric(account, region, namespace, name)
    pairs = [(dimension["Name"], dimension["Value"]) for dimension in dimensions]
    if len(pairs) > 1:
        pairs.sort()
        if len({pair[0] for pair in pairs}) != len(pairs):
            raise _invalid("The dimensions of a metric must have different names.")
    return Metric(account, region, namespace, name, tuple(pairs))


def _value(datum: Doc, number: int) -> float | Spread | StatisticSet:
    member = f"MetricData.member.{number}"
    given = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if len(given) > 1:
        raise AwsError(
            "InvalidParameterCombinationException",
            f"The parameters {member}.{given[0]} and {member}.{given[1]} are mutually exclusive"
            " and you have specified both.",
        )
    if not given:
        raise AwsError(
            "MissingRequiredParameterException",
            f"The parameter {member}.Value, {member}.Values or {member}.StatisticValues is required.",
        )
    if given == ["Values"]:
        return _spread(datum, member)
    given_set = datum["StatisticValues"]
    found = StatisticSet(*(float(given_set[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")))
    if not all(isfinite(part) for part in found) or found.samples <= 0 or found.minimum > found.maximum:
        raise _invalid(f"The value of parameter {member}.StatisticValues is invalid.")
    # A set of one value, however often, is that value: AWS has percentiles of such sets.
    if found.minimum == found.maximum:
        return Spread([found.minimum], [found.samples])
    return Spread([found.total], [1.0]) if found.samples == 1 else found


def _spread(datum: Doc, member: str) -> Spread:
    values = [float(value) for value in datum["Values"]]
    counts = [float(count) for count in datum.get("Counts", [1.0] * len(values))]
    if not values or len(values) > _MAX_VALUES:
        raise _invalid(f"The parameter {member}.Values must have between 1 and {_MAX_VALUES} members.")
    if len(counts) != len(values):
        raise _invalid(f"The parameters {member}.Values and {member}.Counts must be of the same size.")
    if not all(isfinite(value) and -_LARGEST <= value <= _LARGEST for value in values):
        raise _invalid(f"The parameter {member}.Values holds an invalid value.")
    if not all(isfinite(count) and count > 0 for count in counts):
        raise _invalid(f"The parameter {member}.Counts holds an invalid value.")
    return Spread(values, counts)


def _badly_timed(number: int, time: datetime | None, now_ms: int) -> AwsError:
    late = time is not None and time.timestamp() * 1000 > now_ms
    limit = "two hours in the future" if late else "two weeks in the past"
    return _invalid(f"The parameter MetricData.member.{number}.Timestamp must specify a time no more than {limit}.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)
