"""Resources that exist already and are to become a stack's: found by what the request or the template calls them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-existing-stack.html
"""

from dataclasses import replace
from typing import Any

from trunkline.aws import schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType

Doc = dict[str, Any]
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


async def physical_id(kind: ResourceType, on: Provision, identifier: Doc, properties: Doc) -> str | None:
    """What Ref gives for the resource with this primary identifier; None when there is no such resource."""
    values = [str(value) for value in identifier.values()]
    on = replace(on, kept={**properties, **identifier})
    for candidate in dict.fromkeys([*values, "|".join(values), *reversed(values)]):
        found = await look(kind, on, candidate)
        if found is not None and _is(found, identifier):
            return candidate
    try:
        listed = await kind.existing(on)
    except NotImplementedError:
        return None
    for candidate in listed:
        found = await look(kind, on, candidate)
        if found is not None and all(found.get(key) == value for key, value in identifier.items()):
            return candidate
    return None


async def look(kind: ResourceType, on: Provision, candidate: str) -> Doc | None:
    """`read`, where what cannot be an id of the type is nothing."""
    try:
        return await kind.read(on, candidate)
    except AwsError as error:
        if error.code in _DENIED:
            raise
        return None
    except (KeyError, ValueError, IndexError):
        return None


def _is(found: Doc, identifier: Doc) -> bool:
    return all(found.get(key, value) == value for key, value in identifier.items())


def keeps_name(type: str, old: Doc, new: Doc) -> bool:
    """Whether a new resource would have to have the very name that the old one still has."""
    named = identifier_in(type, new)
    return named is not None and named == identifier_in(type, old)


def identifier_in(type: str, properties: Doc) -> Doc | None:
    """The primary identifier, where the properties of the template name it in full."""
    schema = schemas.load(type)
    if schema is None or not schema.primary_identifier:
        return None
    found: Doc = {}
    for pointer in schema.primary_identifier:
        value = properties.get(pointer[0]) if len(pointer) == 1 else None
        if not isinstance(value, str):
            return None
        found[pointer[0]] = value
    return found
