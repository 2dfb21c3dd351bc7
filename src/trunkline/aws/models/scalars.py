"""How scalars are written where a request comes from: as JSON, as text (query, XML, headers), or as Python values."""

import base64
import binascii
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from trunkline.aws.models import timestamps
from trunkline.aws.models.shapes import Shape
from trunkline.aws.models.types import INT_BOUNDS

_SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Mismatch(Exception):
    """A value of the wrong type: nothing that a constraint could be asked about."""

    def __init__(self, expected: str, value: Any, path: str) -> None:
        super().__init__(f"{path or 'the request'} is not a {expected}")
        self.expected = expected
        self.value = value
        self.path = path


class Scalars:
    """Readers of one way of writing; each takes a value and returns it typed, or raises ValueError."""

    def __init__(self, name: str, **readers: Callable[[Any], Any]) -> None:
        self.name = name
        self._readers = readers

    def read(self, shape: Shape, value: Any, path: str) -> Any:
        reader = self._readers.get(shape.type)
        if reader is None:
            return value
        try:
            read = reader(value)
        except (ValueError, TypeError, OverflowError):
            raise Mismatch(shape.type, value, path) from None
        bounds = INT_BOUNDS.get(shape.type)
        if bounds and not bounds[0] <= read <= bounds[1]:
            raise Mismatch(shape.type, value, path)
        return read


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    value.encode()  # half of a surrogate pair is no text
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        raise ValueError
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, str) and value in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    return float(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ValueError
    return bytes(value)


def _base64(value: Any) -> bytes:
    try:
        # Clients leave padding away, and break lines.
        text = "".join(value.split())
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, AttributeError) as error:
        raise ValueError from error


def _timestamp(value: Any) -> datetime:
    return timestamps.parse(value)


def _text_integer(value: Any) -> int:
    text = _string(value).strip()
    if not text.isascii():
        raise ValueError
    return int(text)


def _text_float(value: Any) -> float:
    text = _string(value).strip()
    return _SPECIAL_FLOATS[text] if text in _SPECIAL_FLOATS else float(text)


def _text_boolean(value: Any) -> bool:
    text = _string(value).strip().lower()
    if text not in ("true", "false", "1", "0"):
        raise ValueError
    return text in ("true", "1")


JSON = Scalars(
    "json",
    string=_string,
    integer=_integer,
    long=_integer,
    float=_float,
    double=_float,
    boolean=_boolean,
    timestamp=_timestamp,
    blob=_base64,
)
TEXT = Scalars(
    "text",
    string=_string,
    integer=_text_integer,
    long=_text_integer,
    float=_text_float,
    double=_text_float,
    boolean=_text_boolean,
    timestamp=_timestamp,
    blob=_base64,
)
PYTHON = Scalars(
    "python",
    string=_string,
    integer=_integer,
    long=_integer,
    float=_float,
    double=_float,
    boolean=_boolean,
    timestamp=_timestamp,
    blob=_bytes,
)
