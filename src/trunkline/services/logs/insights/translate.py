"""Expressions as SQL.

Two-valued, as AWS's: a comparison with a missing field is false, and so `!=` and `not` of it are true.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.functions import FUNCTIONS, Arguments
from trunkline.services.logs.insights.regexes import unescaped
from trunkline.services.logs.insights.relation import Relation, normal
from trunkline.services.logs.insights.values import Value, flag, number

_PLAIN = re.compile(r"[A-Za-z0-9 _.:@-]{2,}")
"""Text that JSON writes as it is, unless by \\u."""


class Translator:
    """Expressions over the rows of a relation. `subquery` gives the SQL of the one column of a nested query."""

    def __init__(self, relation: Relation, subquery: Callable[[tree.Query], str]) -> None:
        self.relation = relation
        self._statement = relation.statement
        self._subquery = subquery

    def condition(self, expression: tree.Expression) -> str:
        return self.value(expression).condition

    def value(self, expression: tree.Expression) -> Value:
        match expression:
            case tree.Field(path=path):
                return self.relation.value(path)
            case tree.Literal(value=value):
                return self._literal(value)
            case tree.Binary(operator="and" | "or" as word, left=left, right=right):
                return flag(f"({self.condition(left)} {word.upper()} {self.condition(right)})")
            case tree.Binary(operator="+" | "-" | "*" | "/" | "%" | "^"):
                return self._arithmetic(expression)
            case tree.Binary(operator=operator, left=left, right=right):
                return flag(self._comparison(operator, self.value(left), self.value(right)))
            case tree.Unary(operator="not", operand=operand):
                return flag(f"(({self.condition(operand)}) IS NOT TRUE)")
            case tree.Unary(operand=operand):
                return number(f"(- {self.value(operand).number})")
            case tree.Like():
                return self._like(expression)
            case tree.In():
                return self._in(expression)
            case tree.FunctionCall():
                return self._call(expression)
            case tree.Period():
                raise MalformedQuery("a period may only be an argument of a function of time")
            case _:
                raise MalformedQuery("unexpected expression")

    def _literal(self, value: float | str | bool) -> Value:
        if isinstance(value, bool):
            return Value("TRUE" if value else "FALSE", "flag", value)
        if isinstance(value, str):
            return Value(f"CAST({self._statement.add(value)} AS VARCHAR)", "any", value)
        return Value(f"CAST({value!r} AS DOUBLE)", "number", value)

    def _arithmetic(self, expression: tree.Binary) -> Value:
        left, right = self.value(expression.left).number, self.value(expression.right).number
        match expression.operator:
            case "/" | "%" as operator:
                return number(f"({left} {operator} nullif({right}, 0))")
            case "^":
                return number(f"pow({left}, {right})")
            case operator:
                return number(f"({left} {operator} {right})")

    # -- comparisons

    def _comparison(self, operator: str, left: Value, right: Value) -> str:
        if "json" in (left.kind, right.kind):
            return "TRUE" if operator == "!=" else "FALSE"
        sql = {"!=": "IS DISTINCT FROM"}.get(operator, operator)
        if _is_flag(left) or _is_flag(right):
            return f"(({left.condition}) {sql} ({right.condition}))"
        if left.kind == right.kind == "time":
            return f"({left.sql} {sql} {right.sql})"
        if left.kind != "any" and right.kind != "any":
            return f"({left.number} {sql} {right.number})"
        constant = left if left.constant is not None else right
        if constant.constant is None:
            return self._untyped(sql, left, right)
        if isinstance(constant.constant, float):
            return self._with_number(sql, left, right)
        if operator == "=" and left.is_json and _PLAIN.fullmatch(str(right.constant)):
            # JSON is read only where the text stands in it, or where it may be written with escapes.
            return f"((contains(message, {right.sql}) OR contains(message, '\\u')) AND {left.text} = {right.text})"
        if operator in ("=", "!=") or not _reads_as_number(constant.constant):
            return f"({left.text} {sql} {right.text})"
        return f"({left.number} {sql} {right.number})"

    def _with_number(self, sql: str, left: Value, right: Value) -> str:
        """A member that is true or false in JSON compares with 1 and 0."""
        compared = f"({left.number} {sql} {right.number})"
        if sql != "=" or right.constant not in (0.0, 1.0) or left.kind != "any":
            return compared
        left = self.relation.once(left)
        word = "true" if right.constant else "false"
        return f"({left.number} = {right.number} OR {left.sql} = '{word}')"

    def _untyped(self, sql: str, left: Value, right: Value) -> str:
        """As numbers where both read as numbers, else as text."""
        left, right = self.relation.once(left), self.relation.once(right)
        both = f"{left.number} IS NOT NULL AND {right.number} IS NOT NULL"
        return f"(CASE WHEN {both} THEN {left.number} {sql} {right.number} ELSE {left.text} {sql} {right.text} END)"

    def _like(self, expression: tree.Like) -> Value:
        value = self.value(expression.value).text
        if isinstance(expression.pattern, tree.Regex):
            sql = f"regexp_matches({value}, {self._statement.add(unescaped(expression.pattern.pattern))})"
        else:
            sql = f"contains({value}, {self.value(expression.pattern).text})"
        return flag(f"({sql} IS NOT TRUE)" if expression.negated else sql)

    def _in(self, expression: tree.In) -> Value:
        value = self.value(expression.value)
        if isinstance(expression.items, tree.Query):
            sql = f"({value.text} IN ({self._subquery(expression.items)}))"
        elif not expression.items:
            sql = "FALSE"
        else:
            value = self.relation.once(value)
            sql = f"({' OR '.join(self._alternatives(value, expression.items))})"
        return flag(f"({sql} IS NOT TRUE)" if expression.negated else sql)

    def _alternatives(self, value: Value, items: tuple[tree.Expression, ...]) -> list[str]:
        """The constants as one list of texts and one of numbers; the rest one by one."""
        constants = [item.value for item in items if isinstance(item, tree.Literal)]
        texts = [self._statement.add(one) for one in constants if isinstance(one, str)]
        numbers = [repr(float(one)) for one in constants if not isinstance(one, str)]
        others = [item for item in items if not isinstance(item, tree.Literal)]
        found = [f"{value.text} IN ({', '.join(texts)})"] if texts else []
        if numbers:
            found.append(f"{value.number} IN ({', '.join(numbers)})")
        return found + [self._comparison("=", value, self.value(item)) for item in others]

    # -- functions

    def _call(self, call: tree.FunctionCall) -> Value:
        named = self.relation.unnamed.get(normal(self.written(call)))
        if named is not None:
            return named
        function = FUNCTIONS.get(call.name)
        if function is None:
            raise MalformedQuery(f"Invalid function name: {call.written}", call.start, call.end)
        count = len(call.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            raise MalformedQuery(f"Invalid arguments for function: {call.written}", call.start, call.end)
        try:
            return function.build(Arguments(self, call))
        except MalformedQuery as error:
            if (error.start, error.end) == (0, 1):
                raise MalformedQuery(error.message, call.start, call.end) from None
            raise

    def written(self, call: tree.FunctionCall) -> str:
        return self._statement.text[call.start : call.end]


def _is_flag(value: Value) -> bool:
    return value.kind == "flag"


def _reads_as_number(constant: object) -> bool:
    try:
        float(str(constant))
    except ValueError:
        return False
    return True
