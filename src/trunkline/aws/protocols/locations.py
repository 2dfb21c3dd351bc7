"""What the REST protocols put outside the body: labels in the path, query parameters, headers, the status."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from trunkline.aws.http import Request
from trunkline.aws.models import Member, Shape
from trunkline.aws.models.scalars import Mismatch
from trunkline.aws.models.timestamps import written
from trunkline.aws.protocols.xml_out import number

Doc = dict[str, Any]
Take = Callable[[Request, Mapping[str, str], Mapping[str, list[str]], Doc], None]

_DECODED_LENGTH = "x-amz-decoded-content-length"


def query_parameters(query: str) -> dict[str, list[str]]:
    """The query string's parameters; a name alone has an empty value."""
    found: dict[str, list[str]] = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            # A plus is a space here as in forms; clients that mean a plus send %2B.
            found.setdefault(unquote(name), []).append(unquote_plus(value) if "%" in value or "+" in value else value)
    return found


def reader(shape: Shape) -> tuple[frozenset[str], Callable[[Request, Mapping[str, str]], Doc]]:
    """The names of the members that are not in the body, and the function that collects them as text."""
    by_header: dict[str, Take] = {}
    by_query: list[Take] = []
    others: list[Take] = []
    names: set[str] = set()
    named_parameters = {m.wire_name for m in shape.members.values() if m.location == "querystring"}
    for member in shape.members.values():
        make = _TAKERS.get(member.location or "")
        if make is None:
            continue
        names.add(member.name)
        take = make(member, named_parameters)
        if member.location == "header":
            by_header[member.wire_name.lower()] = take
        else:
            (by_query if member.location == "querystring" else others).append(take)
    if "content-length" in by_header:
        by_header[_DECODED_LENGTH] = by_header["content-length"]

    def collect(request: Request, labels: Mapping[str, str]) -> Doc:
        doc: Doc = {}
        for header in request.headers:  # a request has fewer headers than S3 has members for them
            if header in by_header:
                by_header[header](request, labels, {}, doc)
        parameters = query_parameters(request.query) if by_query and request.query else {}
        if parameters:
            for take in by_query:
                take(request, labels, parameters, doc)
        for take in others:
            take(request, labels, parameters, doc)
        return doc

    return frozenset(names), collect


def _label(member: Member, _named: set[str]) -> Take:
    name, wire = member.name, member.wire_name

    def take(_request: Request, labels: Mapping[str, str], _query: Mapping[str, list[str]], doc: Doc) -> None:
        value = labels.get(wire)
        if value:
            doc[name] = value

    return take


def _parameter(member: Member, named: set[str]) -> Take:
    name, wire, kind = member.name, member.wire_name, member.shape.type

    def take(_request: Request, _labels: Mapping[str, str], query: Mapping[str, list[str]], doc: Doc) -> None:
        if kind == "map":
            several = member.shape.value.shape.type == "list"
            rest = {key: value if several else value[0] for key, value in query.items() if key not in named}
            if rest:
                doc[name] = rest
        elif (values := query.get(wire)) is not None:
            doc[name] = values if kind == "list" else values[0]

    return take


def _header(member: Member, _named: set[str]) -> Take:
    name, wire, kind = member.name, member.wire_name.lower(), member.shape.type
    jsonvalue = bool(member.traits.get("jsonvalue"))
    timestamps = kind == "list" and member.shape.member.shape.type == "timestamp"
    # Of an aws-chunked body, what counts is the length of what is inside.
    instead = _DECODED_LENGTH if wire == "content-length" else wire

    def take(request: Request, _labels: Mapping[str, str], _query: Mapping[str, list[str]], doc: Doc) -> None:
        value = request.headers.get(instead) or request.headers.get(wire)
        if value is None or (value == "" and kind != "string"):
            return
        if kind == "list":
            doc[name] = _header_list(value, timestamps=timestamps)
        elif jsonvalue:
            doc[name] = _json_header(value, name)
        else:
            doc[name] = header_text(value)

    return take


def _prefixed(member: Member, _named: set[str]) -> Take:
    name, prefix = member.name, (member.location_name or "").lower()

    def take(request: Request, _labels: Mapping[str, str], _query: Mapping[str, list[str]], doc: Doc) -> None:
        found = {
            key[len(prefix) :]: header_text(value)
            for key, value in request.headers.items()
            if key.startswith(prefix) and len(key) > len(prefix)
        }
        if found:
            doc[name] = found

    return take


_TAKERS: dict[str, Callable[[Member, set[str]], Take]] = {
    "uri": _label,
    "querystring": _parameter,
    "header": _header,
    "headers": _prefixed,
}


def header_text(value: str) -> str:
    """Header bytes arrive as Latin-1; clients send UTF-8."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _header_list(value: str, *, timestamps: bool) -> list[str]:
    parts: list[str] = []
    text, quoted, escaped, commas = "", False, False, 0
    for char in value:
        if escaped:
            text, escaped = text + char, False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            commas += 1
            if timestamps and commas % 2:  # "Mon, 01 Jan 2024 …" has a comma of its own
                text += char
            else:
                parts.append(text.strip())
                text = ""
        else:
            text += char
    parts.append(text.strip())
    return [header_text(part) for part in parts]


def _json_header(value: str, name: str) -> str:
    try:
        json.loads(base64.b64decode(value))
    except ValueError:
        raise Mismatch("string", value, name) from None
    return base64.b64decode(value).decode()


def header_writer(shape: Shape) -> tuple[frozenset[str], Callable[[Doc, list[tuple[str, str]]], None]]:
    """The names of an answer's members that are not in the body, and the function that writes the headers."""
    members = shape.members.values()
    single = {m.name: (m.wire_name.lower(), _header_value(m)) for m in members if m.location == "header"}
    prefixed = [(m.name, (m.location_name or "").lower()) for m in members if m.location == "headers"]
    names = frozenset(m.name for m in members if m.location)

    def write(doc: Doc, headers: list[tuple[str, str]]) -> None:
        for name, value in doc.items():
            if value is not None and name in single:
                header, text = single[name]
                headers.append((header, text(value)))
        for name, prefix in prefixed:
            for key, value in (doc.get(name) or {}).items():
                headers.append((prefix + key, _latin1(str(value))))

    return names, write


def _header_value(member: Member) -> Callable[[Any], str]:
    kind = member.shape.type
    if kind == "timestamp":
        form = member.timestamp_format or "rfc822"
        return lambda value: written(value, form) if hasattr(value, "year") else str(value)
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    if kind in ("float", "double"):
        return number
    if kind == "list":
        return lambda value: ",".join(_quoted(str(element)) for element in value)
    if member.traits.get("jsonvalue"):
        return lambda value: base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()
    return lambda value: _latin1(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if "," in text or '"' in text else text


def _latin1(text: str) -> str:
    """Text as the bytes of its UTF-8; a line break would end the header."""
    text = text.replace("\r", " ").replace("\n", " ")
    return text if text.isascii() else text.encode().decode("latin-1")
