"""YAML that strangers wrote: read without letting it harm the process.

The C parser builds nested values by recursion, so a hundred thousand brackets end the process with a segmentation
fault; and a few aliases of aliases stand for more values than fit into memory. Both are found from the parser's events,
which cost neither recursion nor memory, before anything is built.
"""

from typing import Any

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_VALUES = 50_000
_FAST = hasattr(yaml, "CSafeLoader")
_Base: Any = yaml.CSafeLoader if _FAST else yaml.SafeLoader


class YamlError(ValueError):
    """The text cannot be used: `problem` says why, `line` where (from 1), if that is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"{problem} (line {line})" if line else problem)
        self.problem = problem
        self.line = line


class _Words(_Base):  # type: ignore[misc]
    """Every plain scalar is text: `version: 0.2` and `PORT: 8080` mean what is written."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


def load(text: str, *, words: bool = False) -> Any:
    """The value of a document of plain types; with `words` every scalar is text. YamlError."""
    if len(text) > MAX_BYTES:
        raise YamlError(f"it is larger than {MAX_BYTES:,} characters")
    try:
        _measure(text)
        return yaml.load(text, Loader=_Words if words else _Base)  # noqa: S506 (safe loaders)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
        raise YamlError(" ".join(str(problem).split()), mark.line + 1 if mark else None) from error
    except (ValueError, TypeError, OverflowError) as error:  # such as a date that does not exist
        if isinstance(error, YamlError):
            raise
        raise YamlError(" ".join(str(error).split()) or "it is not YAML") from error


def _measure(text: str) -> None:
    """Raise YamlError for what is nested too deeply or stands for too many values."""
    known: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=_Base):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, 1))
            if len(open_) > MAX_DEPTH:
                raise YamlError("it is nested too deeply", line)
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_.pop()
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in known:
                raise YamlError(f"the alias {event.anchor} stands for nothing before it", line)
            anchor, size = None, known[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, 1
        else:
            continue
        if anchor is not None:
            known[anchor] = size
        outer, total = open_[-1]
        open_[-1] = (outer, total + size)
        if total + size > MAX_VALUES:
            raise YamlError("it stands for too many values", line)
