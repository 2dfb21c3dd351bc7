"""A rule's definition: which log events count, for whom, and how much. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

_SCHEMA = {"Name": "CloudWatchLogRule", "Version": 1}
_MOST_KEYS = _MOST_FILTERS = 4
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")
_CLF = re.compile(r'"((?:\\.|[^"\\])*)"|\[([^\]]*)\]|(\S+)')

Fields = Callable[[str], Any]
"""A log event, to be asked for what is at a path; None where there is nothing."""


class BadRule(ValueError):
    """The definition makes no sense; the text says why."""


@dataclass(frozen=True)
class Definition:
    groups: tuple[str, ...]
    """Names of log groups, or with a * at the end the beginnings of names."""
    keys: tuple[str, ...]
    value: str | None
    """Where the amount is that adds up; None to count."""
    read: Callable[[str], Fields | None]
    """A message as fields; None if it is not of the rule's format."""
    tests: tuple[Callable[[Fields], bool], ...]

    def contribution(self, message: str) -> tuple[tuple[str, ...], float] | None:
        """Who contributes how much by this log event; None if it does not count."""
        fields = self.read(message)
        if fields is None or not all(test(fields) for test in self.tests):
            return None
        found = [fields(key) for key in self.keys]
        if any(value is None or isinstance(value, dict | list) for value in found):
            return None
        amount = 1.0 if self.value is None else _number(fields(self.value))
        return None if amount is None else (tuple(_text(value) for value in found), amount)


def parse(text: str) -> Definition:
    try:
        rule = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRule("the rule definition is not valid JSON") from None
    if not isinstance(rule, dict) or rule.get("Schema") != _SCHEMA:
        raise BadRule('Schema must be {"Name": "CloudWatchLogRule", "Version": 1}')
    groups = _texts(rule.get("LogGroupNames"), "LogGroupNames") if "LogGroupNames" in rule else []
    groups += [arn.split(":", 6)[-1].removesuffix(":*") for arn in _texts(rule.get("LogGroupARNs", []), "LogGroupARNs")]
    if not groups:
        raise BadRule("LogGroupNames or LogGroupARNs is required")
    contribution = rule.get("Contribution")
    if not isinstance(contribution, dict):
        raise BadRule("Contribution is required")
    keys = _texts(contribution.get("Keys"), "Contribution.Keys")
    if not 1 <= len(keys) <= _MOST_KEYS:
        raise BadRule(f"Contribution.Keys must have 1 to {_MOST_KEYS} members")
    aggregate, value = rule.get("AggregateOn", "Count"), contribution.get("ValueOf")
    if aggregate not in {"Count", "Sum"}:
        raise BadRule("AggregateOn must be Count or Sum")
    if aggregate == "Sum" and not isinstance(value, str):
        raise BadRule("Contribution.ValueOf is required with AggregateOn Sum")
    filters = contribution.get("Filters", [])
    if not isinstance(filters, list) or len(filters) > _MOST_FILTERS:
        raise BadRule(f"Contribution.Filters must have up to {_MOST_FILTERS} members")
    tests = tuple(_test(one) for one in filters)
    return Definition(tuple(groups), tuple(keys), value if aggregate == "Sum" else None, _reader(rule), tests)


def _texts(value: Any, member: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise BadRule(f"{member} must be a list of strings")
    return list(value)


def _reader(rule: dict[str, Any]) -> Callable[[str], Fields | None]:
    kind = rule.get("LogFormat")
    if kind == "JSON":
        return _json
    if kind != "CLF":
        raise BadRule("LogFormat must be JSON or CLF")
    named = rule.get("Fields", {})
    if not isinstance(named, dict) or not all(str(place).isdigit() for place in named):
        raise BadRule("Fields must give the places of fields their names")
    places = {str(name): int(place) for place, name in named.items()}
    return lambda message: _common(message, places)


def _json(message: str) -> Fields | None:
    try:
        document = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    return (lambda path: _at(document, path)) if isinstance(document, dict) else None


def _at(document: Any, path: str) -> Any:
    at = 1
    while document is not None and at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return None
        at = step.end()
        name, place = step[1] or step[3] or step[4], step[2]
        if place is not None:
            document = document[int(place)] if isinstance(document, list) and int(place) < len(document) else None
        else:
            document = document.get(name) if isinstance(document, dict) else None
    return document


def _common(message: str, places: dict[str, int]) -> Fields | None:
    """Fields of the common log format: parted by blanks, or in quotes or brackets; the first is 1."""
    found = [quoted or bracketed or plain for quoted, bracketed, plain in _CLF.findall(message)]

    def field(name: str) -> str | None:
        place = places.get(name, int(name) if name.isdigit() else 0)
        return found[place - 1] if 0 < place <= len(found) else None

    return field if found else None


def _test(given: Any) -> Callable[[Fields], bool]:
    if not isinstance(given, dict) or not isinstance(given.get("Match"), str):
        raise BadRule("a filter must have Match")
    path = given["Match"]
    operators = [name for name in given if name != "Match"]
    if len(operators) != 1 or operators[0] not in _OPERATORS:
        raise BadRule(f"a filter must have exactly one of {', '.join(_OPERATORS)}")
    test = _OPERATORS[operators[0]](given[operators[0]])
    return lambda fields: test(fields(path))


def _listed(test: Callable[[str, Sequence[str]], bool]) -> Callable[[Any], Callable[[Any], bool]]:
    def operator(wanted: Any) -> Callable[[Any], bool]:
        texts = [_text(one) for one in wanted] if isinstance(wanted, list) else None
        if not texts or len(texts) > 10:
            raise BadRule("In, NotIn and StartsWith take a list of 1 to 10 strings")
        return lambda value: value is not None and test(_text(value), texts)

    return operator


def _compared(test: Callable[[float, float], bool]) -> Callable[[Any], Callable[[Any], bool]]:
    def operator(wanted: Any) -> Callable[[Any], bool]:
        limit = _number(wanted)
        if limit is None or isinstance(wanted, str):
            raise BadRule("GreaterThan, LessThan, EqualTo and NotEqualTo take a number")
        return lambda value: (number := _number(value)) is not None and test(number, limit)

    return operator


def _present(wanted: Any) -> Callable[[Any], bool]:
    if not isinstance(wanted, bool):
        raise BadRule("IsPresent takes true or false")
    return lambda value: (value is not None) == wanted


_OPERATORS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "In": _listed(lambda value, texts: value in texts),
    "NotIn": _listed(lambda value, texts: value not in texts),
    "StartsWith": _listed(lambda value, texts: value.startswith(tuple(texts))),
    "GreaterThan": _compared(lambda value, limit: value > limit),
    "LessThan": _compared(lambda value, limit: value < limit),
    "EqualTo": _compared(lambda value, limit: value == limit),
    "NotEqualTo": _compared(lambda value, limit: value != limit),
    "IsPresent": _present,
}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
