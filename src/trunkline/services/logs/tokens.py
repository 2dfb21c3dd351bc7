"""The opaque texts that stand for a place in the log: event ids and page tokens.

A place is a boundary just before an event. A forward token reads from the boundary on, a backward token up to it, so
the two tokens of an empty page still say the same place and nothing is skipped by turning round.
"""

from __future__ import annotations

import re

from trunkline.aws.errors import AwsError
from trunkline.engines.telemetry import Cursor

_TOKEN = re.compile(r"([fb])/([0-9]{14})([0-9]{11})([0-9]{15})([0-9]{16})/s")


def event_id(cursor: Cursor) -> str:
    """56 digits, like AWS's, and in the order of the events."""
    return f"{cursor.time_ms:014d}{cursor.slice_start_s:011d}{cursor.batch:015d}{cursor.place:016d}"


def behind(cursor: Cursor) -> Cursor:
    """The boundary just behind an event."""
    return cursor._replace(place=cursor.place + 1)


def last_before(boundary: Cursor) -> Cursor:
    """What the engine calls `after` to start at a boundary."""
    return boundary._replace(place=boundary.place - 1)


def encode(boundary: Cursor, *, backward: bool) -> str:
    return f"{'b' if backward else 'f'}/{event_id(boundary)}/s"


def decode(token: str) -> tuple[Cursor, bool]:
    """The boundary and whether the token reads backward from it."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.")
    return Cursor(*(int(part) for part in match.groups()[1:])), match[1] == "b"
