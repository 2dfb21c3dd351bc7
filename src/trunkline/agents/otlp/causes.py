"""Whether a span failed, by whose fault, and the exceptions that were recorded in it."""

import hashlib
import re
from typing import Any

from trunkline.agents.otlp.attributes import Attributes, attributes
from trunkline.aws.service import Doc

_FAILED = 2  # the status code of a span that its application calls an error
_MOST_FRAMES = 50
_FRAMES = {
    "python": re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+), in (?P<label>.+)$', re.M),
    "java": re.compile(r"^\s*at (?P<label>[\w.$<>/]+)\((?P<path>[^:()]+)(?::(?P<line>\d+))?\)$", re.M),
    "javascript": re.compile(r"^\s*at (?:(?P<label>[^(\n]+) \()?(?P<path>[^():\n]+):(?P<line>\d+):\d+\)?$", re.M),
}


def cause_of(span: Any, own: Attributes, http_status: int | None) -> Doc:
    """`fault`, `error`, `throttle` and `cause` as they apply. An HTTP status says more than a span's own."""
    has_failed = span.status.code == _FAILED
    doc: Doc = {}
    if http_status is not None and 400 <= http_status < 500:
        doc["error"] = True
        if http_status == 429:
            doc["throttle"] = True
    elif has_failed or (http_status is not None and 500 <= http_status < 600):
        doc["fault"] = True
    exceptions = [
        _exception(span, position, attributes(event.attributes))
        for position, event in enumerate(span.events)
        if event.name == "exception"
    ]
    if not exceptions and has_failed and span.status.message:
        told = {"exception.type": str(own.get("error.type", "")), "exception.message": span.status.message}
        exceptions = [_exception(span, 0, told)]
    if exceptions and doc:
        doc["cause"] = {"working_directory": "", "exceptions": exceptions}
    return doc


def _exception(span: Any, position: int, told: Attributes) -> Doc:
    trace = str(told.get("exception.stacktrace") or "")
    stack = _stack(trace)
    found = {
        "id": hashlib.sha256(span.span_id + bytes([position % 256])).hexdigest()[:16],
        "type": str(told.get("exception.type") or "Error"),
        "message": str(told.get("exception.message") or ""),
    }
    return {**found, "stack": stack} if stack else found


def _stack(trace: str) -> list[Doc]:
    """The frames of a stack trace, the innermost first, in whichever language's form it is."""
    for language, form in _FRAMES.items():
        frames = [
            {"path": one["path"], "line": int(one["line"] or 0), "label": (one["label"] or "<anonymous>").strip()}
            for one in form.finditer(trace[:100_000])
        ]
        if frames:
            return (frames[::-1] if language == "python" else frames)[:_MOST_FRAMES]
    return []
