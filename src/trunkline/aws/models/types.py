"""msgspec types made from shapes, so that C checks a request: required members, lengths, ranges, patterns, enums.

A structure becomes a TypedDict: the result is a plain dict with only the members that were given, and unknown members
are dropped. What msgspec cannot say (NaN as text, a member that is null) fails here and is decided by `check`, which
reads the same model member by member.
"""

from collections.abc import Collection
from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from trunkline.aws.models.patterns import translate
from trunkline.aws.models.shapes import Shape
from trunkline.aws.models.timestamps import Timestamp

INT_BOUNDS = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}

_made: dict[Shape, Any] = {}


def type_of(shape: Shape) -> Any:
    """The type of a shape, made once."""
    found = _made.get(shape)
    if found is None:
        if shape.type == "structure" and not shape.is_document:
            # Kept before its members are looked at: shapes may contain themselves.
            found = _made[shape] = _empty(shape)
            _fill(found, shape, shape.members)
        else:
            found = _made[shape] = _make(shape)
    return found


def part_of(shape: Shape, names: Collection[str]) -> Any:
    """The type of a structure with only some of its members: those in the body, or those outside it."""
    part = _empty(shape)
    _fill(part, shape, names)
    return part


def _empty(shape: Shape) -> Any:
    return TypedDict(shape.name, {})  # type: ignore[operator]


def _fill(target: Any, shape: Shape, names: Collection[str]) -> None:
    members = [shape.members[name] for name in names]
    target.__annotations__ = {member.name: type_of(member.shape) for member in members}
    required = frozenset(m.name for m in members if m.required and not m.idempotency_token)
    target.__required_keys__ = required
    target.__optional_keys__ = frozenset(names) - required
    target.__total__ = False


def _make(shape: Shape) -> Any:
    match shape.type:
        case "list":
            return _sized(list[type_of(shape.member.shape)], shape)  # type: ignore[misc]
        case "map":
            return _sized(dict[type_of(shape.key.shape), type_of(shape.value.shape)], shape)  # type: ignore[misc]
        case "string" if shape.enum:
            return Literal[shape.enum]
        case "string":
            return _string(shape)
        case "integer" | "long":
            low, high = INT_BOUNDS[shape.type]
            low, high = max(low, int(shape.traits.get("min", low))), min(high, int(shape.traits.get("max", high)))
            return Annotated[int, Meta(ge=low, le=high)]
        case "float" | "double":
            return _float(shape)
        case "boolean":
            return bool
        case "blob":
            return _sized(bytes, shape)
        case "timestamp":
            return Timestamp
    return Any  # documents, and streams of events, which are never read from a request


def _sized(kind: Any, shape: Shape) -> Any:
    low, high = shape.traits.get("min"), shape.traits.get("max")
    if not low and high is None:
        return kind
    return Annotated[kind, Meta(min_length=low or None, max_length=high)]


def _string(shape: Shape) -> Any:
    low, high = shape.traits.get("min"), shape.traits.get("max")
    pattern = translate(shape.traits["pattern"]) if "pattern" in shape.traits else None
    if not low and high is None and pattern is None:
        return str
    return Annotated[str, Meta(min_length=low or None, max_length=high, pattern=pattern)]


def _float(shape: Shape) -> Any:
    low, high = shape.traits.get("min"), shape.traits.get("max")
    if low is None and high is None:
        return float
    return Annotated[float, Meta(ge=low, le=high)]
