"""@ptr: the text that stands for one log event in the results of queries."""

from __future__ import annotations

import base64
import binascii

from trunkline.aws.errors import AwsError
from trunkline.engines.telemetry import Cursor


def encode(group_id: str, *cursor: object) -> str:
    text = "/".join(str(part) for part in (group_id, *cursor))
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode(pointer: str) -> tuple[str, Cursor]:
    """The id of the group and the place of the event."""
    try:
        group_id, *places = base64.urlsafe_b64decode(pointer.encode()).decode().rsplit("/", 4)
        return group_id, Cursor(*(int(place) for place in places))
    except (binascii.Error, ValueError, TypeError):
        raise AwsError("InvalidParameterException", "The specified logRecordPointer is invalid.") from None
