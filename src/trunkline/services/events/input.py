"""What a target receives: the event, a part of it, a constant, or a text made from parts of it. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import re
from typing import Any

import orjson

_STEP = re.compile(r"\.([A-Za-z0-9_\-]+)|\[(\d+|\*)\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")
_VARIABLE = re.compile(r"<([A-Za-z0-9_\-.]+)>")
_PREDEFINED = {
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
}


class InputError(ValueError):
    """A path or template that cannot be."""


def steps(path: str) -> list[str | int]:
    """The steps of a JSON path such as $.detail.list[0]; InputError for what is none."""
    if path == "$":
        return []
    if not path.startswith("$"):
        raise InputError(path)
    found: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise InputError(path)
        name, index, quoted, double = step.groups()
        found.append(int(index) if index is not None and index != "*" else index or name or quoted or double)
        at = step.end()
    return found


def value_at(event: Any, path: str) -> Any:
    """What the path leads to, None where it leads nowhere."""
    value = event
    for step in steps(path):
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return None
    return value


def check(target: dict[str, Any]) -> None:
    """InputError for a target whose input cannot be made."""
    if "InputPath" in target:
        steps(target["InputPath"])
    transformer = target.get("InputTransformer")
    if transformer is None:
        return
    paths = transformer.get("InputPathsMap", {})
    for path in paths.values():
        steps(path)
    for name in _VARIABLE.findall(transformer["InputTemplate"]):
        if name not in paths and name not in _PREDEFINED:
            raise InputError(f"<{name}>")


def made(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """The text that the target receives for this event."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return _json(value_at(event, target["InputPath"]))
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule_arn)
    return _json(event)


def _transformed(transformer: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    values = {name: value_at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }
    template: str = transformer["InputTemplate"]
    quoted = _inside_quotes(template)

    def put(found: re.Match[str]) -> str:
        value = values.get(found[1])
        if found.start() in quoted:
            # Inside a JSON string: the bare text, escaped.
            text = value if isinstance(value, str) else "" if value is None else _json(value)
            return _json(text)[1:-1]
        return "" if value is None else _json(value)

    return _VARIABLE.sub(put, template)


def _inside_quotes(template: str) -> set[int]:
    """The places of the template that are within a JSON string."""
    inside, found, escaped = False, set(), False
    for at, char in enumerate(template):
        if inside:
            found.add(at)
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            inside = not inside
    return found


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
