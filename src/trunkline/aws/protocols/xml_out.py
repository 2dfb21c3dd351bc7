"""Writing XML answers: closures made from shapes, each appending text to a list.

Element names follow botocore's reading of the models: a flattened list is named after its element when that has a name,
lists nest <member> (query, REST) or the model's name, maps nest <entry><key/><value/></entry>.
"""

import base64
import math
import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from trunkline.aws.models import Member, Shape
from trunkline.aws.models.timestamps import written

Put = Callable[[str], None]
Write = Callable[[Any, Put], None]

# Carriage returns would be normalised away by the reader; other control characters are no XML at all.
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}


def escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: _NAMED.get(found[0], "\ufffd"), text) if _SPECIAL.search(text) else text


def attribute(text: str) -> str:
    return escape(text).replace('"', "&quot;").replace("\n", "&#xA;").replace("\t", "&#x9;")


class Compiler:
    """Makes writers for the shapes of one service; `timestamp_form` is what its protocol uses unless a member says."""

    def __init__(self, timestamp_form: str = "iso8601") -> None:
        self._timestamp_form = timestamp_form
        self._structures: dict[Shape, Write] = {}

    def structure(self, shape: Shape, skip: frozenset[str] = frozenset()) -> Write:
        """Writes a structure's members, without an element around them."""
        if not skip and shape in self._structures:
            return self._structures[shape]
        table: dict[str, Write] = {}

        def write(doc: Any, put: Put) -> None:
            for name, member in table.items():
                value = doc.get(name)
                if value is not None:
                    member(value, put)

        if not skip:
            self._structures[shape] = write
        for member in shape.members.values():
            if member.name not in skip and member.location is None and not member.traits.get("xmlAttribute"):
                table[member.name] = self.element(member, self._name(member))
        return write

    def element(self, member: Member, name: str) -> Write:
        """Writes a value in an element of this name, or, for flattened ones, in several."""
        match member.shape.type:
            case "structure":
                return self._structure_element(member, name)
            case "list":
                return self._list(member, name)
            case "map":
                return self._map(member, name)
        text = scalar(member, self._timestamp_form)
        opened, closed = f"<{name}>", f"</{name}>"

        def write(value: Any, put: Put) -> None:
            put(f"{opened}{text(value)}{closed}")

        return write

    def _name(self, member: Member) -> str:
        if member.shape.type == "list" and member.flattened and member.shape.member.location_name:
            return member.shape.member.location_name
        return member.wire_name

    def _structure_element(self, member: Member, name: str) -> Write:
        inner = self.structure(member.shape)
        closed = f"</{name}>"
        attributes = [m for m in member.shape.members.values() if m.traits.get("xmlAttribute")]
        namespace = _namespace(member.traits.get("xmlNamespace"))

        def write(doc: Any, put: Put) -> None:
            given = "".join(
                f' {m.wire_name}="{attribute(str(doc[m.name]))}"' for m in attributes if doc.get(m.name) is not None
            )
            put(f"<{name}{namespace}{given}>")
            inner(doc, put)
            put(closed)

        return write

    def _list(self, member: Member, name: str) -> Write:
        if member.flattened:
            each = self.element(member.shape.member, name)

            def write_flat(values: Any, put: Put) -> None:
                for value in values:
                    each(value, put)

            return write_flat
        element = self.element(member.shape.member, member.shape.member.location_name or "member")
        opened, closed = f"<{name}>", f"</{name}>"

        def write(values: Any, put: Put) -> None:
            put(opened)
            for value in values:
                element(value, put)
            put(closed)

        return write

    def _map(self, member: Member, name: str) -> Write:
        key = self.element(member.shape.key, member.shape.key.location_name or "key")
        value = self.element(member.shape.value, member.shape.value.location_name or "value")
        flat = member.flattened
        entry = name if flat else "entry"
        opened, closed = f"<{entry}>", f"</{entry}>"

        def write(values: Any, put: Put) -> None:
            if not flat:
                put(f"<{name}>")
            for one_key, one_value in values.items():
                if one_value is None:
                    continue
                put(opened)
                key(one_key, put)
                value(one_value, put)
                put(closed)
            if not flat:
                put(f"</{name}>")

        return write


def scalar(member: Member, timestamp_form: str) -> Callable[[Any], str]:
    """The text of a scalar in XML, headers and query strings; XML's is escaped."""
    match member.shape.type:
        case "boolean":
            return lambda value: "true" if value else "false"
        case "integer" | "long":
            return lambda value: str(int(value))
        case "float" | "double":
            return number
        case "timestamp":
            form = member.timestamp_format or timestamp_form
            return lambda value: written(value, form) if isinstance(value, datetime) else escape(str(value))
        case "blob":
            return lambda value: base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
    return lambda value: escape(value.value if isinstance(value, Enum) else str(value))


def number(value: Any) -> str:
    value = float(value)
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _namespace(trait: Any) -> str:
    if not trait:
        return ""
    if isinstance(trait, str):
        return f' xmlns="{trait}"'
    prefix = f":{trait['prefix']}" if trait.get("prefix") else ""
    return f' xmlns{prefix}="{trait["uri"]}"'
