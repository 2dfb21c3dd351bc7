"""Whether every Fn::FindInMap finds something, once the parameters are known and before anything is made.

AWS refuses the call itself: localstack's test_mapping_with_nonexisting_key has it from AWS, with a key that a parameter
gives.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trunkline.services.cloudformation.template.conditions import at_once
from trunkline.services.cloudformation.template.intrinsics.calling import function_of, value_of
from trunkline.services.cloudformation.template.model import Template
from trunkline.services.cloudformation.template.scope import Scope


def check_lookups(template: Template, names: Iterable[str], scope: Scope, conditions: Mapping[str, bool]) -> None:
    """Raise TemplateError for the first that finds nothing; `names`: the resources that will exist."""
    values: list[Any] = [template.resources[name].references for name in names]
    values += [
        [output.value, output.export]
        for output in template.outputs.values()
        if output.condition is None or conditions.get(output.condition, False)
    ]
    for lookup in _lookups(values, conditions):
        if all(_is_known(key, template) for key in lookup["Fn::FindInMap"]):
            at_once(value_of(lookup, scope))


def _lookups(value: Any, conditions: Mapping[str, bool]) -> Iterator[dict[str, Any]]:
    """The Fn::FindInMap without a default, in the branches that are taken."""
    if isinstance(value, list):
        for item in value:
            yield from _lookups(item, conditions)
    elif isinstance(value, dict):
        name, argument = function_of(value) or ("", None)
        if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            yield from _lookups(argument[1] if conditions.get(str(argument[0])) else argument[2], conditions)
        elif name == "Fn::FindInMap" and isinstance(argument, list) and len(argument) == 3:
            yield value
        else:
            for item in value.values():
                yield from _lookups(item, conditions)


def _is_known(key: Any, template: Template) -> bool:
    """Whether a key of a lookup depends on parameters and mappings only."""
    name, argument = function_of(key) or ("", None)
    if name == "Ref":
        return argument in template.parameters or str(argument).startswith("AWS::")
    if name == "Fn::FindInMap":
        return isinstance(argument, list) and all(_is_known(item, template) for item in argument)
    return not isinstance(key, dict | list)
