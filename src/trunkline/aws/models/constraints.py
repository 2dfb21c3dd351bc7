"""The model's constraints on a value, in AWS's words."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from trunkline.aws.models.patterns import translate
from trunkline.aws.models.shapes import Shape

Broken = Callable[[Any], bool]


def constraints_of(shape: Shape, value: Any) -> list[str]:
    """Those that the value breaks."""
    return [text for text, broken in every(shape) if broken(value)]


@lru_cache(maxsize=8192)
def every(shape: Shape) -> tuple[tuple[str, Broken], ...]:
    """All constraints of a shape, each with the test for a value that breaks it."""
    if shape.enum:
        allowed = frozenset(shape.enum)
        words = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        return ((words, lambda value: value not in allowed),)
    found: list[tuple[str, Broken]] = []
    low, high = shape.traits.get("min"), shape.traits.get("max")
    if shape.type in ("integer", "long", "float", "double"):
        if high is not None:
            found.append((f"Member must have value less than or equal to {high}", lambda value: value > high))
        if low is not None:
            found.append((f"Member must have value greater than or equal to {low}", lambda value: value < low))
    elif shape.type in ("string", "list", "map", "blob"):
        if high is not None:
            found.append((f"Member must have length less than or equal to {high}", lambda value: len(value) > high))
        if low:
            found.append((f"Member must have length greater than or equal to {low}", lambda value: len(value) < low))
    if "pattern" in shape.traits and (pattern := translate(shape.traits["pattern"])):
        matches = re.compile(pattern).search
        words = f"Member must satisfy regular expression pattern: {shape.traits['pattern']}"
        found.append((words, lambda value: matches(value) is None))
    return tuple(found)
