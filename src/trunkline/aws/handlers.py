"""What the handlers of many resource types do alike: policy documents, tags, taking up or undoing half a create."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import unquote

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.aws.tags import keys, own


def text(document: Any) -> str:
    """A policy, or another JSON document, as the text that an operation wants; templates give objects or text."""
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"), default=str)


def document(given: str | None) -> Any:
    """The object in a JSON text, percent-encoded (IAM) or not; text that is no JSON stays text."""
    if not given:
        return None
    for candidate in (given, unquote(given)):
        with suppress(ValueError):
            return json.loads(candidate)
    return given


def own_tags(tags: Mapping[str, str] | Iterable[Mapping[str, Any]] | None) -> list[Doc]:
    """A resource's tags as a template has them: without AWS's own; from a map or from a list in any case."""
    found = own(_mapped(tags))
    return [{"Key": key, "Value": value} for key, value in sorted(found.items())]


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[Doc]:
    """Tags as a list for a request; None would be left out by `Provision.call`, an empty list is not."""
    return [{key: name, value: content} for name, content in tags.items()]


def dropped_tags(on: Provision, old: Any, new: Any) -> list[str]:
    """The keys of tags that the template or its stack had and have no more, to be untagged."""
    wanted = on.tags(new)
    return [key for key in dict.fromkeys([*keys(old), *on.former_tags]) if key not in wanted]


def is_mine(on: Provision, tags: Mapping[str, str] | Iterable[Mapping[str, Any]] | None) -> bool:
    """Whether what is there under our name was made by an earlier run of this attempt, by its tags in any form."""
    return on.owns(_mapped(tags))


def _mapped(tags: Mapping[str, str] | Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return dict(tags)
    lower = ({name.lower(): value for name, value in tag.items()} for tag in tags or ())
    return {tag["key"]: tag.get("value") or "" for tag in lower}


@asynccontextmanager
async def undone(handler: ResourceType, on: Provision, physical_id: str) -> AsyncIterator[None]:
    """Within, a failure deletes the resource again: a create that fails must leave nothing that nobody knows of."""
    try:
        yield
    except Exception:
        with suppress(AwsError):
            await handler.delete(on, physical_id)
        raise


def differs(old: Doc, new: Doc, *names: str) -> bool:
    """Whether any of these properties changes."""
    return any(old.get(name) != new.get(name) for name in names)


def missing_from(old: Sequence[Any] | None, new: Sequence[Any] | None) -> list[Any]:
    """What the old list has and the new one has not."""
    return [item for item in old or () if item not in (new or ())]


def given(**properties: Any) -> Doc:
    """Properties without those that are None: for `read`."""
    return {name: value for name, value in properties.items() if value is not None}


def covers(found: Any, wanted: Any) -> bool:
    """Whether what is there has at least what was asked for: more members are fine, lists are of the same length."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(covers(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list | tuple):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(wanted)
            and all(covers(one, other) for one, other in zip(found, wanted, strict=True))
        )
    return bool(found == wanted)


def shown_as(kept: Any, found: Any, *, same: bool) -> Any:
    """What names the same thing in two ways (a name, an ARN) is shown as the template does."""
    return kept if same and kept is not None else found
