"""Reads expressions: or, and, not, comparisons, sums, products, powers, calls."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights import regexes, tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.lexer import Lexer, Token
from trunkline.services.logs.insights.units import period

_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MAX_DEPTH = 40
RESERVED = frozenset({"and", "or", "not", "in", "like", "as", "by"})


class Expressions:
    """`subquery` reads what stands in the brackets of `in (…)`."""

    def __init__(self, lexer: Lexer, subquery: Callable[[], tree.Query]) -> None:
        self._lexer = lexer
        self._subquery = subquery
        self._depth = 0

    # -- what commands need

    def expression(self) -> tree.Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            token = self._lexer.peek
            raise MalformedQuery("the query is nested too deeply", token.start, token.end)
        try:
            return self._any_of()
        finally:
            self._depth -= 1

    def sum(self) -> tree.Expression:
        left = self._product()
        while self._lexer.peek.text in ("+", "-"):
            left = tree.Binary(self._lexer.next().text, left, self._product())
        return left

    def column(self) -> tree.Column:
        start = self._lexer.peek.start
        expression = self.expression()
        written = self._lexer.text[start : self._lexer.last_end].strip()
        if self.accept("as"):
            return tree.Column(expression, self.name(), True)
        name = expression.name if isinstance(expression, tree.Field) else written
        return tree.Column(expression, name, False)

    def field(self) -> tree.Field:
        token = self._lexer.next()
        if token.kind != "path" or token.word in RESERVED:
            raise self._lexer.unexpected(token)
        return tree.Field(token.segments, token.start, token.end)

    def name(self) -> str:
        """The name of a new field."""
        token = self._lexer.next()
        if token.kind == "string":
            return token.value
        if token.kind != "path":
            raise self._lexer.unexpected(token)
        return ".".join(token.segments)

    def accept(self, *words: str) -> Token | None:
        """The next token, taken, if it is one of these symbols or keywords."""
        token = self._lexer.peek
        if (token.word if token.kind == "path" else token.text) in words and token.kind != "string":
            return self._lexer.next()
        return None

    def expect(self, *words: str) -> Token:
        token = self.accept(*words)
        if token is None:
            raise self._lexer.unexpected()
        return token

    # -- precedence, loosest first

    def _any_of(self) -> tree.Expression:
        left = self._all_of()
        while self.accept("or"):
            left = tree.Binary("or", left, self._all_of())
        return left

    def _all_of(self) -> tree.Expression:
        left = self._negation()
        while self.accept("and"):
            left = tree.Binary("and", left, self._negation())
        return left

    def _negation(self) -> tree.Expression:
        negations = 0
        while self.accept("not"):
            negations += 1
        inner = self._comparison()
        return tree.Unary("not", inner) if negations % 2 else inner

    def _comparison(self) -> tree.Expression:
        left = self.sum()
        token = self._lexer.peek
        if token.text in _COMPARISONS:
            self._lexer.next()
            return tree.Binary(_COMPARISONS[token.text], left, self.sum())
        negated = self.accept("not") is not None
        if self.accept("in"):
            return tree.In(left, self._items(), negated)
        if self.accept("like", "=~"):
            return tree.Like(left, self._regex() or self.sum(), negated)
        if negated:
            raise self._lexer.unexpected()
        return left

    def _items(self) -> tuple[tree.Expression, ...] | tree.Query:
        if self.accept("("):
            query = self._subquery()
            self.expect(")")
            return query
        self.expect("[")
        items: list[tree.Expression] = []
        while not self.accept("]"):
            if items:
                self.expect(",")
            items.append(self.sum())
        return tuple(items)

    def _product(self) -> tree.Expression:
        left = self._power()
        while self._lexer.peek.text in ("*", "/", "%"):
            left = tree.Binary(self._lexer.next().text, left, self._power())
        return left

    def _power(self) -> tree.Expression:
        left = self._factor()
        if self.accept("^"):
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise MalformedQuery("the query is nested too deeply", self._lexer.last_end)
            right = self._power()
            self._depth -= 1
            return tree.Binary("^", left, right)
        return left

    def _factor(self) -> tree.Expression:
        token = self._lexer.next()
        if token.kind == "number":
            return tree.Literal(float(token.text))
        if token.kind == "string":
            return tree.Literal(token.value)
        if token.kind == "duration":
            return period(token)
        if token.text == "-":
            return self._negative()
        if token.text == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if token.kind != "path" or token.word in RESERVED:
            raise self._lexer.unexpected(token)
        if self._lexer.peek.text == "(" and len(token.segments) == 1 and not token.text.startswith("`"):
            return self._call(token)
        if token.word in ("true", "false"):
            return tree.Literal(token.word == "true")
        return tree.Field(token.segments, token.start, token.end)

    def _negative(self) -> tree.Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise MalformedQuery("the query is nested too deeply", self._lexer.last_end)
        operand = self._factor()
        self._depth -= 1
        if isinstance(operand, tree.Literal) and isinstance(operand.value, float):
            return tree.Literal(-operand.value)
        return tree.Unary("-", operand)

    def _call(self, name: Token) -> tree.Expression:
        self._lexer.next()
        arguments: list[tree.Expression] = []
        while not self.accept(")"):
            if arguments:
                self.expect(",")
            arguments.append(self._argument())
        return tree.FunctionCall(
            name.word.replace("_", ""), tuple(arguments), name.start, self._lexer.last_end, name.text
        )

    def _argument(self) -> tree.Expression:
        if self._lexer.peek.text == "*":
            self._lexer.next()
            return tree.Star()
        return self._regex() or self.expression()

    def _regex(self) -> tree.Regex | None:
        start = self._lexer.peek.start
        pattern = self._lexer.regex()
        if pattern is None:
            return None
        regexes.check(pattern, start)
        return tree.Regex(pattern, start)
