"""Reading XML bodies (S3's): closures made from shapes turn elements into members, with scalars still as text."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

from trunkline.aws.models import Member, Shape
from trunkline.aws.models.scalars import Mismatch

Read = Callable[[Element], Any]


def parse(body: bytes) -> Element:
    """The root element; raises Mismatch for what is no XML, or declares a document type (entities may be bombs)."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Mismatch("structure", None, "")
    parser = XMLParser()  # noqa: S314 - expat without a document type expands no entities but the five of XML
    try:
        parser.feed(body)
        return parser.close()
    except (ParseError, ValueError, LookupError):
        raise Mismatch("structure", None, "") from None


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rsplit("}", 1)[-1]


class Compiler:
    """Makes readers for the shapes of one service."""

    def __init__(self) -> None:
        self._structures: dict[Shape, Read] = {}

    def structure(self, shape: Shape) -> Read:
        if shape in self._structures:
            return self._structures[shape]
        single: dict[str, tuple[str, Read]] = {}
        repeated: dict[str, tuple[str, Read]] = {}
        attributes: dict[str, str] = {}

        def read(element: Element) -> dict[str, Any]:
            doc: dict[str, Any] = {}
            for child in element:
                name = local(child.tag)
                if entry := single.get(name):
                    doc[entry[0]] = entry[1](child)
                elif entry := repeated.get(name):
                    doc.setdefault(entry[0], []).append(entry[1](child))
            for key, value in element.attrib.items() if attributes else ():
                if member := attributes.get(local(key)):
                    doc[member] = value
            return doc

        self._structures[shape] = read
        for member in shape.members.values():
            name = member.wire_name
            if member.traits.get("xmlAttribute"):
                attributes[name.rsplit(":", 1)[-1]] = member.name
            elif member.shape.type == "list" and member.flattened:
                repeated[member.shape.member.location_name or name] = (member.name, self._value(member.shape.member))
            elif member.location is None:
                single[name] = (member.name, self._value(member))
        return read

    def _value(self, member: Member) -> Read:
        match member.shape.type:
            case "structure":
                return self.structure(member.shape)
            case "list":
                return self._list(member)
            case "map":
                return self._map(member)
        return _text

    def _list(self, member: Member) -> Read:
        each = self._value(member.shape.member)
        return lambda element: [each(child) for child in element]

    def _map(self, member: Member) -> Read:
        key_name = member.shape.key.location_name or "key"
        value = self._value(member.shape.value)

        def read(element: Element) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for entry in element:
                key: str | None = None
                inner: Any = ""
                for child in entry:
                    if local(child.tag) == key_name:
                        key = child.text or ""
                    else:
                        inner = value(child)
                if key is not None:
                    found[key] = inner
            return found

        return read


def _text(element: Element) -> str:
    if len(element):
        raise Mismatch("string", None, local(element.tag))
    return element.text or ""
