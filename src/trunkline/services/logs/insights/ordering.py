"""AWS's natural order: what is no number before numbers; digits within text compared by their length, then value.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Sort.html
"""

from __future__ import annotations

from trunkline.services.logs.insights.values import Value

_DIGITS = 20


def keys(value: Value) -> list[str]:
    """What to order by, the most important first. The value's SQL should be short: it is used several times."""
    if value.kind in ("number", "time", "flag"):
        return [value.sql]
    return [f"({value.number} IS NOT NULL)", value.number, _padded(value.text)]


def single(value: Value) -> str:
    """The same as one value that compares so."""
    found = keys(value)
    return found[0] if len(found) == 1 else f"row({', '.join(found)})"


def _padded(sql: str) -> str:
    """Runs of digits filled up to one length with what sorts before any digit."""
    filled = rf"regexp_replace({sql}, '(\d+)', repeat(chr(1), {_DIGITS}) || '\1', 'g')"
    return rf"regexp_replace({filled}, '[\x01]*([\x01\d]{{{_DIGITS}}})(\D|$)', '\1\2', 'g')"
