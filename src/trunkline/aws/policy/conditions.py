"""The Condition element: operators, their missing-key rules, and the two set quantifiers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from trunkline.aws.policy.wildcards import Values, regex_of, substituted

Test = Callable[[Values], bool]
Compare = Callable[[str, str, Values], bool]


def _same(value: str, wanted: str, values: Values) -> bool:
    return value == substituted(wanted, values)


def _same_any_case(value: str, wanted: str, values: Values) -> bool:
    text = substituted(wanted, values)
    return text is not None and value.casefold() == text.casefold()


def _like(value: str, wanted: str, values: Values) -> bool:
    pattern = regex_of(wanted, values)
    return pattern is not None and pattern.fullmatch(value) is not None


def _arn_like(value: str, wanted: str, values: Values) -> bool:
    """Each of the six parts by itself: a * in the account does not reach into the resource."""
    have, want = value.split(":", 5), wanted.split(":", 5)
    if len(have) != 6 or len(want) != 6:
        return wanted == "*" and len(have) == 6
    return all(_like(h, w, values) for h, w in zip(have, want, strict=True))


def _number(compare: Callable[[float, float], bool]) -> Compare:
    def test(value: str, wanted: str, values: Values) -> bool:
        try:
            return compare(float(value), float(substituted(wanted, values) or ""))
        except ValueError:
            return False

    return test


def _date(compare: Callable[[float, float], bool]) -> Compare:
    def test(value: str, wanted: str, values: Values) -> bool:
        have, want = _instant(value), _instant(substituted(wanted, values) or "")
        return have is not None and want is not None and compare(have, want)

    return test


@lru_cache(maxsize=512)
def _instant(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _bool(value: str, wanted: str, values: Values) -> bool:
    return value.lower() == (substituted(wanted, values) or "").lower()


def _binary(value: str, wanted: str, values: Values) -> bool:
    try:
        return base64.b64decode(value) == base64.b64decode(wanted)
    except ValueError:
        return False


@lru_cache(maxsize=512)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _ip(value: str, wanted: str, values: Values) -> bool:
    network = _network(wanted)
    try:
        return network is not None and ipaddress.ip_address(value) in network
    except ValueError:
        return False


# operator -> (comparison, whether it is the negation of one)
_OPERATORS: dict[str, tuple[Compare, bool]] = {
    "StringEquals": (_same, False),
    "StringNotEquals": (_same, True),
    "StringEqualsIgnoreCase": (_same_any_case, False),
    "StringNotEqualsIgnoreCase": (_same_any_case, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "NumericEquals": (_number(operator.eq), False),
    "NumericNotEquals": (_number(operator.eq), True),
    "NumericLessThan": (_number(operator.lt), False),
    "NumericLessThanEquals": (_number(operator.le), False),
    "NumericGreaterThan": (_number(operator.gt), False),
    "NumericGreaterThanEquals": (_number(operator.ge), False),
    "DateEquals": (_date(operator.eq), False),
    "DateNotEquals": (_date(operator.eq), True),
    "DateLessThan": (_date(operator.lt), False),
    "DateLessThanEquals": (_date(operator.le), False),
    "DateGreaterThan": (_date(operator.gt), False),
    "DateGreaterThanEquals": (_date(operator.ge), False),
    "Bool": (_bool, False),
    "BinaryEquals": (_binary, False),
    "IpAddress": (_ip, False),
    "NotIpAddress": (_ip, True),
    "ArnEquals": (_arn_like, False),
    "ArnLike": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnNotLike": (_arn_like, True),
}
_BY_LOWER_NAME = {name.lower(): found for name, found in _OPERATORS.items()}


def compile_conditions(block: Mapping[str, Mapping[str, Any]]) -> list[Test]:
    """All of these must hold; ValueError names an operator that does not exist."""
    tests: list[Test] = []
    for name, keys in block.items():
        quantifier, colon, rest = name.partition(":")
        plain = rest if colon else name
        if_exists = plain.lower().endswith("ifexists")
        plain = plain[: -len("IfExists")] if if_exists else plain
        if colon and quantifier.lower() not in ("forallvalues", "foranyvalue"):
            raise ValueError(name)
        for key, wanted in keys.items():
            texts = [_text(v) for v in (wanted if isinstance(wanted, list) else [wanted])]
            if plain.lower() == "null" and not colon:
                tests.append(_null(key, texts))
            elif plain.lower() in _BY_LOWER_NAME:
                compare, negated = _BY_LOWER_NAME[plain.lower()]
                quantified = quantifier.lower() if colon else ""
                test = _test(key, texts, compare, negated=negated, quantifier=quantified, if_exists=if_exists)
                tests.append(test)
            else:
                raise ValueError(name)
    return tests


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _null(key: str, wanted: Sequence[str]) -> Test:
    want_missing = any(text.lower() == "true" for text in wanted)
    return lambda values: (not values(key)) == want_missing


def _test(
    key: str, wanted: Sequence[str], compare: Compare, *, negated: bool, quantifier: str, if_exists: bool
) -> Test:
    def test(values: Values) -> bool:
        have = values(key)
        if not have:
            # A negated operator holds when there is nothing to compare, and so does "for all".
            return if_exists or quantifier == "forallvalues" or (negated and quantifier == "")
        hits = (any(compare(value, text, values) for text in wanted) != negated for value in have)
        return any(hits) if quantifier == "foranyvalue" or (quantifier == "" and not negated) else all(hits)

    return test
