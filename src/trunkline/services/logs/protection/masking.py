"""Find sensitive data in messages, and put asterisks in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.services.logs.pattern.linear import Regex
from trunkline.services.logs.protection.identifiers import MANAGED, Identifier, Span


@dataclass
class Era:
    """When a policy was in force, and what it looked for. An open end is the policy that still is."""

    from_ms: int
    until_ms: int | None
    identifiers: list[str]
    custom: dict[str, str] = field(default_factory=dict)

    def holds(self, ingestion_ms: int) -> bool:
        return self.from_ms <= ingestion_ms and (self.until_ms is None or ingestion_ms < self.until_ms)


def identifiers(names: Sequence[str], custom: dict[str, str]) -> list[Identifier]:
    return [
        Identifier(name, re.compile(custom[name]), screen=Regex(custom[name]).found_in)
        if name in custom
        else MANAGED[name]
        for name in names
        if name in custom or name in MANAGED
    ]


class Masks:
    """The eras of a log group, its own and its account's."""

    def __init__(self, eras: Sequence[Era]) -> None:
        self._eras = [(era, identifiers(era.identifiers, era.custom)) for era in eras]

    def __bool__(self) -> bool:
        return bool(self._eras)

    def mask(self, message: str, ingestion_ms: int | None) -> str:
        """The message as it may be shown to everybody; without a time, by every policy that there ever was."""
        spans = [
            span
            for era, identifiers in self._eras
            if ingestion_ms is None or era.holds(ingestion_ms)
            for identifier in identifiers
            for span in identifier.find(message)
        ]
        return _starred(message, spans) if spans else message


def _starred(message: str, spans: list[Span]) -> str:
    for start, end in spans:
        message = message[:start] + "*" * (end - start) + message[end:]
    return message
