"""What a compiled pattern can do; and the empty pattern, which matches every message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Pattern(Protocol):
    def matches(self, message: str) -> bool: ...

    def extract(self, message: str) -> Mapping[str, str]:
        """The values that the pattern names in a message it matches, by reference ("$.latency", "$status")."""

    def value(self, message: str, reference: str) -> str | None:
        """What a metric value or dimension refers to in a message, or None."""


class Everything:
    def matches(self, message: str) -> bool:
        return True

    def extract(self, message: str) -> Mapping[str, str]:
        return {}

    def value(self, message: str, reference: str) -> str | None:
        return None
