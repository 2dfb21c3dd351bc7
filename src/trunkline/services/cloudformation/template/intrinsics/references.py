"""Functions that look a value up: Ref, Fn::GetAtt, Fn::FindInMap, Fn::ImportValue, Fn::GetAZs, Fn::GetStackOutput."""

from collections.abc import Mapping
from typing import Any

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import NO_VALUE, UNKNOWN, TemplateError, Unknown
from trunkline.services.cloudformation.template.intrinsics.calling import intrinsic, text, value_of
from trunkline.services.cloudformation.template.scope import Scope

_STACK_OUTPUT_MEMBERS = frozenset({"StackName", "OutputName", "Region", "RoleArn"})


@intrinsic("Ref")
async def ref(argument: Any, scope: Scope) -> Any:
    return await named(await text(argument, scope, words.REF), scope)


async def named(name: str, scope: Scope) -> Any:
    """What Ref gives for a name: a parameter's value, a pseudo parameter's, or a resource's physical id."""
    if name == "AWS::NoValue":
        return NO_VALUE
    try:
        if name.startswith("AWS::"):
            return scope.pseudo(name)
        try:
            return scope.parameter(name)
        except KeyError:
            return await scope.ref(name)
    except Unknown:
        return UNKNOWN
    except KeyError as error:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
        ) from error


@intrinsic("Fn::GetAtt")
async def get_att(argument: Any, scope: Scope) -> Any:
    if isinstance(argument, str):
        logical, _, attribute = argument.partition(".")
    elif isinstance(argument, list) and len(argument) >= 2:
        logical = await text(argument[0], scope, words.GET_ATT)
        attribute = ".".join([await text(part, scope, words.GET_ATT) for part in argument[1:]])
    else:
        raise TemplateError(words.GET_ATT)
    if not logical or not attribute:
        raise TemplateError(words.GET_ATT)
    return await attribute_of(logical, attribute, scope)


async def attribute_of(logical: str, attribute: str, scope: Scope) -> Any:
    try:
        return await scope.attribute(logical, attribute)
    except Unknown:
        return UNKNOWN


@intrinsic("Fn::FindInMap")
async def find_in_map(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) not in {3, 4}:
        raise TemplateError(words.FIND_IN_MAP)
    name, top, second = [await text(part, scope, words.FIND_IN_MAP) for part in argument[:3]]
    options = argument[3] if len(argument) == 4 else {}
    if not isinstance(options, dict) or (options and set(options) != {"DefaultValue"}):
        raise TemplateError(words.FIND_IN_MAP)
    mapping = scope.mapping(name)
    found = mapped(mapping, top, second)
    if found is not None:
        return await value_of(found, scope)
    if "DefaultValue" in options:
        return await value_of(options["DefaultValue"], scope)
    if mapping is None:
        raise TemplateError(words.no_mapping(name))
    raise TemplateError(words.no_mapped_value(name, top, second))


def mapped(mapping: Any, top: str, second: str) -> Any:
    """What a mapping has there; None for nothing. Before a transform, a mapping may be of any shape."""
    attributes = mapping.get(top) if isinstance(mapping, Mapping) else None
    return attributes.get(second) if isinstance(attributes, Mapping) else None


@intrinsic("Fn::ImportValue")
async def import_value(argument: Any, scope: Scope) -> Any:
    name = await text(argument, scope, words.IMPORT_VALUE)
    if UNKNOWN in name:
        return UNKNOWN
    try:
        return await scope.import_value(name)
    except Unknown:
        return UNKNOWN


@intrinsic("Fn::GetAZs")
async def get_azs(argument: Any, scope: Scope) -> Any:
    region = "" if argument is None else await text(argument, scope, words.GET_AZS)
    try:
        return list(await scope.azs(region or str(scope.pseudo("AWS::Region"))))
    except Unknown:
        return UNKNOWN


@intrinsic("Fn::GetStackOutput")
async def get_stack_output(argument: Any, scope: Scope) -> Any:
    found = await value_of(argument, scope)
    if not isinstance(found, dict) or not {"StackName", "OutputName"} <= set(found) <= _STACK_OUTPUT_MEMBERS:
        raise TemplateError(words.STACK_OUTPUT)
    given = {key: str(item) for key, item in found.items()}
    if any(UNKNOWN in item for item in given.values()):
        return UNKNOWN
    try:
        return await scope.stack_output(given.pop("StackName"), given.pop("OutputName"), given)
    except Unknown:
        return UNKNOWN
