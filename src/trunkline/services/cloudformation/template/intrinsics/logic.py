"""Fn::If in values, and the condition functions: Fn::Equals, Fn::And, Fn::Or, Fn::Not, Condition.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from typing import Any

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import TemplateError, text_of
from trunkline.services.cloudformation.template.intrinsics.calling import intrinsic, value_of
from trunkline.services.cloudformation.template.scope import Scope

_FEWEST, _MOST = 2, 10


def holds(name: Any, scope: Scope) -> bool:
    """Whether the named condition holds."""
    if not isinstance(name, str):
        raise TemplateError(words.IF)
    try:
        return scope.condition(name)
    except KeyError as error:
        raise TemplateError(words.unresolved_if(name)) from error


@intrinsic("Fn::If")
async def if_(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise TemplateError(words.IF)
    name, yes, no = argument
    return await value_of(yes if holds(name, scope) else no, scope)


async def truth(value: Any, scope: Scope) -> bool:
    """Whether a condition's expression is true."""
    if not isinstance(value, dict) or len(value) != 1:
        raise TemplateError("Template format error: Every Conditions member must be a condition function.")
    name, argument = next(iter(value.items()))
    if name == "Condition":
        return holds(argument, scope)
    if name in _OPERATORS:
        return await _OPERATORS[name](argument, scope)
    found = await value_of(value, scope)
    if isinstance(found, bool) or found in {"true", "false"}:
        return found is True or found == "true"
    raise TemplateError(f"Template error: {name} does not give a condition.")


async def _equals(argument: Any, scope: Scope) -> bool:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(words.EQUALS)
    left, right = [_comparable(await value_of(item, scope)) for item in argument]
    return bool(left == right)


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    return text_of(value) if isinstance(value, str | int | float) else value


async def _not(argument: Any, scope: Scope) -> bool:
    if not isinstance(argument, list) or len(argument) != 1:
        raise TemplateError(words.NOT)
    return not await truth(argument[0], scope)


async def _and(argument: Any, scope: Scope) -> bool:
    return all([await truth(item, scope) for item in _several("Fn::And", argument)])


async def _or(argument: Any, scope: Scope) -> bool:
    return any([await truth(item, scope) for item in _several("Fn::Or", argument)])


def _several(name: str, argument: Any) -> list[Any]:
    if not isinstance(argument, list) or not _FEWEST <= len(argument) <= _MOST:
        raise TemplateError(words.several(name))
    return argument


_OPERATORS = {"Fn::Equals": _equals, "Fn::Not": _not, "Fn::And": _and, "Fn::Or": _or}


async def _as_value(name: str, argument: Any, scope: Scope) -> Any:
    return await _OPERATORS[name](argument, scope)


def _register(name: str) -> None:
    @intrinsic(name)
    async def operator(argument: Any, scope: Scope) -> Any:
        return await _as_value(name, argument, scope)


for _name in _OPERATORS:
    _register(_name)
