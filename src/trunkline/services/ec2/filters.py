"""EC2's `Filters`: each names a property, matches if any of its values does, and all of them must match."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc

T = TypeVar("T")
Values = Sequence[object]
Properties = Mapping[str, Callable[[Doc], Values]]


def select(items: list[Doc], filters: list[Doc] | None, properties: Properties) -> list[Doc]:
    """The described resources that pass all filters. `tag:<key>` and `tag-key` work on every `Tags`."""
    for wanted in filters or []:
        name, values = wanted.get("Name", ""), wanted.get("Values", [])
        read = properties.get(name) or _tag_property(name)
        if read is None:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid", status=400)
        patterns = [_pattern(value) for value in values]
        items = [item for item in items if any(p.fullmatch(_text(v)) for v in read(item) for p in patterns)]
    return items


def _tag_property(name: str) -> Callable[[Doc], Values] | None:
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda item: [tag["Value"] for tag in _tags(item) if tag["Key"] == key]
    if name == "tag-key":
        return lambda item: [tag["Key"] for tag in _tags(item)]
    if name == "tag-value":
        return lambda item: [tag["Value"] for tag in _tags(item)]
    return None


def _tags(item: Doc) -> list[Doc]:
    found: list[Doc] = item.get("Tags") or item.get("TagSet") or []
    return found


def _pattern(value: str) -> re.Pattern[str]:
    """`*` and `?` as AWS has them; a backslash makes them literal."""
    parts = []
    for part in re.split(r"(\\.|\*|\?)", value):
        literal = part[1:] if part.startswith("\\") and len(part) > 1 else part
        parts.append({"*": ".*", "?": "."}.get(part) or re.escape(literal))
    return re.compile("".join(parts), re.DOTALL)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def member(*path: str) -> Callable[[Doc], Values]:
    """A property that is one member of the described resource."""

    def read(item: Doc) -> Values:
        value: object = item
        for step in path:
            if not isinstance(value, dict) or step not in value:
                return []
            value = value[step]
        return [value]

    return read


def each(outer: str, *inner: str) -> Callable[[Doc], Values]:
    """A property that is a member, however deep, of every element of a list."""
    read = member(*inner)
    return lambda item: [value for element in item.get(outer, []) for value in read(element)]
