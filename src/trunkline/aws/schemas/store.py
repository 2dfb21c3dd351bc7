"""The schemas of CloudFormation's resource types, read one by one when they are asked for.

They come from the data files of the installed cfn-lint package, which keeps AWS's registry schemas (about 1,850 types)
up to date. The package itself is never imported: that takes seconds, a file of it a millisecond.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

Doc = dict[str, Any]
Pointer = tuple[str, ...]  # ("Rules", "*", "Id"): any element of a list is "*"

_REGION = "us-east-1"  # the region that has every type
_ROOT_RULES = ("allOf", "anyOf", "oneOf", "dependencies", "patternProperties")
_PROSE = frozenset({"description", "title", "examples", "$comment"})


@dataclass(frozen=True, slots=True)
class Schema:
    """One type. The pointers name properties without their leading "/properties".

    legacy: AWS validates it by its old rules and words them differently, as for types that have no handlers of their
    own in the registry. closed: a property that is not listed is an error.
    """

    name: str
    properties: Mapping[str, Doc]
    definitions: Mapping[str, Doc]
    required: tuple[str, ...]
    create_only: tuple[Pointer, ...]
    conditional_create_only: tuple[Pointer, ...]
    read_only: tuple[Pointer, ...]
    write_only: tuple[Pointer, ...]
    primary_identifier: tuple[Pointer, ...]
    additional_identifiers: tuple[tuple[Pointer, ...], ...]
    tag_property: str | None
    legacy: bool
    closed: bool
    rules: Doc = field(default_factory=dict)

    @property
    def root(self) -> Doc:
        """The properties as one node: an object."""
        return {
            **self.rules,
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": not self.closed,
        }

    @property
    def attributes(self) -> tuple[str, ...]:
        """What Fn::GetAtt may ask for, such as "Arn" or "Endpoint.Address"."""
        return tuple(".".join(pointer) for pointer in self.read_only if "*" not in pointer)

    def resolve(self, node: Doc) -> Doc:
        """A node with its `$ref` followed."""
        seen = 0
        while "$ref" in node:
            reference = str(node["$ref"])
            area, _, name = reference.removeprefix("#/").partition("/")
            found = (self.definitions if area == "definitions" else self.properties).get(name.split("/", 1)[0])
            node = {**(found or {}), **{key: value for key, value in node.items() if key != "$ref"}}
            seen += 1
            if found is None or seen > 20:
                return {key: value for key, value in node.items() if key != "$ref"}
        return node

    def branches(self, node: Doc) -> Iterator[Doc]:
        """The node, and every alternative of it."""
        node = self.resolve(node)
        yield node
        for word in ("allOf", "anyOf", "oneOf"):
            for branch in node.get(word, ()):
                if isinstance(branch, dict):
                    yield from self.branches(branch)

    def member(self, node: Doc, name: str) -> Doc | None:
        """The node of an object's member; None where the schema says nothing of it."""
        import regex

        for branch in self.branches(node):
            found: Doc | None = branch.get("properties", {}).get(name)
            if found is not None:
                return found
            for pattern, member in branch.get("patternProperties", {}).items():
                if regex.search(pattern, name):
                    return dict(member)
        return None

    def items(self, node: Doc) -> Doc | None:
        """The node of a list's elements."""
        for branch in self.branches(node):
            found = branch.get("items")
            if isinstance(found, dict):
                return found
        return None


def load(name: str) -> Schema | None:
    """The schema of a type; None for a type AWS does not have, and for custom resources."""
    return _load(name)


@cache
def _load(name: str) -> Schema | None:
    raw = registry_schema(name)
    if raw is None:
        return None
    slim = _without_prose(raw)
    rules = {word: slim[word] for word in _ROOT_RULES if word in slim}
    return Schema(
        name=name,
        properties=slim.get("properties", {}),
        definitions=slim.get("definitions", {}),
        required=tuple(slim.get("required", ())),
        create_only=_pointers(slim.get("createOnlyProperties", ())),
        conditional_create_only=_pointers(slim.get("conditionalCreateOnlyProperties", ())),
        read_only=_pointers(slim.get("readOnlyProperties", ())),
        write_only=_pointers(slim.get("writeOnlyProperties", ())),
        primary_identifier=_pointers(slim.get("primaryIdentifier", ())),
        additional_identifiers=tuple(_pointers(one) for one in slim.get("additionalIdentifiers", ())),
        tag_property=_tag_property(slim),
        legacy="handlers" not in slim,
        closed=slim.get("additionalProperties") is False,
        rules=rules,
    )


def registry_schema(name: str) -> Doc | None:
    """The schema as the registry gives it, with its descriptions: for DescribeType and documentation."""
    place = types().get(name)
    if place is None:
        return None
    found: Doc = orjson.loads((_folder() / "resources" / f"{place}.json").read_bytes())
    return found


@cache
def types() -> Mapping[str, str]:
    """All types AWS has, with where each schema lies."""
    found: dict[str, str] = orjson.loads((_folder() / "providers" / f"{_REGION}.json").read_bytes())
    return found


@cache
def _folder() -> Path:
    spec = find_spec("cfnlint")  # finds the package without running it
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package cfn-lint, whose schemas CloudFormation works by, is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "data" / "schemas"


def _without_prose(node: Any, *, names: bool = False) -> Any:
    """A copy without texts for people; `names`: the keys here are names of properties, not words of the schema."""
    if isinstance(node, dict):
        return {
            key: _without_prose(value, names=not names and key in ("properties", "definitions", "patternProperties"))
            for key, value in node.items()
            if names or key not in _PROSE
        }
    if isinstance(node, list):
        return [_without_prose(item) for item in node]
    return node


def _pointers(texts: Iterable[str]) -> tuple[Pointer, ...]:
    return tuple(_pointer(text) for text in texts)


def _pointer(text: str) -> Pointer:
    pieces = [piece for piece in text.split("/") if piece not in ("", "properties")]
    return tuple("*" if piece == "items" else piece for piece in pieces)


def _tag_property(raw: Doc) -> str | None:
    tagging = raw.get("tagging") or {}
    if tagging.get("taggable") is False or raw.get("taggable") is False:
        return None
    pointer = _pointer(tagging.get("tagProperty", "/properties/Tags"))
    return pointer[0] if pointer and pointer[0] in raw.get("properties", {}) else None
