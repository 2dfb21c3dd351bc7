"""Which bytes of an object a read gives: a range, one part of a multipart object, or everything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.services.s3 import errors
from trunkline.services.s3.conditions import byte_range
from trunkline.services.s3.model import ObjectVersion


@dataclass(frozen=True, slots=True)
class Window:
    """`length` bytes from `start`, and the members of the answer that say so (none when it is everything)."""

    start: int
    length: int
    members: dict[str, Any] = field(default_factory=dict)


def window(found: ObjectVersion, request: Mapping[str, Any]) -> Window:
    """The bytes that Range or PartNumber ask for; 416 when they are not there."""
    number = request.get("PartNumber")
    asked = request.get("Range")
    if number is not None:
        if asked is not None:
            raise errors.invalid_request("Cannot specify both Range header and partNumber query parameter")
        return _part(found, number)
    cut = byte_range(asked, found.size)
    if cut is None:
        return Window(0, found.size)
    start, length = cut
    return Window(start, length, {"ContentRange": f"bytes {start}-{start + length - 1}/{found.size}"})


def _part(found: ObjectVersion, number: int) -> Window:
    if not found.parts:
        if number != 1:
            raise _no_part(number, 1)
        return Window(0, found.size, _described(0, found.size, found.size) if found.size else {})
    start = 0
    for part in found.parts:
        if part.number == number:
            members = _described(start, part.size, found.size) if part.size else {}
            return Window(start, part.size, {**members, "PartsCount": len(found.parts)})
        start += part.size
    raise _no_part(number, len(found.parts))


def _described(start: int, length: int, size: int) -> dict[str, Any]:
    return {"ContentRange": f"bytes {start}-{start + length - 1}/{size}"}


def _no_part(number: int, count: int) -> AwsError:
    return AwsError(
        "InvalidPartNumber",
        "The requested partnumber is not satisfiable",
        status=416,
        PartNumberRequested=str(number),
        ActualPartCount=str(count),
    )
