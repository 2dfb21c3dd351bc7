"""Checks a transformer's configuration as AWS documents it, and runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from trunkline.aws.errors import Refused
from trunkline.aws.service import Doc
from trunkline.services.logs.transform import dates, grok
from trunkline.services.logs.transform.event import Event, Failed
from trunkline.services.logs.transform.mutators import MUTATORS
from trunkline.services.logs.transform.parsers import PARSERS, VENDED, Apply

_MAKERS = {
    **PARSERS,
    **VENDED,
    **MUTATORS,
    "grok": grok.processor,
    "dateTimeConverter": dates.converter,
}
_FIRST = frozenset({*PARSERS, *VENDED, "grok"})
_ONCE = frozenset({"addKeys", "copyValue", *VENDED})
_NESTED = 3
_LONGEST = 65_536


class InvalidTransformer(Exception):
    """The configuration is not that of a transformer."""


@dataclass(frozen=True)
class Metadata:
    """Where an event belongs; copyValue can put it into the event."""

    group: str = ""
    stream: str = ""
    account: str = ""
    region: str = ""

    @property
    def keys(self) -> dict[str, str]:
        return {
            "@logGroupName": self.group,
            "@logGroupStream": self.stream,
            "@accountId": self.account,
            "@regionName": self.region,
        }


class Transformer:
    def __init__(self, processors: Sequence[Apply]) -> None:
        self._processors = processors

    def apply(self, message: str, metadata: Metadata) -> str | None:
        """The transformed event, or None when it is not what the processors need."""
        if len(message) > _LONGEST:
            return None  # patterns of several wildcards would take for ever
        event = Event(message, metadata.keys)
        try:
            for processor in self._processors:
                processor(event)
            return orjson.dumps(event.document).decode()
        except (Failed, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            return None  # whatever an event holds, it is stored: at worst it is not transformed


def compile_transformer(config: Sequence[Doc]) -> Transformer:
    """The transformer that a configuration describes; InvalidTransformer says what is wrong with it."""
    kinds: list[str] = []
    for number, processor in enumerate(config, start=1):
        if len(processor) != 1:
            raise InvalidTransformer(f"Processor {number} must have exactly one type.")
        kinds += processor
    for kind in kinds:
        if kind not in _MAKERS:
            raise Refused(f"Trunkline's transformers do not know the processor {kind}: leave it out.")
    if not kinds or kinds[0] not in _FIRST:
        raise InvalidTransformer("The first processor must be a parser.")
    for kind, count in Counter(kinds).items():
        if kind in _ONCE and count > 1:
            raise InvalidTransformer(f"A transformer can have only one {kind} processor.")
        if kind in VENDED and kinds[0] != kind:
            raise InvalidTransformer(f"The processor {kind} must be the first one.")
    if config[0][kinds[0]].get("source", "@message") != "@message":
        raise InvalidTransformer("The first processor must parse @message.")
    for processor in config:
        for kind, given in processor.items():
            _check_depth(kind, given)
    try:
        return Transformer([_MAKERS[kind](given) for processor in config for kind, given in processor.items()])
    except ValueError as error:
        raise InvalidTransformer(str(error)) from None


def _check_depth(kind: str, given: Doc) -> None:
    for entry in (given, *given.get("entries", ())):
        for member in ("source", "target", "destination", "key", "renameTo"):
            path = entry.get(member)
            if isinstance(path, str) and path.count(".") >= _NESTED:
                raise InvalidTransformer(f"{kind}: {member} {path} is nested deeper than {_NESTED} keys.")
    if kind == "listToMap" and given.get("flatten") and "flattenedElement" not in given:
        raise InvalidTransformer("listToMap: flattenedElement must be given when flatten is true.")
