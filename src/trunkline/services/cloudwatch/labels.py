"""Dynamic labels: ${MAX}, ${PROP('Dim.Host')} and the like in the Label of a query.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from trunkline.aws.errors import Refused
from trunkline.aws.service import Doc

_TOKEN = re.compile(r"\$\{\s*([A-Z_]+)\s*(?:\(\s*'([^']*)'\s*\))?\s*\}")
_OF_VALUES: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: math.fsum(values) / len(values),
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
}


def written(label: str, default: str, values: Sequence[float], properties: Doc) -> str:
    """The label with its tokens replaced; `values` are the oldest first."""

    def replace(match: re.Match[str]) -> str:
        name, argument = match.groups()
        if name == "LABEL":
            return default
        if name == "DATAPOINT_COUNT":
            return str(len(values))
        if name == "PROP" and argument is not None:
            return str(properties.get(argument, ""))
        if name in _OF_VALUES:
            return f"{_OF_VALUES[name](values):.10g}" if values else "--"
        raise Refused(
            f"Trunkline does not support {match[0]} in labels:"
            f" use {', '.join(_OF_VALUES)}, DATAPOINT_COUNT, LABEL or PROP."
        )

    return _TOKEN.sub(replace, label)


def properties(stat: Doc, account: str, region: str) -> Doc:
    """What PROP knows of a metric."""
    named = stat["Metric"]
    return {
        "AccountId": account,
        "MetricName": named.get("MetricName", ""),
        "Namespace": named.get("Namespace", ""),
        "Period": stat["Period"],
        "Region": region,
        "Stat": stat["Stat"],
        **{f"Dim.{one['Name']}": one["Value"] for one in named.get("Dimensions", ())},
    }
