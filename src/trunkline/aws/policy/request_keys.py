"""Condition keys that are told from a request alone: the tags it sets or removes."""

from collections.abc import Mapping
from typing import Any


def request_keys(request: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """aws:RequestTag/… and aws:TagKeys."""
    tags = request.get("Tags") or request.get("tags") or request.get("TagList")
    keys = request.get("TagKeys") or request.get("tagKeys")
    if not tags:
        return {"aws:TagKeys": list(keys)} if isinstance(keys, list) and keys else {}
    found: dict[str, str] = {}
    if isinstance(tags, Mapping):
        found = {str(key): str(value) for key, value in tags.items()}
    elif isinstance(tags, list):
        for tag in tags:
            lower = {str(name).lower(): value for name, value in tag.items()} if isinstance(tag, Mapping) else {}
            key = lower.get("key", lower.get("tagkey"))
            if key is not None:
                found[str(key)] = str(lower.get("value", lower.get("tagvalue", "")) or "")
    return {"aws:TagKeys": list(found), **{f"aws:RequestTag/{key}": value for key, value in found.items()}}
