"""Processors that make fields of text: JSON, key-value pairs, columns, and the formats of AWS's own logs."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from trunkline.aws.service import Doc
from trunkline.services.logs.transform.event import MESSAGE, Event, Failed

Apply = Callable[[Event], None]

_POSTGRES = re.compile(
    r"(?P<logTime>[^:]+:\d\d:\d\d [^:]+):(?P<srcIp>[^:]*):(?P<userName>[^@:]*)@(?P<dbName>[^:]*):"
    r"\[(?P<processId>\d+)\]:(?P<logLevel>[A-Z0-9]+):"
)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_VPC = _names(
    "version accountId interfaceId srcAddr dstAddr srcPort dstPort protocol packets bytes start end action logStatus"
)
_ROUTE53 = _names(
    "version queryTimestamp hostZoneId queryName queryType responseCode protocol edgeLocation resolverIp"
    " ednsClientSubnet"
)
_CLOUDFRONT = _names(
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)"
    " cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken"
    " x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status"
    " fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len"
    " sc-range-start sc-range-end"
)
_TEXTS = frozenset({"accountId", "date", "time", "queryTimestamp"})


def parse_json(config: Doc) -> Apply:
    source, destination = config.get("source", MESSAGE), config.get("destination")

    def apply(event: Event) -> None:
        try:
            found = orjson.loads(event.text(source))
        except orjson.JSONDecodeError:
            raise Failed(f"{source} is not JSON") from None
        if destination:
            event.set(destination, found)
        elif isinstance(found, dict):
            event.document.update(found)
        else:
            raise Failed(f"{source} is not a JSON object")

    return apply


def parse_key_value(config: Doc) -> Apply:
    source, destination = config.get("source", MESSAGE), config.get("destination")
    fields, pair = config.get("fieldDelimiter", "&"), config.get("keyValueDelimiter", "=")
    prefix, otherwise = config.get("keyPrefix", ""), config.get("nonMatchValue")

    def apply(event: Event) -> None:
        found: dict[str, Any] = {}
        for part in event.text(source).split(fields):
            key, divided, value = part.partition(pair)
            if divided or otherwise is not None:
                found[prefix + key] = value if divided else otherwise
        event.merge(found, destination, overwrite=config.get("overwriteIfExists", False))

    return apply


def parse_csv(config: Doc) -> Apply:
    source, destination, columns = config.get("source", MESSAGE), config.get("destination"), config.get("columns", ())
    given, quote = str(config.get("delimiter", ",")), config.get("quoteCharacter", '"')
    delimiter = {"\\t": "\t", "\\s": " "}.get(given, given)

    def apply(event: Event) -> None:
        try:
            row = next(csv.reader([event.text(source)], delimiter=delimiter, quotechar=quote), [])
        except csv.Error as error:
            raise Failed(str(error)) from None
        names = [columns[n - 1] if n <= len(columns) else f"column_{n}" for n in range(1, len(row) + 1)]
        event.merge(dict(zip(names, row, strict=True)), destination)

    return apply


def parse_vpc(config: Doc) -> Apply:
    return _columns(_VPC, str.split)


def parse_route53(config: Doc) -> Apply:
    return _columns(_ROUTE53, str.split)


def parse_cloudfront(config: Doc) -> Apply:
    return _columns(_CLOUDFRONT, lambda text: re.split(r"\t+|\s{2,}|\s", text.strip()))


def _columns(names: Sequence[str], split: Callable[[str], list[str]]) -> Apply:
    def apply(event: Event) -> None:
        values = split(event.message)
        if len(values) != len(names):
            raise Failed(f"the event has {len(values)} fields, not {len(names)}")
        event.document.update(
            (name, text if name in _TEXTS else _typed(text)) for name, text in zip(names, values, strict=True)
        )

    return apply


def _typed(text: str) -> str | int | float:
    """Numbers as such; anything else decoded."""
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else unquote(text)


def parse_postgres(config: Doc) -> Apply:
    def apply(event: Event) -> None:
        match = _POSTGRES.match(event.message)
        if match is None:
            raise Failed("the event is not a line of a PostgreSQL log")
        event.document.update(match.groupdict())

    return apply


def parse_waf(config: Doc) -> Apply:
    read = parse_json({})

    def apply(event: Event) -> None:
        read(event)
        request = event.document.get("httpRequest")
        if isinstance(request, dict) and isinstance(request.get("headers"), list):
            request["headers"] = {one.get("name"): one.get("value") for one in request["headers"]}
        labels = event.document.get("labels")
        if isinstance(labels, list):
            event.document["labels"] = {key: value for one in labels for key, value in one.items()}

    return apply


PARSERS: Mapping[str, Callable[[Doc], Apply]] = {
    "parseJSON": parse_json,
    "parseKeyValue": parse_key_value,
    "csv": parse_csv,
}
VENDED: Mapping[str, Callable[[Doc], Apply]] = {
    "parseVPC": parse_vpc,
    "parseRoute53": parse_route53,
    "parseCloudfront": parse_cloudfront,
    "parsePostgres": parse_postgres,
    "parseWAF": parse_waf,
}
