"""By which words a call may mean a resource: its physical id, its ARNs and names, and what it refers to."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from trunkline.aws import schemas

Doc = dict[str, Any]
_REFERENCE = re.compile(r"((Arn|Id|Name|Url|Role|User|Group|Topic|Queue)s?|Bucket|Cluster|Rule)$")
_SHORTEST = 2
_NAMED_INSTEAD = {"AWS::XRay::TransactionSearchConfig": "Default"}
"""What calls name where there is one resource an account, whose id they leave out."""


@dataclass(frozen=True, slots=True)
class Names:
    """own: what names this resource. parts: of its identity, which a call about it names all of. related: what it
    refers to, which a call may name instead."""

    type: str
    own: frozenset[str]
    parts: tuple[str, ...]
    related: frozenset[str]


def names_of(type: str, physical_id: str, properties: Doc, context: list[Doc] | None = None) -> Names:
    """The words for a resource with these properties."""
    schema = schemas.load(type)
    own = {physical_id, *physical_id.split("|"), *(str(one["Value"]) for one in context or ())}
    identifiers: set[str] = set()
    if schema is not None:
        pointers = [*schema.primary_identifier, *(one for some in schema.additional_identifiers for one in some)]
        identifiers = {pointer[0] for pointer in pointers}
    identifiers |= {f"{type.rsplit('::', 1)[-1]}Name", "Name"}
    for key in identifiers:
        own.update(_texts(properties.get(key)))
    related: set[str] = set()
    for key, value in properties.items():
        if key not in identifiers and _REFERENCE.search(key):
            related.update(_texts(value))
    if type in _NAMED_INSTEAD:
        own.add(_NAMED_INSTEAD[type])
    own = {_plain(one) for one in own}
    parts = tuple(dict.fromkeys([*physical_id.split("|"), *(str(one["Value"]) for one in context or ())]))
    known = frozenset(one for one in own if len(one) >= _SHORTEST)
    return Names(type, known, parts, frozenset(related - own - {""}))


def means(value: str, name: str) -> bool:
    """Whether a member of a request says this name: itself, an ARN that ends in it, the end of the ARN it is, or the
    ARN of a part of it (a topic's subscription)."""
    if value == name or (name.startswith("arn:") and value.startswith(f"{name}:")):
        return True
    short, long = sorted((_plain(value), name), key=len)
    if short == long:
        return True
    return len(short) >= _SHORTEST and long.endswith((f"/{short}", f":{short}", f":{short}.fifo"))


def parts_of(text: str) -> Iterator[str]:
    """What a text ends in, behind each of its separators; of an ARN also what it begins with: where `means` looks."""
    plain = _plain(text)
    if plain != text:
        yield plain
    for place, letter in enumerate(plain):
        if letter in "/:" and place:
            yield plain[place + 1 :]
            if letter == ":" and plain.startswith("arn:"):
                yield plain[:place]


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every scalar in a document (and in JSON texts in it), as a text, with the key it lies under."""
    if isinstance(value, (str, int, float)):
        yield key, value if isinstance(value, str) else str(value).lower()
        if isinstance(value, str) and value[:1] in ("{", "["):
            with contextlib.suppress(orjson.JSONDecodeError):
                yield from texts(orjson.loads(value), key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def _plain(text: str) -> str:
    return text.removesuffix(":*").rstrip("/")
