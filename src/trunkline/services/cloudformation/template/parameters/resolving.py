"""Which value each parameter gets, checked and looked up."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import Parameter, Template
from trunkline.services.cloudformation.template.parameters.constraints import constrain, split_list
from trunkline.services.cloudformation.template.parameters.given import PREVIOUS, Given
from trunkline.services.cloudformation.template.parameters.types import (
    AWS_SPECIFIC,
    SSM_NAME,
    SSM_VALUE,
    ParameterType,
    parameter_type,
)

Lookup = Callable[[str, str], Awaitable[Any]]
"""(type, value): for SSM_VALUE the value of that SSM parameter, a text or a list; for SSM_NAME and AWS-specific types
anything, once the thing exists. Raises LookupError (NotThere) when it does not."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """values: what Ref gives, lists for list types. given: the texts to keep as the stack's parameters (for SSM types
    the SSM parameter's name). resolved: for SSM types the text found there. no_echo: names never to be shown."""

    values: dict[str, Any] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    no_echo: frozenset[str] = frozenset()
    resolved: dict[str, str] = field(default_factory=dict)


async def parameters(
    template: Template, given: Given, previous: Mapping[str, str] | None, lookup: Lookup
) -> Parameters:
    """The template's parameters with what was given; `previous` are the stack's texts for `PREVIOUS`.

    Raises TemplateError in AWS's words.
    """
    texts = chosen(template, given, previous)
    values: dict[str, Any] = {}
    resolved: dict[str, str] = {}
    absent: list[str] = []
    for name, text in texts.items():
        parameter = template.parameters[name]
        kind = parameter_type(parameter.type)
        if kind is None:
            raise TemplateError(f"Template format error: Unrecognized parameter type: {parameter.type}")
        constrain(parameter, kind, text)
        if kind.from_ssm:
            found = await _stored(parameter, text, lookup)
            resolved[name] = ",".join(found) if isinstance(found, list) else found
            values[name] = _typed(kind, resolved[name])
        else:
            values[name] = _typed(kind, text)
        absent += await _absent(parameter, kind, values[name], lookup)
    if absent:
        raise TemplateError(f"Parameter validation failed: {', '.join(absent)}")
    hidden = frozenset(name for name, parameter in template.parameters.items() if parameter.no_echo)
    return Parameters(values, texts, hidden, resolved)


def chosen(template: Template, given: Given, previous: Mapping[str, str] | None) -> dict[str, str]:
    """The text of each parameter, in the template's order."""
    strangers = [name for name in given if name not in template.parameters]
    if strangers:
        raise TemplateError(f"Parameters: [{', '.join(strangers)}] do not exist in the template")
    texts: dict[str, str] = {}
    missing: list[str] = []
    for name, parameter in template.parameters.items():
        value = given.get(name)
        if value is PREVIOUS:
            value = (previous or {}).get(name)
            if value is None and parameter.default is None:
                raise TemplateError(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter "
                    "key not in the previous template"
                )
        if value is None:
            value = parameter.default
        if isinstance(value, str):
            texts[name] = value
        else:
            missing.append(name)
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    return texts


def _typed(kind: ParameterType, text: str) -> Any:
    return split_list(text) if kind.is_list else text


async def _stored(parameter: Parameter, name: str, lookup: Lookup) -> Any:
    try:
        return await lookup(SSM_VALUE, name)
    except LookupError as error:
        raise TemplateError(f"Unable to fetch parameters [{name}] from parameter store for this account.") from error


async def _absent(parameter: Parameter, kind: ParameterType, value: Any, lookup: Lookup) -> list[str]:
    if kind.item not in AWS_SPECIFIC and kind.item != SSM_NAME:
        return []
    absent = []
    for item in value if isinstance(value, list) else [value]:
        try:
            await lookup(kind.item, item)
        except LookupError:
            shown = f" {item}" if item else ""
            absent.append(f"parameter value{shown} for parameter name {parameter.name} does not exist")
    return absent
