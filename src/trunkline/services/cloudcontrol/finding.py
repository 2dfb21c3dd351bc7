"""Which resource an identifier names.

Cloud Control names a resource by the values of its type's primary identifier, joined by "|"; handlers work with the
physical id that `Ref` gives. They are the same for most types, and the other is found by reading for the rest.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from trunkline.aws import schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.schemas import Schema
from trunkline.aws.service import Doc


@dataclass(frozen=True, slots=True)
class Found:
    """A resource: what handlers call it, what clients call it, and its properties as they are."""

    physical_id: str
    identifier: str
    properties: Doc


def identifier_of(name: str, physical_id: str, properties: Doc) -> str:
    """What clients call a resource with these properties."""
    schema = schemas.load(name)
    values = [_value(properties, pointer) for pointer in schema.primary_identifier] if schema else []
    if not values or any(value is None for value in values):
        return physical_id
    return "|".join(str(value) for value in values)


async def find(kind: ResourceType, on: Provision, identifier: str, kept: Doc) -> Found | None:
    """The resource that `identifier` names; None when there is none."""
    schema = schemas.load(kind.name)
    on = replace(on, kept={**_named(schema, identifier), **kept})
    for candidate in dict.fromkeys((identifier, *identifier.split("|"), *reversed(identifier.split("|")))):
        properties = await _read(kind, on, candidate)
        if properties is not None:
            name = identifier_of(kind.name, candidate, properties)
            if identifier in (name, candidate):
                return Found(candidate, name, properties)
    for found in await described(kind, on, await existing(kind, on)):
        if identifier == found.identifier:
            return found
    return None


async def existing(kind: ResourceType, on: Provision) -> list[str]:
    """The physical ids of all of a type; none for a type whose resources AWS does not list."""
    try:
        return await kind.existing(on)
    except NotImplementedError:
        return []


async def described(kind: ResourceType, on: Provision, physical_ids: Iterable[str]) -> list[Found]:
    """Those of the resources that can be read."""
    wanted = list(physical_ids)
    read = await asyncio.gather(*(_read(kind, on, one) for one in wanted))
    return [
        Found(one, identifier_of(kind.name, one, properties), properties)
        for one, properties in zip(wanted, read, strict=True)
        if properties is not None
    ]


async def _read(kind: ResourceType, on: Provision, physical_id: str) -> Doc | None:
    """What cannot be a physical id of the type is refused by its service: then there is none."""
    try:
        found = await kind.read(on, physical_id)
    except AwsError as error:
        if error.code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
            raise
        return None
    except (KeyError, ValueError, IndexError):  # an id of another form, cut into pieces that are not there
        return None
    shown: Doc | None = None if found is None else _without_none(found)
    return shown


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


def _value(properties: Doc, pointer: tuple[str, ...]) -> object:
    found: object = properties
    for piece in pointer:
        found = found.get(piece) if isinstance(found, dict) else None
    return found


def _named(schema: Schema | None, identifier: str) -> Doc:
    """The properties that the identifier itself tells."""
    if schema is None:
        return {}
    values = identifier.split("|")
    if len(values) != len(schema.primary_identifier) or len(values) == 1:
        return {}
    return {pointer[0]: value for pointer, value in zip(schema.primary_identifier, values, strict=True)}
