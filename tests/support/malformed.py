"""Requests that AWS must refuse, and requests that are noise, made from the models for any operation and protocol."""

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trunkline.aws.models import Member, Operation, Shape
from trunkline.aws.models.patterns import translate

GARBAGE = (
    b"\x00\xff\xfe garbage",
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"<a",
    b"<a><b/></a>",
    b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>',
    b"%%%=&=&&a.1.2=3&a.x=1",
    b'{"' + b"a" * 2000 + b'": 1}',
    b'{"a":' * 3000,
    b"[" * 100_000,
    b"\xbf\xff\x00",
    b"\xa1ajNaN",
    b"\xd8\x1d\x00" * 50,
    '{"text": "\ud800"}'.encode("utf-8", "surrogatepass"),
    b'{"text": "\\ud800"}',
    b"1e999999",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One mutation of a valid request, and whether the model says that it must be refused."""

    what: str
    path: tuple[Any, ...]
    value: Any
    refused: bool

    def __str__(self) -> str:
        return f"{self.what} at {'.'.join(map(str, self.path))}"

    @property
    def wrong_type(self) -> bool:
        """Serialisers cannot write it; it has to be put into a decoded body."""
        return isinstance(self.value, Wrong)

    def apply(self, doc: Any) -> Any:
        """The mutated copy of a request's members, or of its decoded body."""
        mutated = copy.deepcopy(doc)
        node = mutated
        for step in self.path[:-1]:
            node = node[step]
        last = self.path[-1]
        if self.value is _GONE:
            del node[last]
        elif self.value is _MANY:
            node[last] = node[last] * 201
        else:
            node[last] = self.value.value if isinstance(self.value, Wrong) else self.value
        return mutated


def cases(operation: Operation, params: dict[str, Any], random_: random.Random, limit: int = 12) -> list[Case]:
    """Mutations of a valid request, each of one member somewhere in it."""
    found = [Case(*mutation) for mutation in _mutations(operation.input, params, ())] if operation.input else []
    random_.shuffle(found)
    return found[:limit]


_MANY = object()
_GONE = object()
Mutation = tuple[str, tuple[Any, ...], Any, bool]


def _mutations(shape: Shape, value: Any, path: tuple[Any, ...]) -> Iterator[Mutation]:
    if shape.is_document:
        return
    if shape.type == "structure":
        for member in shape.members.values():
            here = (*path, member.name)
            if member.name not in value:
                continue
            if member.required and not (member.idempotency_token or member.streaming):
                yield "missing", here, _GONE, True
            if not member.streaming:
                yield from _of_member(member, here)
                yield from _mutations(member.shape, value[member.name], here)
    elif shape.type == "list":
        for index, element in list(enumerate(value))[:1]:
            yield from _mutations(shape.member.shape, element, (*path, index))
    elif shape.type == "map":
        for key, element in list(value.items())[:1]:
            yield from _mutations(shape.value.shape, element, (*path, key))


def _of_member(member: Member, path: tuple[Any, ...]) -> Iterator[Mutation]:
    shape = member.shape
    low, high = shape.traits.get("min"), shape.traits.get("max")
    if shape.type == "string":
        if shape.enum:
            yield "not in the enum", path, "no-such-value", True
        elif high is not None and high < 20_000:
            yield "too long", path, "x" * (high + 1), True
        if "pattern" in shape.traits and not shape.enum and translate(shape.traits["pattern"]):
            yield "odd text", path, "\u2603 \t\n\x7f", False
        yield "control characters", path, "a\x00b\x1f\ufffe\U0001f600", False
    elif shape.type in ("integer", "long"):
        yield "beyond 64 bits", path, 2**70, True
        if high is not None:
            yield "too great", path, int(high) + 1, True
        if low is not None:
            yield "too small", path, int(low) - 1, True
    elif shape.type == "list" and high is not None and high < 200 and member.location is None:
        yield "too many", path, _MANY, True
    if shape.type in ("list", "map", "structure") and member.location is None:
        yield "text for a container", path, Wrong("text"), True
    elif shape.type != "string" and member.location is None:
        yield "a container for a scalar", path, Wrong({"a": {"b": "c"}}), True


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value of the wrong type: only some serialisers can write it."""

    value: Any
