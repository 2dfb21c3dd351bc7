"""Which names a value of the template refers to, by Ref, Fn::GetAtt, Fn::Sub and Fn::If."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.services.cloudformation.template.substitution import variables


@dataclass(frozen=True, slots=True)
class Reference:
    """`name` with its attribute: None for Ref. `function` is what the template's author wrote."""

    name: str
    attribute: str | None
    function: str


def references(value: Any, conditions: Mapping[str, bool] | None = None) -> Iterator[Reference]:
    """Everything `value` refers to, each as often as it does; with conditions, of the chosen branches only."""
    if isinstance(value, list):
        for item in value:
            yield from references(item, conditions)
        return
    if not isinstance(value, dict):
        return
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        found = _of_function(name, argument, conditions)
        if found is not None:
            yield from found
            return
    for item in value.values():
        yield from references(item, conditions)


def _of_function(name: str, argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference] | None:
    if name == "Ref" and isinstance(argument, str):
        return iter((Reference(argument, None, "Ref"),))
    if name == "Fn::GetAtt":
        return _of_get_att(argument, conditions)
    if name == "Fn::Sub":
        return _of_sub(argument, conditions)
    if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
        holds = conditions.get(argument[0]) if conditions is not None and isinstance(argument[0], str) else None
        if holds is None:
            return references(argument[1:], conditions)
        return references(argument[1] if holds else argument[2], conditions)
    return None


def _of_get_att(argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    if isinstance(argument, str) and "." in argument:
        name, _, attribute = argument.partition(".")
        yield Reference(name, attribute, "Fn::GetAtt")
    elif isinstance(argument, list) and argument and isinstance(argument[0], str):
        rest = argument[1:]
        attribute = ".".join(part if isinstance(part, str) else "*" for part in rest)
        yield Reference(argument[0], attribute, "Fn::GetAtt")
        yield from references(rest, conditions)
    else:
        yield from references(argument, conditions)


def _of_sub(argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    own: Any = {}
    text = argument
    if isinstance(argument, list) and len(argument) == 2:
        text, own = argument
    if isinstance(own, dict):
        for item in own.values():
            yield from references(item, conditions)
    if not isinstance(text, str):
        return
    for variable in variables(text):
        if isinstance(own, dict) and variable.name in own:
            continue
        logical, attribute = variable.attribute or (variable.name, None)
        yield Reference(logical, attribute, "Fn::Sub")


def condition_names(value: Any) -> Iterator[str]:
    """The conditions that Fn::If asks for in a value."""
    if isinstance(value, list):
        for item in value:
            yield from condition_names(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Fn::If" and isinstance(item, list) and item and isinstance(item[0], str):
                yield item[0]
            yield from condition_names(item)
