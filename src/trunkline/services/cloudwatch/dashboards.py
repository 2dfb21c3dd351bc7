"""Check the body of a dashboard, with AWS's messages.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from typing import Any

import orjson

_GRID_WIDTH, _MAX_HEIGHT, _MAX_WIDGETS = 24, 1000, 500
_NEEDS = {
    "metric": ("metrics", "annotations"),
    "text": ("markdown",),
    "log": ("query",),
    "alarm": ("alarms",),
    "explorer": ("metrics",),
    "custom": ("endpoint",),
}

_VIEWS = {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}
_KINDS = {"metrics": list, "period": int, "region": str, "stacked": bool, "stat": str, "title": str, "view": str}
_WORDS = {list: "array", int: "integer", str: "string", bool: "boolean"}

Problem = dict[str, str]


def problems(body: str) -> list[Problem]:
    """What is wrong with it, each with the path into the document; empty when nothing is."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [_problem("/", "The field DashboardBody must be a valid JSON object")]
    if not isinstance(document, dict):
        return [_problem("/", "The field DashboardBody must be a valid JSON object")]
    widgets = document.get("widgets")
    if not isinstance(widgets, list):
        return [_problem("/", 'Should have required property "widgets"')]
    if len(widgets) > _MAX_WIDGETS:
        return [_problem("/widgets", f"Should NOT have more than {_MAX_WIDGETS} items")]
    return [problem for number, widget in enumerate(widgets) for problem in _widget(f"/widgets/{number}", widget)]


def _widget(path: str, widget: Any) -> list[Problem]:
    if not isinstance(widget, dict):
        return [_problem(path, "Should be object")]
    found = []
    kind, properties = widget.get("type"), widget.get("properties")
    if kind not in _NEEDS:
        found.append(_problem(f"{path}/type", f"Should be one of {', '.join(_NEEDS)}"))
    if not isinstance(properties, dict):
        found.append(_problem(path, 'Should have required property "properties"'))
    elif kind in _NEEDS and not any(name in properties for name in _NEEDS[kind]):
        names = " or ".join(f'"{name}"' for name in _NEEDS[kind])
        found.append(_problem(f"{path}/properties", f"Should have required property {names}"))
    for name, low, high in (
        ("x", 0, _GRID_WIDTH - 1),
        ("y", 0, None),
        ("width", 1, _GRID_WIDTH),
        ("height", 1, _MAX_HEIGHT),
    ):
        value = widget.get(name, low)
        if not isinstance(value, int) or isinstance(value, bool):
            found.append(_problem(f"{path}/{name}", "Should be integer"))
        elif value < low or (high is not None and value > high):
            bound = f">= {low}" if value < low else f"<= {high}"
            found.append(_problem(f"{path}/{name}", f"Should be {bound}"))
    if isinstance(properties, dict) and kind == "metric":
        found += _graph(f"{path}/properties", properties)
    return found


def _graph(path: str, properties: dict[str, Any]) -> list[Problem]:
    found = []
    for name, kind in _KINDS.items():
        if name in properties and type(properties[name]) is not kind:
            found.append(_problem(f"{path}/{name}", f"Should be {_WORDS[kind]}"))
    if isinstance(properties.get("view"), str) and properties["view"] not in _VIEWS:
        found.append(_problem(f"{path}/view", "Should be equal to one of the allowed values"))
    metrics = properties.get("metrics", [])
    for number, metric in enumerate(metrics if isinstance(metrics, list) else ()):
        if not isinstance(metric, list):
            found.append(_problem(f"{path}/metrics/{number}", "Should be array"))
            continue
        for place, part in enumerate(metric):
            last = place == len(metric) - 1
            if not isinstance(part, str) and not (last and isinstance(part, dict)):
                found.append(_problem(f"{path}/metrics/{number}/{place}", "Should be string"))
    return found


def _problem(path: str, message: str) -> Problem:
    return {"DataPath": path, "Message": message}
