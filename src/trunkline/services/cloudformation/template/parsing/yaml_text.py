"""YAML templates: short forms written out, scalars typed as CloudFormation does, duplicate keys and aliases refused.

Scalars follow YAML 1.1 with three differences that templates depend on: dates stay text (`Version: 2012-10-17`), keys
are always text, and a number whose own writing would be lost by reading it as a number (an account id with a leading
zero, `3.10`, `1_000`, `12:30`) stays text, which the resource's schema then types.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import re
from typing import Any

import yaml

from trunkline.services.cloudformation.template.errors import TemplateError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]*[1-9]|-?(0|[1-9][0-9]*)\.0")
_TRUE = frozenset({"true", "yes", "on"})
_CORE = "tag:yaml.org,2002:"
_UNSUPPORTED = frozenset(_CORE + name for name in ("binary", "omap", "pairs", "set"))
_BARE = frozenset({"Ref", "Condition"})
_SHORT_FORMS = frozenset(
    [
        "And",
        "Base64",
        "Cidr",
        "Condition",
        "Equals",
        "FindInMap",
        "GetAtt",
        "GetAZs",
        "GetStackOutput",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "Ref",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
        "Contains",
        "EachMemberEquals",
        "EachMemberIn",
        "RefAll",
        "ValueOf",
        "ValueOfAll",
    ]
)


def parse_yaml(text: str) -> Any:
    try:
        loader = _Loader(text)
        try:
            _refuse_aliases(text)
            node = loader.get_single_node()
        finally:
            loader.dispose()
        return None if node is None else _value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _malformed(mark) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TemplateError("Template format error: YAML not well-formed.") from error


def _malformed(mark: Any) -> TemplateError:
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return TemplateError(f"Template format error: YAML not well-formed.{where}")


def _refuse_aliases(text: str) -> None:
    """Composing resolves aliases silently, so the events are looked at, but only where one can be."""
    if "*" not in text:
        return
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise TemplateError("Template error: YAML aliases are not allowed in CloudFormation templates")


def _value(node: Any) -> Any:
    tag = node.tag
    if tag.startswith("!"):
        return _short_form(tag[1:], node)
    if tag in _UNSUPPORTED:
        raise _malformed(node.start_mark)
    return _plain(node)


def _plain(node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == _CORE + "merge":
            raise _malformed(key_node.start_mark)
        key = key_node.value
        if key in found:
            mark = key_node.start_mark
            raise TemplateError(
                f"Template format error: YAML not well-formed. (Duplicate key '{key}', "
                f"line {mark.line + 1}, column {mark.column + 1})"
            )
        found[key] = _value(value_node)
    return found


def _scalar(node: Any) -> Any:
    text: str = node.value
    kind = node.tag.removeprefix(_CORE)
    if kind == "bool":
        return text.lower() in _TRUE
    if kind == "null":
        return None
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text):
        return float(text)
    return text


def _short_form(name: str, node: Any) -> Any:
    if name not in _SHORT_FORMS:
        raise TemplateError(f"Template format error: Unrecognized short form '!{name}'.")
    argument = node.value if isinstance(node, yaml.ScalarNode) else _plain(node)
    if name in _BARE:
        return {name: argument}
    if name == "GetAtt" and isinstance(argument, str):
        logical, dot, attribute = argument.partition(".")
        return {"Fn::GetAtt": [logical, attribute] if dot else argument}
    return {f"Fn::{name}": argument}
