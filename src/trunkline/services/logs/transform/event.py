"""A log event on its way through a transformer: a JSON object whose members are named by dotted paths."""

from __future__ import annotations

import re
from typing import Any

MESSAGE = "@message"
ABSENT: Any = object()

_INDEXED = re.compile(r"(.+)\[(\d+)\]")


class Failed(Exception):
    """A processor could not do its work on this event."""


class Event:
    """`document` is what has been made of the message so far; `metadata` can be copied from."""

    def __init__(self, message: str, metadata: dict[str, str]) -> None:
        self.message = message
        self.metadata = metadata
        self.document: dict[str, Any] = {}

    def get(self, path: str) -> Any:
        """The value at a path, or ABSENT."""
        if path == MESSAGE:
            return self.message
        if path in self.metadata:
            return self.metadata[path]
        if path in self.document:
            return self.document[path]
        found: Any = self.document
        for step in _steps(path):
            if isinstance(step, int):
                if not isinstance(found, list) or step >= len(found):
                    return ABSENT
            elif not isinstance(found, dict) or step not in found:
                return ABSENT
            found = found[step]
        return found

    def text(self, path: str) -> str:
        """The text at a path."""
        value = self.get(path)
        if not isinstance(value, str):
            raise Failed(f"{path} is not a text")
        return value

    def set(self, path: str, value: Any, *, overwrite: bool = True) -> bool:
        """Whether the value could be put at the path; objects on the way are made."""
        *parents, last = path.split(".")
        target = self.document
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                return False
        if last in target and not overwrite:
            return False
        target[last] = value
        return True

    def delete(self, path: str) -> None:
        if path in self.document:
            del self.document[path]
            return
        parent, _, last = path.rpartition(".")
        holder = self.get(parent) if parent else self.document
        if isinstance(holder, dict):
            holder.pop(last, None)

    def merge(self, values: dict[str, Any], destination: str | None, *, overwrite: bool = True) -> None:
        """Put parsed members under the destination, or at the root."""
        for key, value in values.items():
            self.set(f"{destination}.{key}" if destination else key, value, overwrite=overwrite)


def _steps(path: str) -> list[str | int]:
    found: list[str | int] = []
    for part in path.split("."):
        match = _INDEXED.fullmatch(part)
        found += [match[1], int(match[2])] if match else [part]
    return found
