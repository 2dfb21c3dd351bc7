"""Event patterns: JSON that says which JSON it matches, as in EventBridge's rules and SNS's filter policies.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html

A pattern is compiled once into a tree of tests. Objects must match in every field named; an array of the event matches
when any of its elements does; a list in the pattern is satisfied by any of its matchers.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

Test = Callable[[Any], bool]
"""Of a value of the event, or ABSENT."""


class _Absent:
    pass


ABSENT = _Absent()


class PatternError(ValueError):
    """The pattern cannot be; the message says where and why."""


class Pattern:
    """A compiled pattern; `matches` is cheap and may be asked from any thread."""

    def __init__(self, test: Test) -> None:
        self._test = test

    def matches(self, event: Any) -> bool:
        """Whether the event (parsed JSON) matches."""
        return self._test(event)


def compile_pattern(text: str) -> Pattern:
    """Compile the JSON of a pattern."""
    try:
        pattern = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PatternError(f"it is not valid JSON: {error}") from None
    return compile_document(pattern)


def compile_document(pattern: Any) -> Pattern:
    """Compile a pattern that is parsed already."""
    if not isinstance(pattern, dict):
        raise PatternError("Filter is not an object")
    if not pattern:
        raise PatternError("Empty JSON is not allowed")
    return Pattern(_object(pattern, ""))


def _object(pattern: Mapping[str, Any], path: str) -> Test:
    if not pattern:
        raise PatternError(f"Empty objects are not allowed{_at(path)}")
    tests: list[tuple[str, Test]] = []
    either: list[Test] = []
    for key, value in pattern.items():
        here = f"{path}.{key}" if path else key
        if key == "$or" and isinstance(value, list):
            either.append(_either(value, here))
        elif isinstance(value, dict):
            tests.append((key, _object(value, here)))
        elif isinstance(value, list):
            tests.append((key, _leaf(value, here)))
        else:
            raise PatternError(f'"{key}" must be an object or an array')

    def test(value: Any) -> bool:
        if isinstance(value, list):
            return any(test(element) for element in value)
        if not isinstance(value, dict):
            # Only tests for absence can hold of what is not there.
            value = {}
        return all(one(value.get(key, ABSENT)) for key, one in tests) and all(one(value) for one in either)

    return test


def _either(alternatives: Sequence[Any], path: str) -> Test:
    if len(alternatives) < 2 or not all(isinstance(one, dict) for one in alternatives):
        raise PatternError('"$or" must be an array of at least two objects')
    tests = [_object(one, path) for one in alternatives]
    return lambda value: any(test(value) for test in tests)


def _leaf(matchers: Sequence[Any], path: str) -> Test:
    if not matchers:
        raise PatternError(f"Empty arrays are not allowed{_at(path)}")
    tests = [_matcher(one, path) for one in matchers]
    absence = [test for test, of_absence in tests if of_absence]
    presence = [test for test, of_absence in tests if not of_absence]

    def test(value: Any) -> bool:
        if any(one(value) for one in absence):
            return True
        if isinstance(value, list):
            return any(one(element) for element in value for one in presence)
        if value is ABSENT or isinstance(value, dict):
            return False
        return any(one(value) for one in presence)

    return test


def _matcher(matcher: Any, path: str) -> tuple[Test, bool]:
    """The test of one matcher, and whether it is about the whole value, absent or not, rather than its elements."""
    if not isinstance(matcher, dict):
        if isinstance(matcher, list):
            raise PatternError(f"Match value must be String, number, true, false, or null{_at(path)}")
        return _equal(matcher), False
    if len(matcher) != 1:
        raise PatternError(f"Only one key allowed in match expression{_at(path)}")
    ((name, operand),) = matcher.items()
    if name == "exists":
        if not isinstance(operand, bool):
            raise PatternError("exists match pattern must be either true or false.")
        return (lambda value: (_there(value)) is operand), True
    if name == "anything-but":
        negated = _anything_but(operand, path)
        return (lambda value: _any_other(value, negated)), True
    make = _OPERATORS.get(name)
    if make is None:
        raise PatternError(f"Unrecognized match type {name}")
    return make(operand, path), False


def _there(value: Any) -> bool:
    return value is not ABSENT and not isinstance(value, dict)


def _any_other(value: Any, named: Test) -> bool:
    """anything-but: of an array, some element must be none of those named."""
    if value is ABSENT or isinstance(value, dict):
        return False
    if isinstance(value, list):
        return any(not named(element) for element in value)
    return not named(value)


def _equal(wanted: Any) -> Test:
    if isinstance(wanted, bool) or wanted is None:
        return lambda value: value is wanted
    if isinstance(wanted, (int, float)):
        return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and value == wanted
    return lambda value: isinstance(value, str) and value == wanted


def _texts(operand: Any, name: str, path: str) -> list[str]:
    texts = operand if isinstance(operand, list) else [operand]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise PatternError(f"{name} match pattern must be a string{_at(path)}")
    return texts


def _anything_but(operand: Any, path: str) -> Test:
    if isinstance(operand, dict):
        if len(operand) != 1:
            raise PatternError(f"Only one key allowed in match expression{_at(path)}")
        ((name, inner),) = operand.items()
        if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise PatternError(f"Unsupported anything-but pattern: {name}")
        tests = [_OPERATORS[name](text, path) for text in _texts(inner, name, path)]
        return lambda value: any(test(value) for test in tests)
    values = operand if isinstance(operand, list) else [operand]
    if not values or any(isinstance(value, (dict, list)) for value in values):
        raise PatternError(f"Inside anything-but, only strings and numbers are supported{_at(path)}")
    tests = [_equal(value) for value in values]
    return lambda value: any(test(value) for test in tests)


def _prefix(operand: Any, path: str) -> Test:
    text, fold = _affix(operand, "prefix", path)
    if fold:
        return lambda value: isinstance(value, str) and value.casefold().startswith(text)
    return lambda value: isinstance(value, str) and value.startswith(text)


def _suffix(operand: Any, path: str) -> Test:
    text, fold = _affix(operand, "suffix", path)
    if fold:
        return lambda value: isinstance(value, str) and value.casefold().endswith(text)
    return lambda value: isinstance(value, str) and value.endswith(text)


def _affix(operand: Any, name: str, path: str) -> tuple[str, bool]:
    if isinstance(operand, dict) and list(operand) == ["equals-ignore-case"]:
        inner = operand["equals-ignore-case"]
        if isinstance(inner, str):
            return inner.casefold(), True
    if not isinstance(operand, str):
        raise PatternError(f"{name} match pattern must be a string{_at(path)}")
    return operand, False


def _ignore_case(operand: Any, path: str) -> Test:
    if not isinstance(operand, str):
        raise PatternError(f"equals-ignore-case match pattern must be a string{_at(path)}")
    wanted = operand.casefold()
    return lambda value: isinstance(value, str) and value.casefold() == wanted


def _wildcard(operand: Any, path: str) -> Test:
    if not isinstance(operand, str):
        raise PatternError(f"wildcard match pattern must be a string{_at(path)}")
    twice = re.search(r"(?<!\\)(?:\\\\)*(\*\*)", operand)
    if twice:
        raise PatternError(f"Consecutive wildcard characters at pos {twice.start(1)}")
    pieces = re.split(r"(\\[*\\]|\*)", operand)
    pattern = "".join(
        ".*" if piece == "*" else re.escape(piece[1:] if piece[:1] == "\\" else piece) for piece in pieces
    )
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _numeric(operand: Any, path: str) -> Test:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise PatternError(f"Value of numeric must be an array of one or two comparisons{_at(path)}")
    bounds: list[tuple[Callable[[float, float], bool], float]] = []
    for name, bound in zip(operand[::2], operand[1::2], strict=True):
        if not isinstance(name, str) or name not in _COMPARISONS:
            raise PatternError(f"Unrecognized numeric range operator: {name}")
        if isinstance(bound, bool) or not isinstance(bound, (int, float)):
            raise PatternError(f"Value of {name} must be numeric")
        bounds.append((_COMPARISONS[name], bound))
    if len(bounds) == 2 and (
        operand[0] not in (">", ">=") or operand[2] not in ("<", "<=") or operand[1] >= operand[3]
    ):
        raise PatternError("Bottom must be less than top")

    def test(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return all(compare(value, bound) for compare, bound in bounds)

    return test


def _cidr(operand: Any, path: str) -> Test:
    try:
        if not isinstance(operand, str):
            raise ValueError("a number, too, would be an address")
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise PatternError(f"Malformed CIDR, one '/' required{_at(path)}") from None

    def test(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


_OPERATORS: dict[str, Callable[[Any, str], Test]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
}


def _at(path: str) -> str:
    return f" at {path}" if path else ""
