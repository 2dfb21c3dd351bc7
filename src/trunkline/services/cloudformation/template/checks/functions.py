"""The intrinsic functions of a template: which there are, where each may stand, and the form of its argument.

AWS::LanguageExtensions loosens the rules about what a function may contain, so where it is declared only the form is
checked.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from collections.abc import Callable
from typing import Any

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import FOR_EACH, Template
from trunkline.services.cloudformation.template.substitution import variables

_SUPPORTED = (
    "Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, "
    "Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, "
    "Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr"
)
_KNOWN = frozenset(_SUPPORTED.split(", ")) | {"Fn::Transform", "Fn::GetStackOutput"}
_EXTENSIONS = frozenset({"Fn::Length", "Fn::ToJsonString"})
_CONDITION_FUNCTIONS = frozenset({"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or", "Condition"})
_NOT_IN_CONDITIONS = frozenset({"Fn::ImportValue", "Fn::GetAZs", "Fn::GetStackOutput", "Fn::ToJsonString"})


def check_functions(template: Template) -> None:
    """Raise TemplateError for the first function that is not there, or not as it must be."""
    checking = _Checking(template.extended)
    for condition in template.conditions.values():
        checking.condition(condition)
    for resource in template.resources.values():
        checking.value(resource.references)
    for output in template.outputs.values():
        checking.value([output.value, output.export])


class _Checking:
    def __init__(self, extended: bool) -> None:
        self._extended = extended

    def condition(self, value: Any) -> None:
        name, argument = next(iter(value.items()))
        if name not in _CONDITION_FUNCTIONS and not self._extended:
            raise TemplateError(
                "Template format error: Conditions can only be boolean operations on parameters and other conditions"
            )
        if name in _SHAPES:
            _SHAPES[name](argument, self._extended)
        self._inside_condition(argument)

    def _inside_condition(self, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._inside_condition(item)
        elif isinstance(value, dict):
            for name in _NOT_IN_CONDITIONS & value.keys():
                raise TemplateError(f"Template error: Cannot use {name} in Conditions.")
            self.value(value)
            for item in value.values():
                self._inside_condition(item)

    def value(self, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self.value(item)
        elif isinstance(value, dict):
            for key, item in value.items():
                self._member(key, item, alone=len(value) == 1)
                self.value(item)

    def _member(self, name: str, argument: Any, *, alone: bool) -> None:
        if name.startswith("Fn::"):
            known = name in _KNOWN or (self._extended and (name in _EXTENSIONS or name.startswith(FOR_EACH)))
            if not known:
                raise TemplateError(
                    f"Template error: Encountered unsupported function: {name} Supported functions are: [{_SUPPORTED}]"
                )
        elif name != "Ref":
            return
        if alone and name in _SHAPES:
            _SHAPES[name](argument, self._extended)


def _is_function(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1


def _is_one_of(value: Any, *functions: str) -> bool:
    return _is_function(value) and next(iter(value)) in functions


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _ref(argument: Any, extended: bool) -> None:
    if not isinstance(argument, str) and not (extended and _is_function(argument)):
        raise TemplateError(words.REF)


def _get_att(argument: Any, extended: bool) -> None:
    if isinstance(argument, str):
        logical, _, attribute = argument.partition(".")
        parts: list[Any] = [logical, attribute]
    else:
        parts = argument if isinstance(argument, list) else []
    if len(parts) < 2 or not all(parts):
        raise TemplateError(words.GET_ATT)
    for place, part in enumerate(parts):
        allowed = _is_function(part) if extended else place > 0 and _is_one_of(part, "Ref")
        if not isinstance(part, str) and not allowed:
            raise TemplateError(words.GET_ATT)


def _join(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[1], list | dict):
        raise TemplateError(words.JOIN)
    if not _is_text(argument[0]) and not (extended and _is_function(argument[0])):
        raise TemplateError(words.JOIN)


def _split(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or len(argument) != 2 or isinstance(argument[1], list):
        raise TemplateError(words.SPLIT)
    if not _is_text(argument[0]) and not (extended and _is_function(argument[0])):
        raise TemplateError(words.SPLIT)


def _select(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or not argument:
        raise TemplateError(words.SELECT_INDEX)
    if not _is_function(argument[0]) and not str(argument[0]).isdigit():
        raise TemplateError(words.SELECT_INDEX)
    if len(argument) != 2 or not isinstance(argument[1], list | dict):
        raise TemplateError(words.SELECT)


def _sub(argument: Any, extended: bool) -> None:
    text, own = argument, {}
    if isinstance(argument, list):
        if len(argument) != 2:
            raise TemplateError(words.SUB)
        text, own = argument
    if not isinstance(text, str) or not isinstance(own, dict):
        raise TemplateError(words.SUB)
    variables(text)


def _find_in_map(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or len(argument) not in ({3, 4} if extended else {3}):
        raise TemplateError(words.FIND_IN_MAP)
    for part in argument[:3]:
        allowed = _is_function(part) if extended else _is_one_of(part, "Ref", "Fn::FindInMap")
        if not _is_text(part) and not allowed:
            raise TemplateError(words.FIND_IN_MAP)


def _if(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or not argument or not isinstance(argument[0], str):
        raise TemplateError(words.IF)
    if len(argument) != 3:
        raise TemplateError(words.IF_THREE)


def _cidr(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or len(argument) not in {2, 3}:
        raise TemplateError(words.CIDR)


def _equals(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(words.EQUALS)


def _not(argument: Any, extended: bool) -> None:
    if not isinstance(argument, list) or len(argument) != 1:
        raise TemplateError(words.NOT)


def _several(name: str) -> Callable[[Any, bool], None]:
    def check_several(argument: Any, extended: bool) -> None:
        if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
            raise TemplateError(words.several(name))

    return check_several


_SHAPES: dict[str, Callable[[Any, bool], None]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::Sub": _sub,
    "Fn::FindInMap": _find_in_map,
    "Fn::If": _if,
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::And": _several("Fn::And"),
    "Fn::Or": _several("Fn::Or"),
}
