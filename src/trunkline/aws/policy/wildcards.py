"""Patterns with * and ?, and the ${variables} in them."""

import re
from collections.abc import Callable, Sequence

Values = Callable[[str], Sequence[str] | None]
Match = Callable[[str, Values], bool]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERAL = {"*": r"\*", "?": r"\?", "$": r"\$"}


_Token = str | None  # a piece of a regular expression; None is a star


def _tokens(pattern: str) -> list[_Token]:
    return [None if c == "*" else "." if c == "?" else re.escape(c) for c in pattern]


def _joined(tokens: Sequence[_Token]) -> str:
    """The expression. Stars but the last are atomic: a pattern like *a*a*a*b would else take minutes on a long name."""
    segments = [""]
    for token in tokens:
        if token is None:
            segments.append("")
        else:
            segments[-1] += token
    if len(segments) == 1:
        return segments[0]
    middle = "".join(f"(?>.*?{segment})" for segment in segments[1:-1] if segment)
    return f"{segments[0]}{middle}.*{segments[-1]}"


def translate(pattern: str) -> str:
    """The regular expression of a pattern without variables."""
    return _joined(_tokens(pattern))


def regex_of(pattern: str, values: Values) -> re.Pattern[str] | None:
    """The expression of a pattern whose variables are taken from the request; None when one has no value."""
    out: list[_Token] = []
    for place, part in enumerate(_VARIABLE.split(pattern)):
        if place % 2 == 0:
            out += _tokens(part)
        elif part in _LITERAL:
            out.append(_LITERAL[part])
        else:
            value = _value(part, values)
            if value is None:
                return None
            out.append(re.escape(value))
    return re.compile(_joined(out), re.DOTALL)


def substituted(text: str, values: Values) -> str | None:
    """A text whose variables are replaced, for comparisons that know no wildcards."""
    missing = False

    def put(found: re.Match[str]) -> str:
        nonlocal missing
        name = found.group(1)
        if name in _LITERAL:
            return name
        value = _value(name, values)
        missing = missing or value is None
        return value or ""

    result = _VARIABLE.sub(put, text)
    return None if missing else result


def _value(variable: str, values: Values) -> str | None:
    name, comma, default = variable.partition(",")
    found = values(name.strip())
    if found and len(found) == 1:
        return found[0]
    return default.strip().strip("'") if comma else None


def matcher(patterns: Sequence[str], *, variables: bool, ignore_case: bool = False) -> Match:
    """One test for all the patterns; those with variables are compiled for each request, the others now."""
    dynamic = [p for p in patterns if variables and "${" in p]
    fixed = [p for p in patterns if not (variables and "${" in p)]
    if "*" in fixed:
        return lambda _text, _values: True
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    search = re.compile("|".join(map(translate, fixed)), flags).fullmatch if fixed else None
    if not dynamic:
        return lambda text, _values: search is not None and search(text) is not None

    def match(text: str, values: Values) -> bool:
        if search is not None and search(text):
            return True
        return any((regex := regex_of(p, values)) is not None and regex.fullmatch(text) for p in dynamic)

    return match
