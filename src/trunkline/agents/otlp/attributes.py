"""OpenTelemetry's attribute values as plain Python ones."""

import base64
from collections.abc import Iterable
from typing import Any

Attributes = dict[str, Any]


def attributes(pairs: Iterable[Any]) -> Attributes:
    """KeyValue messages as a dict."""
    return {pair.key: value(pair.value) for pair in pairs}


def value(any_value: Any) -> Any:
    """An AnyValue message: text, truth, number, bytes (as base64), list or dict; None for none."""
    kind = any_value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(any_value, kind)
    if kind == "array_value":
        return [value(one) for one in held.values]
    if kind == "kvlist_value":
        return attributes(held.values)
    if kind == "bytes_value":
        return base64.b64encode(held).decode()
    return held


def first(found: Attributes, *names: str) -> Any:
    """The value of the first of these names that is there: new names of a convention before old ones."""
    for name in names:
        if found.get(name) not in (None, ""):
            return found[name]
    return None


def without_nothing(doc: dict[str, Any]) -> dict[str, Any]:
    """Without members that are None, empty text or empty collections."""
    return {key: held for key, held in doc.items() if held is not None and held not in ("", {}, [])}
