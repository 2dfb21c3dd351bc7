"""Values made from AWS's shapes, valid by the model, for tests that go through every operation."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from trunkline.aws.models import Member, Shape
from trunkline.aws.models.patterns import translate

MOMENT = datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC)
_UUID = "12345678-1234-4123-8123-123456789012"
_ALPHABET = "aA0x-./_:@ 1bc2"


class NoSample(Exception):
    """No value was found for a pattern."""


def sample(shape: Shape, *, depth: int = 6, everything: bool = True) -> Any:
    """A valid value; with `everything`, of all members down to `depth`, else of the required ones."""
    return _Sampler(everything).value(shape, depth)


class _Sampler:
    def __init__(self, everything: bool) -> None:
        self._everything = everything
        self._inside: list[Shape] = []

    def value(self, shape: Shape, depth: int) -> Any:
        match shape.type:
            case "structure":
                return self._structure(shape, depth)
            case "list":
                count = max(1, shape.traits.get("min") or 0)
                return [self.value(shape.member.shape, depth - 1)] * count
            case "map":
                if (shape.traits.get("min") or 0) > 1:
                    raise NoSample(f"{shape}: several keys")
                return {self.value(shape.key.shape, depth): self.value(shape.value.shape, depth - 1)}
            case "string":
                return text(shape)
            case "integer" | "long":
                return int(_within(shape, 7))
            case "float" | "double":
                return float(_within(shape, 1.5))
            case "boolean":
                return True
            case "timestamp":
                return MOMENT
            case "blob":
                return b"\x00blob"[: shape.traits.get("max", 5)].ljust(shape.traits.get("min", 0), b"b")
        raise AssertionError(shape)

    def _structure(self, shape: Shape, depth: int) -> dict[str, Any]:
        if shape.is_document:
            return {"any": ["thing", 1]}
        doc: dict[str, Any] = {}
        self._inside.append(shape)
        union = shape.traits.get("union")
        for member in shape.members.values():
            if member.shape.is_event_stream or (union and doc):
                continue
            wanted = member.required or union or (self._everything and depth > 0)
            if not wanted or (not member.required and self._recursive(member)):
                continue
            try:
                doc[member.name] = self.value(member.shape, depth - 1)
            except NoSample:
                if member.required and not member.idempotency_token:
                    raise
        self._inside.pop()
        return doc

    def _recursive(self, member: Member) -> bool:
        shape = member.shape
        while shape.type in ("list", "map"):
            shape = shape.member.shape if shape.type == "list" else shape.value.shape
        return shape in self._inside


def _within(shape: Shape, wanted: float) -> float:
    return max(shape.traits.get("min", wanted), min(wanted, shape.traits.get("max", wanted)))


@lru_cache(maxsize=8192)
def text(shape: Shape) -> str:
    """A string that satisfies enum, length and pattern."""
    if shape.enum:
        return shape.enum[0]
    low, high = shape.traits.get("min") or 0, shape.traits.get("max")
    pattern = translate(shape.traits["pattern"]) if "pattern" in shape.traits else None
    if pattern is None:
        return "x" * max(low, min(3, high if high is not None else 3))
    tree = _parser.parse(pattern)
    matches = re.compile(pattern).search
    for repeats in (1, 0, 2, 3, 5, low, 8, 12, 20, 36, 64):
        for shift in range(4):
            found = _generate(tree, repeats, shift)
            if low <= len(found) and (high is None or len(found) <= high) and matches(found):
                return found
    for candidate in ("abc", "arn:aws:iam::123456789012:role/abc", "123456789012", _UUID, "a" * low):
        if low <= len(candidate) and (high is None or len(candidate) <= high) and matches(candidate):
            return candidate
    raise NoSample(f"{shape}: {shape.traits['pattern']}")


def _generate(tree: Any, repeats: int, shift: int) -> str:
    out = []
    for code, argument in tree:
        if code is op.LITERAL:
            out.append(chr(argument))
        elif code is op.NOT_LITERAL:
            out.append("a" if argument != ord("a") else "b")
        elif code is op.ANY:
            out.append("a")
        elif code is op.IN:
            out.append(_one_of(argument, shift))
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, inner = argument
            out.append(_generate(inner, repeats, shift) * min(max(low, repeats), int(high)))
        elif code is op.SUBPATTERN:
            out.append(_generate(argument[3], repeats, shift))
        elif code is op.BRANCH:
            branches = argument[1]
            out.append(_generate(branches[shift % len(branches)], repeats, shift))
        elif code is op.ATOMIC_GROUP:
            out.append(_generate(argument, repeats, shift))
    return "".join(out)


def _one_of(choices: Any, shift: int) -> str:
    negated = any(code is op.NEGATE for code, _ in choices)
    allowed = [char for char in _ALPHABET if _in_set(choices, char) != negated]
    if allowed:
        return allowed[shift % len(allowed)]
    for code, argument in choices:
        if code is op.LITERAL:
            return chr(argument)
        if code is op.RANGE:
            return chr(argument[0])
    return "a"


def _in_set(choices: Any, char: str) -> bool:
    number = ord(char)
    for code, argument in choices:
        if code is op.LITERAL and argument == number:
            return True
        if code is op.RANGE and argument[0] <= number <= argument[1]:
            return True
        if code is op.CATEGORY:
            word, digit, space = char.isalnum() or char == "_", char.isdigit(), char.isspace()
            name = str(argument)
            inside = word if "WORD" in name else digit if "DIGIT" in name else space
            if inside != ("NOT" in name):
                return True
    return False
