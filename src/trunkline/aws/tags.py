"""Tags: the forms services send them in, and the limits all of them share.

https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from trunkline.aws.errors import AwsError

_LIMIT = 50
_system = ContextVar("system_tags", default=False)


@contextmanager
def system_tags_allowed() -> Iterator[None]:
    """Within, tags of AWS's own (aws:…) may be set: CloudFormation marks what it makes. No client gets here."""
    token = _system.set(True)
    try:
        yield
    finally:
        _system.reset(token)


def is_reserved(key: str) -> bool:
    """Whether a tag key is AWS's own and not for this caller to set."""
    return key.lower().startswith("aws:") and not _system.get()


def normalise(
    tags: Mapping[str, str] | Iterable[Mapping[str, Any]] | None,
    *,
    error: str = "InvalidParameterValue",
    too_many: str | None = None,
) -> dict[str, str]:
    """Tags as a plain dict, from a map or from a list of Key/Value (any case) pairs; refused with the codes given."""
    if not tags:
        return {}
    if isinstance(tags, Mapping):
        found = dict(tags)
    else:
        found = {}
        for tag in tags:
            lower = {name.lower(): value for name, value in tag.items()}
            key = lower.get("key", lower.get("tagkey", ""))
            if key in found:
                raise AwsError(error, f"Duplicate tag key: {key}")
            found[key] = lower.get("value", lower.get("tagvalue", "")) or ""
    for key, value in found.items():
        if not 1 <= len(key) <= 128:
            raise AwsError(error, "Tag keys must be between 1 and 128 characters long.")
        if len(value) > 256:
            raise AwsError(error, "Tag values must be no more than 256 characters long.")
        if is_reserved(key):
            raise AwsError(error, "aws: prefixed tag key names are not allowed for external use.")
    if len(found) > _LIMIT:
        raise AwsError(too_many or error, f"A resource can have no more than {_LIMIT} tags.")
    return found


def merge(old: Mapping[str, str], new: Mapping[str, str], *, too_many: str = "InvalidParameterValue") -> dict[str, str]:
    """Old tags with new ones put over them, within the limit."""
    merged = {**old, **new}
    if len(merged) > _LIMIT:
        raise AwsError(too_many, f"A resource can have no more than {_LIMIT} tags.")
    return merged


def pairs(tags: Mapping[str, str], *, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as the list that most services answer with."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def own(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are not AWS's own."""
    return {key: value for key, value in tags.items() if not key.lower().startswith("aws:")}


def keys(given: Mapping[str, Any] | Iterable[Mapping[str, Any]] | None) -> list[str]:
    """The keys of the tags that a template gives, as a list or as a map."""
    return list(given) if isinstance(given, Mapping) else [tag["Key"] for tag in given or ()]


def changes(current: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What leads from one set of tags to the other: the tags to set and the keys to remove; AWS's own stay."""
    put = {key: value for key, value in wanted.items() if current.get(key) != value}
    return put, [key for key in own(current) if key not in wanted]
