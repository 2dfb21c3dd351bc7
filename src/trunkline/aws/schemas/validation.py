"""What is wrong with a resource's properties by its schema, in the sentences that CloudFormation uses.

Types of the registry are worded as its JSON schema validator does ("#/Tags/0: required key [Key] not found"), older
ones as CloudFormation always did ("Encountered unsupported property X"). Values are never quoted: they may be secret.
Patterns are those of AWS's services, which know classes such as \\p{L} that Python's `re` does not.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import orjson
import regex

from trunkline.aws.resources import ResourceType
from trunkline.aws.schemas.store import Doc, Schema, load

_NAMES = {
    "string": "String",
    "integer": "Integer",
    "number": "Number",
    "boolean": "Boolean",
    "array": "JSONArray",
    "object": "JSONObject",
}
_KINDS: dict[type, str] = {
    str: "String",
    bool: "Boolean",
    int: "Integer",
    float: "Double",
    list: "JSONArray",
    dict: "JSONObject",
    type(None): "Null",
}
_LIMITS: dict[str, Callable[[float, float], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "multipleOf": lambda value, limit: value % limit == 0,
}
_PATTERN_TIMEOUT_S = 0.5


def problems(name: str, properties: Doc) -> list[str]:
    """What CloudFormation would object to in these (typed) properties; nothing for a type it does not know."""
    schema = load(name)
    if schema is None:
        return []
    given_read_only = [key for key in properties if (key,) in schema.read_only and not _settable(schema, key)]
    unsupported = [f"Encountered unsupported property {key}" for key in given_read_only]
    if schema.legacy:
        return unsupported + list(_legacy(schema, schema.root, properties, ""))
    return unsupported + list(_check(schema, schema.root, properties, "#"))


def sentence(logical_id: str, name: str, properties: Doc) -> str | None:
    """The whole reason with which a resource with such properties fails; None when there is none."""
    found = problems(name, properties)
    by_schema = [problem for problem in found if problem.startswith("#")]
    if by_schema:
        lines = "\n".join(by_schema)
        return f"Properties validation failed for resource {logical_id} with message:\n{lines}"
    return found[0] if found else None


def refusals(name: str, properties: Doc, resource_type: ResourceType) -> list[str]:
    """What in these properties cannot be kept here: properties neither honoured nor recorded, and the type's own."""
    known = load(name)
    unknown = [
        key
        for key in properties
        if key not in resource_type.honoured
        and key not in resource_type.recorded
        and (known is None or key in known.properties)
    ]
    found = [f"{name}: the property {key} is not supported by Trunkline." for key in unknown]
    return found + resource_type.refusals(properties)


def _settable(schema: Schema, key: str) -> bool:
    """Some schemas list an identifier as read-only although templates give it."""
    return key in schema.required or (key,) in schema.create_only or (key,) in schema.write_only


def _check(schema: Schema, node: Doc, value: Any, path: str) -> Iterator[str]:
    node = schema.resolve(node)
    wrong_type = _type_problem(node, value)
    if wrong_type:
        yield f"{path}: {wrong_type}"
        return
    if "enum" in node and not _listed(node, value):
        yield f"{path}: failed validation constraint for keyword [enum]"
    if "const" in node and value != node["const"]:
        yield f"{path}: failed validation constraint for keyword [const]"
    if isinstance(value, dict):
        yield from _object(schema, node, value, path)
    elif isinstance(value, list):
        yield from _list(schema, node, value, path)
    elif isinstance(value, str):
        yield from (f"{path}: {problem}" for problem in _text(node, value))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from (f"{path}: {problem}" for problem in _number(node, value))
    yield from _alternatives(schema, node, value, path)


def _type_problem(node: Doc, value: Any) -> str:
    kinds = node.get("type")
    if kinds is None:
        return ""
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    found = _KINDS.get(type(value), type(value).__name__)
    if any(_is(kind, value) for kind in wanted):
        return ""
    if len(wanted) > 1:
        return f"#: no subschema matched out of the total {len(wanted)} subschemas"
    return f"expected type: {_NAMES.get(wanted[0], wanted[0])}, found: {found}"


