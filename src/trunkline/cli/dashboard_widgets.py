"""The widgets of a service's dashboard: traffic, errors, latency and saturation, with deployments marked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Doc = dict[str, Any]
Metric = list[Any]
_HALF, _HEIGHT = 12, 6
_DEPLOYED = "#9467bd"


@dataclass
class Workload:
    """One ECS service or Lambda function. `groups`: the load balancer and target group dimensions before it."""

    kind: str
    name: str
    dimensions: list[str]
    groups: list[tuple[str, str]] = field(default_factory=list)
    deployments: list[Doc] = field(default_factory=list)
    """Of each its `time` and its `label`."""


def body(workload: Workload, region: str) -> Doc:
    """The dashboard of one workload."""
    graphs = _of_function(workload) if workload.kind == "function" else _of_service(workload)
    widgets: list[Doc] = [
        {"type": "text", "x": 0, "y": 0, "width": 24, "height": 1, "properties": {"markdown": f"# {workload.name}"}}
    ]
    for number, (title, metrics, look) in enumerate(graphs):
        properties = {
            "title": title,
            "metrics": metrics,
            "view": "timeSeries",
            "region": region,
            "period": 60,
            "annotations": {
                "vertical": [
                    {"value": one["time"], "label": one["label"], "color": _DEPLOYED} for one in workload.deployments
                ]
            },
            **look,
        }
        place = {"x": number % 2 * _HALF, "y": 1 + number // 2 * _HEIGHT, "width": _HALF, "height": _HEIGHT}
        widgets.append({"type": "metric", **place, "properties": properties})
    return {"periodOverride": "inherit", "widgets": widgets}


Graph = tuple[str, list[Metric], Doc]
_FROM_ZERO = {"yAxis": {"left": {"min": 0}}}
_PER_CENT = {"yAxis": {"left": {"min": 0, "max": 100, "label": "%"}}}


def _of_service(workload: Workload) -> list[Graph]:
    graphs: list[Graph] = []
    if workload.groups:
        graphs = [
            ("Traffic", _balanced(workload.groups, "RequestCount", "Sum"), _FROM_ZERO),
            ("Errors", _errors(workload.groups), _FROM_ZERO),
            ("Latency", _latency(workload.groups), _FROM_ZERO),
        ]
    used: list[Metric] = [
        ["AWS/ECS", name, *workload.dimensions, {"stat": stat, "label": f"{name} {stat.lower()}"}]
        for name in ("CPUUtilization", "MemoryUtilization")
        for stat in ("Average", "Maximum")
    ]
    graphs.append(("Saturation", used, _PER_CENT))
    if workload.groups:
        hosts = [
            metric
            for name in ("HealthyHostCount", "UnHealthyHostCount")
            for metric in _balanced(workload.groups, name, "Maximum")
        ]
        graphs.append(("Hosts", hosts, _FROM_ZERO))
    return graphs


def _of_function(workload: Workload) -> list[Graph]:
    def metric(name: str, stat: str, **look: Any) -> Metric:
        return ["AWS/Lambda", name, *workload.dimensions, {"stat": stat, **look}]

    rate = [{"expression": "100 * errors / invocations", "label": "Error rate (%)", "yAxis": "right"}]
    errors = [
        metric("Errors", "Sum", id="errors", color="#d62728"),
        metric("Invocations", "Sum", id="invocations", visible=False),
        rate,
    ]
    return [
        ("Traffic", [metric("Invocations", "Sum")], _FROM_ZERO),
        ("Errors", errors, {"yAxis": {"left": {"min": 0}, "right": {"min": 0, "max": 100}}}),
        ("Latency", [metric("Duration", stat, label=stat) for stat in ("p50", "p95", "p99")], _FROM_ZERO),
        ("Saturation", [metric("ConcurrentExecutions", "Maximum"), metric("Throttles", "Sum")], _FROM_ZERO),
    ]


def _balanced(groups: Sequence[tuple[str, str]], name: str, stat: str, **look: Any) -> list[Metric]:
    """A metric of each target group."""
    return [
        [
            "AWS/ApplicationELB", name, "TargetGroup", group, "LoadBalancer", balancer,
            {"stat": stat, "label": f"{name} {group.split('/')[1]}", **look},
        ]
        for balancer, group in groups
    ]  # fmt: skip


def _errors(groups: Sequence[tuple[str, str]]) -> list[Metric]:
    counted = [
        metric
        for name in ("HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count")
        for metric in _balanced(groups, name, "Sum")
    ]
    balancers = sorted({balancer for balancer, _ in groups})
    own: list[Metric] = [
        ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", balancer, {"stat": "Sum"}]
        for balancer in balancers
    ]
    return [*counted, *own]


def _latency(groups: Sequence[tuple[str, str]]) -> list[Metric]:
    return [
        metric
        for stat in ("p50", "p95", "p99")
        for metric in _balanced(groups, "TargetResponseTime", stat, label=f"{stat} ${{PROP('Dim.TargetGroup')}}")
    ]
