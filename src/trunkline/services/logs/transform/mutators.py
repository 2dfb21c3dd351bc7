"""Processors that change fields: their keys, their texts, their types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from trunkline.aws.service import Doc
from trunkline.services.logs.transform.event import ABSENT, Event, Failed
from trunkline.services.logs.transform.parsers import Apply

_REFERENCE = re.compile(r"\$(?:(\d)|\{(\w+)\})")


def add_keys(config: Doc) -> Apply:
    def apply(event: Event) -> None:
        for entry in config["entries"]:
            event.set(entry["key"], entry["value"], overwrite=entry.get("overwriteIfExists", False))

    return apply


def delete_keys(config: Doc) -> Apply:
    def apply(event: Event) -> None:
        for key in config["withKeys"]:
            event.delete(key)

    return apply


def move_keys(config: Doc) -> Apply:
    """The key keeps its name under the target; where it cannot be put it stays."""

    def apply(event: Event) -> None:
        for entry in config["entries"]:
            source, value = entry["source"], event.get(entry["source"])
            if value is ABSENT:
                continue
            target = f"{entry['target']}.{source.rpartition('.')[2]}"
            if target != source and event.set(target, value, overwrite=entry.get("overwriteIfExists", False)):
                event.delete(source)

    return apply


def rename_keys(config: Doc) -> Apply:
    def apply(event: Event) -> None:
        for entry in config["entries"]:
            value = event.get(entry["key"])
            if value is ABSENT or entry["key"] == entry["renameTo"]:
                continue
            if event.set(entry["renameTo"], value, overwrite=entry.get("overwriteIfExists", False)):
                event.delete(entry["key"])

    return apply


def copy_value(config: Doc) -> Apply:
    def apply(event: Event) -> None:
        for entry in config["entries"]:
            value = event.get(entry["source"])
            if value is not ABSENT:
                event.set(entry["target"], value, overwrite=entry.get("overwriteIfExists", False))

    return apply


def list_to_map(config: Doc) -> Apply:
    source, key, value_key, target = config["source"], config["key"], config.get("valueKey"), config.get("target")
    place = {"first": 0, "last": -1}.get(config.get("flattenedElement", "")) if config.get("flatten") else None

    def apply(event: Event) -> None:
        listed = event.get(source)
        if not isinstance(listed, list):
            raise Failed(f"{source} is not a list")
        found: dict[str, list[Any]] = {}
        for one in listed:
            if isinstance(one, dict) and key in one and (value_key is None or value_key in one):
                found.setdefault(str(one[key]), []).append(one if value_key is None else one[value_key])
        event.merge({k: values if place is None else values[place] for k, values in found.items()}, target)

    return apply


def _on_texts(change: Callable[[str], Any]) -> Callable[[Doc], Apply]:
    """A processor that changes the texts under some keys; anything else is left alone."""

    def make(config: Doc) -> Apply:
        def apply(event: Event) -> None:
            for key in config["withKeys"]:
                value = event.get(key)
                if isinstance(value, str):
                    event.set(key, change(value))

        return apply

    return make


def split_string(config: Doc) -> Apply:
    def apply(event: Event) -> None:
        for entry in config["entries"]:
            value = event.get(entry["source"])
            if isinstance(value, str):
                event.set(entry["source"], value.split(entry["delimiter"]))

    return apply


def substitute_string(config: Doc) -> Apply:
    entries = []
    for entry in config["entries"]:
        try:
            found = re.compile(entry["from"])
        except re.error as error:
            raise ValueError(f"Invalid regular expression {entry['from']}: {error}") from None
        replacement = _REFERENCE.sub(lambda match: rf"\g<{match[1] or match[2]}>", entry["to"].replace("\\", r"\\"))
        entries.append((entry["source"], found, replacement))

    def apply(event: Event) -> None:
        for source, found, replacement in entries:
            value = event.get(source)
            if isinstance(value, str):
                try:
                    event.set(source, found.sub(replacement, value))
                except (re.error, IndexError) as error:
                    raise Failed(str(error)) from None

    return apply


def _boolean(value: Any) -> bool:
    if str(value).lower() not in {"true", "false"}:
        raise ValueError(value)
    return str(value).lower() == "true"


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "integer": lambda value: int(float(value)),
    "double": float,
    "boolean": _boolean,
    "string": lambda value: value if isinstance(value, str) else orjson.dumps(value).decode(),
}


def type_converter(config: Doc) -> Apply:
    def apply(event: Event) -> None:
        for entry in config["entries"]:
            value = event.get(entry["key"])
            if value is not ABSENT:
                try:
                    event.set(entry["key"], _TYPES[entry["type"]](value))
                except (ValueError, TypeError, OverflowError):
                    raise Failed(f"{entry['key']} is no {entry['type']}") from None

    return apply


MUTATORS: Mapping[str, Callable[[Doc], Apply]] = {
    "addKeys": add_keys,
    "deleteKeys": delete_keys,
    "moveKeys": move_keys,
    "renameKeys": rename_keys,
    "copyValue": copy_value,
    "listToMap": list_to_map,
    "lowerCaseString": _on_texts(str.lower),
    "upperCaseString": _on_texts(str.upper),
    "trimString": _on_texts(str.strip),
    "splitString": split_string,
    "substituteString": substitute_string,
    "typeConverter": type_converter,
}
