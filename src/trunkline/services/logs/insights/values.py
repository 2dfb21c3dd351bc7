"""SQL of a value, what kind of value it is, and how one kind becomes another.

What is discovered in events has no type: it is text, and counts as a number where it reads as one. Conversions never
fail: what does not convert is missing (NULL), as with AWS. Each uses the value's SQL once, so that nested calls do not
grow the statement beyond the query's own size.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """kind: any (text that may read as a number), number, time (milliseconds), flag, or json (a map or a list).

    `members`: it may be a map, whose members have paths. `is_json`: it is a member of the event's own JSON.
    """

    sql: str
    kind: str
    constant: float | str | bool | None = None
    members: bool = False
    is_json: bool = False

    @property
    def number(self) -> str:
        if self.kind == "number":
            return self.sql
        if self.kind == "json":
            return "CAST(NULL AS DOUBLE)"
        if self.kind in ("time", "flag"):
            return f"CAST({self.sql} AS DOUBLE)"
        return f"TRY_CAST({self.sql} AS DOUBLE)"

    @property
    def text(self) -> str:
        if self.kind == "number":
            return rf"regexp_replace(CAST({self.sql} AS VARCHAR), '\.0$', '')"
        if self.kind == "time":
            return f"strftime(make_timestamp_ms({self.sql}), '%Y-%m-%d %H:%M:%S.%g')"
        if self.kind == "flag":
            return f"CAST(CAST({self.sql} AS INTEGER) AS VARCHAR)"
        return self.sql

    @property
    def condition(self) -> str:
        if self.kind == "flag":
            return self.sql
        if self.kind == "any":
            return f"lower({self.sql}) IN ('true', '1')"
        return f"{self.number} <> 0"

    @property
    def time(self) -> str:
        return self.sql if self.kind == "time" else f"TRY_CAST({self.number} AS BIGINT)"

    @property
    def integer(self) -> str:
        return f"TRY_CAST(trunc({self.number}) AS BIGINT)"


MISSING = Value("CAST(NULL AS VARCHAR)", "any")


def number(sql: str) -> Value:
    return Value(sql, "number")


def text(sql: str) -> Value:
    return Value(sql, "any")


def flag(sql: str) -> Value:
    return Value(sql, "flag")


def time(sql: str) -> Value:
    return Value(sql, "time")
