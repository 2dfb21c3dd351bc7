"""dateTimeConverter: dates in the patterns of Java's DateTimeFormatter, read and written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trunkline.aws.service import Doc
from trunkline.services.logs.transform.event import Event, Failed
from trunkline.services.logs.transform.parsers import Apply

_DEFAULT = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z"
_PIECE = re.compile(r"'([^']*)'?|([A-Za-z])\2*|([^A-Za-z'])")
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?")
_EPOCHS = {"epoch": 1.0, "epoch_second": 1.0, "epoch_milli": 1e-3, "epoch_micro": 1e-6, "epoch_nano": 1e-9}
_ENGLISH = frozenset({"", "en", "en_us", "en-us", "en_gb", "en-gb", "root"})

# Java's letters, a run of them each, as Python's directives.
_DIRECTIVES = {
    "yyyy": "%Y", "y": "%Y", "uuuu": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d",
    "d": "%d", "DDD": "%j", "EEEE": "%A", "EEE": "%a", "E": "%a", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I",
    "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "a": "%p", "Z": "%z", "X": "%z", "XX": "%z", "XXX": "%z",
    "xxx": "%z", "z": "%Z",
}  # fmt: skip
_SHORT = {"M": "%m", "d": "%d", "H": "%H", "h": "%I", "m": "%M", "s": "%S"}


def converter(config: Doc) -> Apply:
    """ValueError: the configuration uses what is not supported, or is not valid."""
    if config.get("locale", "").lower() not in _ENGLISH:
        raise ValueError(f"the locale {config['locale']} is not supported: only English names are")
    source, target = _zone(config.get("sourceTimezone", "UTC")), _zone(config.get("targetTimezone", "UTC"))
    patterns = [(pattern, _directives(pattern)) for pattern in config["matchPatterns"]]
    wanted = config.get("targetFormat", _DEFAULT)
    _directives(wanted)

    def apply(event: Event) -> None:
        text = str(event.get(config["source"]))
        for pattern, directives in patterns:
            found = _read(text, pattern, directives, source)
            if found is not None:
                event.set(config["target"], _write(found.astimezone(target), wanted))
                return
        raise Failed(f"{config['source']} matches none of the patterns")

    return apply


def _zone(name: str) -> tzinfo:
    match = _OFFSET.fullmatch(name.removeprefix("UTC").removeprefix("GMT"))
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"the time zone {name} is not known") from None


def _pieces(pattern: str) -> list[tuple[str, str]]:
    """Letters and literal texts, in order."""
    return [
        ("text", match[1] or "'" if match[0].startswith("'") else match[0])
        if match[0].startswith("'") or match[3]
        else ("letters", match[0])
        for match in _PIECE.finditer(pattern)
    ]


def _directives(pattern: str) -> str:
    if pattern in _EPOCHS:
        return ""
    found = ""
    for kind, piece in _pieces(pattern):
        if kind == "text":
            found += piece.replace("%", "%%")
        elif set(piece) <= {"S", "n"}:
            found += "%f"
        elif piece in _DIRECTIVES:
            found += _DIRECTIVES[piece]
        else:
            raise ValueError(f"the date pattern {pattern} uses {piece}, which is not supported")
    return found


def _read(text: str, pattern: str, directives: str, zone: tzinfo) -> datetime | None:
    try:
        if pattern in _EPOCHS:
            return datetime.fromtimestamp(float(text) * _EPOCHS[pattern], UTC)
        if "%f" in directives:
            text = re.sub(r"([.,:]\d{6})\d+", r"\1", text)  # Python knows microseconds
        found = datetime.strptime(text, directives)  # noqa: DTZ007  the zone is put on below
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _write(time: datetime, pattern: str) -> str:
    if pattern in _EPOCHS:
        return str(int(time.timestamp() / _EPOCHS[pattern]))
    found = ""
    for kind, piece in _pieces(pattern):
        if kind == "text":
            found += piece
        elif set(piece) <= {"S", "n"}:
            found += f"{time.microsecond:06d}000"[: len(piece)]
        elif piece in _SHORT:
            found += str(int(time.strftime(_SHORT[piece])))
        elif piece in {"X", "XX", "XXX"} and not time.utcoffset():
            found += "Z"
        elif piece in {"XXX", "xxx"}:
            offset = time.strftime("%z")
            found += f"{offset[:3]}:{offset[3:5]}"
        else:
            found += time.strftime(_DIRECTIVES[piece])
    return found
