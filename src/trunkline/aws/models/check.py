"""The second look at a request that failed its compiled check: member by member, to say what AWS would say.

It is also the judge: msgspec refuses some things that AWS takes (a member that is null, 1.0 for an integer, "NaN"), and
a request that passes here is accepted as it comes out of here.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from trunkline.aws.models.constraints import constraints_of, every
from trunkline.aws.models.scalars import Mismatch, Scalars
from trunkline.aws.models.shapes import Member, Shape

Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One constraint that a value breaks. `path` is AWS's ("tags.1.member.key"); `member` the top-level one's name."""

    path: str
    member: str
    shown: str
    constraint: str
    missing: bool = False

    @property
    def text(self) -> str:
        return f"Value {self.shown}at '{self.path}' failed to satisfy constraint: {self.constraint}"


@dataclass(slots=True)
class Invalid(Exception):
    """The request breaks constraints of the model."""

    faults: list[Fault] = field(default_factory=list)

    def __str__(self) -> str:
        count = len(self.faults)
        plural = "s" if count > 1 else ""
        return f"{count} validation error{plural} detected: " + "; ".join(fault.text for fault in self.faults)


def check(shape: Shape, value: Any, scalars: Scalars, names: "frozenset[str] | None" = None) -> Doc:
    """Read a structure whose scalars are written as `scalars` says; raises Mismatch or Invalid.

    names: only these of its members.
    """
    reader = _Reader(scalars)
    doc: Doc = reader.structure(shape, value, "", names)
    if reader.faults:
        raise Invalid(reader.faults)
    return doc


class _Reader:
    """One walk over a request."""

    def __init__(self, scalars: Scalars) -> None:
        self.faults: list[Fault] = []
        self._scalars = scalars
        self._top = ""

    def structure(self, shape: Shape, value: Any, path: str, names: "frozenset[str] | None" = None) -> Doc:
        if not isinstance(value, dict):
            raise Mismatch("structure", value, path)
        doc: Doc = {}
        for member in shape.members.values():
            if names is not None and member.name not in names:
                continue
            if not path:
                self._top = member.name
            given = value.get(member.name)
            where = f"{path}.{_lower_first(member.name)}" if path else _lower_first(member.name)
            if given is not None:
                doc[member.name] = self._value(member.shape, given, where)
            elif member.required and not member.idempotency_token:
                self.faults.append(Fault(where, self._top, "null ", "Member must not be null", missing=True))
        return doc

    def _value(self, shape: Shape, value: Any, path: str) -> Any:
        match shape.type:
            case "structure":
                return value if shape.is_document else self.structure(shape, value, path)
            case "list":
                return self._list(shape, value, path)
            case "map":
                return self._map(shape, value, path)
        read = self._scalars.read(shape, value, path)
        for broken in constraints_of(shape, read):
            self._fault(shape, read, path, broken)
        return read

    def _list(self, shape: Shape, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Mismatch("list", value, path)
        for broken in constraints_of(shape, value):
            self._fault(shape, value, path, broken)
        member = shape.member
        if member.shape.type in ("structure", "list", "map"):
            return [self._value(member.shape, v, f"{path}.{i}.member") for i, v in enumerate(value, 1) if v is not None]
        return self._scalar_elements(shape, member, [v for v in value if v is not None], path, "Member")

    def _map(self, shape: Shape, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Mismatch("map", value, path)
        for broken in constraints_of(shape, value):
            self._fault(shape, value, path, broken)
        given = {key: inner for key, inner in value.items() if inner is not None}
        keys = self._scalar_elements(shape, shape.key, list(given), path, "Map keys")
        if shape.value.shape.type in ("structure", "list", "map"):
            values = [self._value(shape.value.shape, inner, f"{path}.{key}.member") for key, inner in given.items()]
        else:
            values = self._scalar_elements(shape, shape.value, list(given.values()), path, "Map value")
        return dict(zip(keys, values, strict=True))

    def _scalar_elements(self, holder: Shape, member: Member, values: list[Any], path: str, what: str) -> list[Any]:
        # AWS names the holder, and all constraints of its elements, when one of them is broken.
        read = [self._scalars.read(member.shape, value, path) for value in values]
        if any(constraints_of(member.shape, value) for value in read):
            words = ", ".join(_all_constraints(member.shape))
            self._fault(holder, values, path, f"{what} must satisfy constraint: [{words}]")
        return read

    def _fault(self, shape: Shape, value: Any, path: str, constraint: str) -> None:
        shown = "" if shape.sensitive else f"'{_shown(value)}' "
        self.faults.append(Fault(path, self._top, shown, constraint))


def _shown(value: Any) -> str:
    text = _java(value)
    return text if len(text) <= 1024 else text[:1024] + "…"


def _java(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_java(inner) for inner in value) + "]"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


@lru_cache(maxsize=4096)
def _all_constraints(shape: Shape) -> tuple[str, ...]:
    return tuple(text for text, _ in every(shape))


@lru_cache(maxsize=8192)
def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
