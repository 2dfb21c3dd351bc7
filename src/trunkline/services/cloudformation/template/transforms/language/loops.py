"""Fn::ForEach: an object's members repeated for each item of a collection.

Where the identifier is replaced, as measured on AWS: in the keys of the fragment (`${Id}`, and `&{Id}` for the item
without its non-alphanumeric characters), in the text of Fn::Sub (`${Id}` only), and by Ref to the identifier. Plain
texts and keys further down keep theirs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
https://github.com/ministackorg/ministack/pull/1739 (measurements)
"""

import re
from collections.abc import Mapping
from typing import Any

from trunkline.services.cloudformation.template.errors import TransformError, text_of
from trunkline.services.cloudformation.template.model import FOR_EACH, LANGUAGE_EXTENSIONS
from trunkline.services.cloudformation.template.transforms.language.resolving import Resolving

FAILED = f"Transform {LANGUAGE_EXTENSIONS} failed with: "
_LAYOUT = FAILED + "Fn::ForEach layout is incorrect"
_NO_COLLECTION = FAILED + "Could not find a collection or could not be resolved for Fn::ForEach"
_PLACEHOLDER = re.compile(r"([$&])\{([A-Za-z0-9]+)\}")
_STRANGE = re.compile(r"[^A-Za-z0-9]")
_DEEPEST = 5

Items = Mapping[str, str]
"""The identifiers of the loops around, with the items of this turn."""


async def unrolled(section: Any, name: str, resolving: Resolving) -> Any:
    """A section of the template with its loops written out."""
    return await _Loops(name, resolving).members(section, {}, top=True)


class _Loops:
    def __init__(self, section: str, resolving: Resolving) -> None:
        self._section = section
        self._resolving = resolving

    async def members(self, value: Any, items: Items, *, top: bool = False) -> Any:
        if isinstance(value, list):
            return [await self.members(item, items) for item in value]
        if not isinstance(value, dict):
            return value
        replaced = _function(value, items)
        if replaced is not None:
            return replaced
        if len(value) == 1 and "Fn::Sub" in value:
            return {"Fn::Sub": await self._sub(value["Fn::Sub"], items)}
        made: dict[str, Any] = {}
        for key, item in value.items():
            if key.startswith(FOR_EACH):
                await self._repeat(item, items, made, top)
            else:
                _add(made, key, await self.members(item, items))
        return made

    async def _repeat(self, loop: Any, items: Items, made: dict[str, Any], top: bool) -> None:
        if not isinstance(loop, list) or len(loop) != 3:
            raise TransformError(_LAYOUT)
        identifier, collection, fragment = loop
        if not isinstance(identifier, str) or not isinstance(fragment, dict) or isinstance(collection, str):
            raise TransformError(_LAYOUT)
        if len(items) >= _DEEPEST or identifier in items:
            raise TransformError(_LAYOUT)
        for item in await self._collection(collection, items):
            inner = {**items, identifier: item}
            for key, value in fragment.items():
                if key.startswith(FOR_EACH):
                    await self._repeat(value, inner, made, top)
                    continue
                name = _key(key, inner)
                if top and _STRANGE.search(name):
                    raise TransformError(f"{FAILED}OutputKey '{name}' should be alphanumeric")
                _add(made, name, await self.members(value, inner))

    async def _collection(self, collection: Any, items: Items) -> list[str]:
        found = await self._resolving.value(await self.members(collection, items))
        if not isinstance(found, list) or any(isinstance(item, dict | list) for item in found):
            raise TransformError(_NO_COLLECTION)
        return [text_of(item) for item in found]

    async def _sub(self, argument: Any, items: Items) -> Any:
        if isinstance(argument, str):
            return _text(argument, items)
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
            own = argument[1] if isinstance(argument[1], dict) else {}
            outer = {name: item for name, item in items.items() if name not in own}
            return [_text(argument[0], outer), await self.members(argument[1], items)]
        return argument


def _function(value: dict[str, Any], items: Items) -> Any:
    """The item when `value` is a Ref to a loop's identifier."""
    name = value.get("Ref")
    return items.get(name) if len(value) == 1 and isinstance(name, str) else None


def _add(made: dict[str, Any], key: str, value: Any) -> None:
    if key in made:
        raise TransformError(f"{FAILED}Duplicate key '{key}' when merging keys to parent object in Fn::ForEach")
    made[key] = value


def _key(key: str, items: Items) -> str:
    def item(found: re.Match[str]) -> str:
        if found[2] not in items:
            return found[0]
        text = items[found[2]]
        return _STRANGE.sub("", text) if found[1] == "&" else text

    return _PLACEHOLDER.sub(item, key)


def _text(text: str, items: Items) -> str:
    return _PLACEHOLDER.sub(lambda found: items.get(found[2], found[0]) if found[1] == "$" else found[0], text)
