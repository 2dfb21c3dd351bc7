"""The values of a template as the types that the schema names, as CloudFormation converts them before a handler runs.

A template's parameters are texts, and YAML writers quote numbers: "5" becomes 5 where an integer is wanted, "true"
becomes True, 5 becomes "5" where a text is wanted, and a JSON text becomes the object it holds. What cannot be
converted stays as it is, for the validation to name.
"""

from typing import Any

import orjson

from trunkline.aws.schemas.store import Doc, Schema, load

_SCALARS = (str, int, float, bool)
_ANY_SCALAR = {"string", "number", "boolean"}


def typed(name: str, properties: Doc) -> Doc:
    """The properties of a resource of this type, converted; those of an unknown type as they are."""
    schema = load(name)
    if schema is None:
        return properties
    found: Doc = _object(schema, schema.root, properties)
    return found


def _convert(schema: Schema, node: Doc, value: Any) -> Any:
    wanted = _types(schema, node)
    if isinstance(value, dict):
        return _object(schema, node, value)
    if isinstance(value, list):
        items = schema.items(node)
        return value if items is None else [_convert(schema, items, item) for item in value]
    if isinstance(value, str) and ("object" in wanted or "array" in wanted) and value.lstrip()[:1] in ("{", "["):
        return _parsed(schema, node, value, wanted)
    if isinstance(value, _SCALARS):
        return _scalar(wanted, value)
    return value


def _object(schema: Schema, node: Doc, value: Doc) -> Doc:
    found: Doc = {}
    for key, item in value.items():
        member = schema.member(node, key)
        found[key] = item if member is None else _convert(schema, member, item)
    return found


def _parsed(schema: Schema, node: Doc, text: str, wanted: set[str]) -> Any:
    """A JSON text given for an object or a list; any other text stays one."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    kind = "object" if isinstance(value, dict) else "array"
    return _convert(schema, node, value) if kind in wanted else text


def _scalar(wanted: set[str], value: Any) -> Any:
    if "string" in wanted:
        # Where any scalar will do (a function's environment, say) a text is meant.
        return text(value) if wanted >= _ANY_SCALAR or not _fits(wanted, value) else value
    if isinstance(value, str):
        return _from_text(wanted, value)
    if wanted == {"boolean"} and value in (0, 1):
        return value if isinstance(value, bool) else bool(value)
    if isinstance(value, float) and "number" not in wanted and "integer" in wanted and value.is_integer():
        return int(value)
    return value


def _from_text(wanted: set[str], value: str) -> Any:
    plain = value.strip()
    if "boolean" in wanted and plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    if wanted & {"integer", "number"}:
        try:
            return int(plain)
        except ValueError:
            pass
        try:
            number = float(plain)
        except ValueError:
            return value
        if "number" in wanted:
            return number
        return int(number) if number.is_integer() else value
    return value


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _fits(wanted: set[str], value: Any) -> bool:
    if isinstance(value, bool):
        return "boolean" in wanted
    if isinstance(value, int):
        return bool(wanted & {"integer", "number"})
    return ("number" if isinstance(value, float) else "string") in wanted


def _types(schema: Schema, node: Doc) -> set[str]:
    found: set[str] = set()
    for branch in schema.branches(node):
        kinds = branch.get("type", ())
        found.update([kinds] if isinstance(kinds, str) else kinds)
        if "properties" in branch or "patternProperties" in branch:
            found.add("object")
        elif "items" in branch:
            found.add("array")
    return found