def _is(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    types: dict[str, type] = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    return isinstance(value, types.get(kind, object))


def _listed(node: Doc, value: Any) -> bool:
    if value in node["enum"]:
        return True
    # JSON Schema's extension of AWS's own tools: some services take any case.
    return isinstance(value, str) and value.lower() in {str(one).lower() for one in node.get("enumCaseInsensitive", ())}


def _object(schema: Schema, node: Doc, value: Doc, path: str) -> Iterator[str]:
    members, patterns = node.get("properties", {}), node.get("patternProperties", {})
    for key in node.get("required", ()):
        if key not in value:
            yield f"{path}: required key [{key}] not found"
    for key, item in value.items():
        member = members.get(key)
        if member is None:
            member = next((found for pattern, found in patterns.items() if _matches(pattern, key)), None)
        if member is not None:
            yield from _check(schema, member, item, f"{path}/{key}")
        elif node.get("additionalProperties") is False and (members or patterns):
            yield f"{path}: extraneous key [{key}] is not permitted"
    if len(value) < node.get("minProperties", 0):
        yield f"{path}: minimum size: [{node['minProperties']}], found: [{len(value)}]"
    if len(value) > node.get("maxProperties", len(value)):
        yield f"{path}: maximum size: [{node['maxProperties']}], found: [{len(value)}]"
    for key, needed in node.get("dependencies", {}).items():
        if key in value and isinstance(needed, list):
            yield from (f"{path}: property [{one}] is required" for one in needed if one not in value)


def _list(schema: Schema, node: Doc, value: list[Any], path: str) -> Iterator[str]:
    if len(value) < node.get("minItems", 0):
        yield f"{path}: expected minimum item count: {node['minItems']}, found: {len(value)}"
    if len(value) > node.get("maxItems", len(value)):
        yield f"{path}: expected maximum item count: {node['maxItems']}, found: {len(value)}"
    if node.get("uniqueItems") and len({_written(item) for item in value}) < len(value):
        yield f"{path}: array items are not unique"
    items = node.get("items")
    if isinstance(items, dict):
        for index, item in enumerate(value):
            yield from _check(schema, items, item, f"{path}/{index}")


def _text(node: Doc, value: str) -> Iterator[str]:
    if len(value) < node.get("minLength", 0):
        yield f"expected minLength: {node['minLength']}, actual: {len(value)}"
    if len(value) > node.get("maxLength", len(value)):
        yield f"expected maxLength: {node['maxLength']}, actual: {len(value)}"
    if "pattern" in node and not _matches(node["pattern"], value):
        yield "failed validation constraint for keyword [pattern]"


def _number(node: Doc, value: float) -> Iterator[str]:
    for word, holds in _LIMITS.items():
        limit = node.get(word)
        if isinstance(limit, (int, float)) and not isinstance(limit, bool) and not holds(value, limit):
            yield f"failed validation constraint for keyword [{word}]"


def _alternatives(schema: Schema, node: Doc, value: Any, path: str) -> Iterator[str]:
    for branch in node.get("allOf", ()):
        yield from _check(schema, branch, value, path)
    for word in ("anyOf", "oneOf"):
        branches = [branch for branch in node.get(word, ()) if isinstance(branch, dict)]
        if not branches:
            continue
        found = [list(_check(schema, branch, value, path)) for branch in branches]
        fitting = sum(not one for one in found)
        if not fitting:
            yield f"{path}: #: no subschema matched out of the total {len(branches)} subschemas"
            yield from min(found, key=len)
        elif word == "oneOf" and fitting > 1 and all(set(branch) == {"required"} for branch in branches):
            yield f"{path}: #: {fitting} subschemas matched instead of one"


def _legacy(schema: Schema, node: Doc, value: Any, place: str) -> Iterator[str]:
    """The old rules: required, unsupported and the kind of value; the service checks the rest."""
    node = schema.resolve(node)
    kinds = node.get("type")
    kind = kinds if isinstance(kinds, str) else None
    if kind == "array" and not isinstance(value, list):
        yield f"Value of property {place} must be of type List"
    elif kind == "object" and not isinstance(value, dict):
        yield f"Value of property {place} must be an object"
    elif kind == "string" and not isinstance(value, str):
        yield f"Value of property {place} must be of type String"
    elif kind == "boolean" and not isinstance(value, bool):
        yield f"Value of property {place} must be of type Boolean"
    elif kind in ("integer", "number") and (isinstance(value, bool) or not isinstance(value, (int, float))):
        yield f"Value of property {place} must be of type {'Integer' if kind == 'integer' else 'Double'}"
    elif isinstance(value, list):
        for item in value:
            yield from _legacy(schema, schema.items(node) or {}, item, place)
    elif isinstance(value, dict):
        members = node.get("properties", {})
        yield from (f"Property {key} cannot be empty." for key in node.get("required", ()) if key not in value)
        for key, item in value.items():
            member = schema.member(node, key)
            if member is not None:
                yield from _legacy(schema, member, item, key)
            elif members and node.get("additionalProperties") is False:
                yield f"Encountered unsupported property {key}"


@cache
def _compiled(pattern: str) -> "regex.Pattern[str] | None":
    try:
        return regex.compile(pattern)
    except regex.error:
        return None  # Java's dialect has a few more words


def _matches(pattern: str, text: str) -> bool:
    compiled = _compiled(pattern)
    if compiled is None:
        return True
    try:
        return compiled.search(text, timeout=_PATTERN_TIMEOUT_S) is not None
    except TimeoutError:
        return True


def _written(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
