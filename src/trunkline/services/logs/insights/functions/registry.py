"""How a function is defined: how many arguments it takes, and how it becomes SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.relation import Relation
from trunkline.services.logs.insights.values import Value


class Translates(Protocol):
    relation: Relation

    def value(self, expression: tree.Expression) -> Value: ...

    def condition(self, expression: tree.Expression) -> str: ...


class Arguments:
    """The arguments of one call, each translated once, when it is asked for."""

    def __init__(self, translator: Translates, call: tree.FunctionCall) -> None:
        self.translator = translator
        self.call = call
        self.statement = translator.relation.statement
        self._values: dict[int, Value] = {}
        self._texts: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.call.arguments)

    def __getitem__(self, index: int) -> Value:
        if index not in self._values:
            self._values[index] = self.translator.value(self.call.arguments[index])
        return self._values[index]

    def all(self) -> list[Value]:
        return [self[index] for index in range(len(self))]

    def once(self, index: int) -> Value:
        """An argument that the function's SQL uses several times."""
        self._values[index] = self.translator.relation.once(self[index])
        return self._values[index]

    def text_once(self, index: int) -> str:
        if index not in self._texts:
            self._texts[index] = self.translator.relation.once(Value(self[index].text, "any")).sql
        return self._texts[index]

    def condition(self, index: int) -> str:
        return self.translator.condition(self.call.arguments[index])

    def period(self, index: int) -> tree.Period:
        argument = self.call.arguments[index]
        if not isinstance(argument, tree.Period):
            raise MalformedQuery(f"{self.call.written} takes a period such as 5m")
        return argument

    def constant(self, index: int) -> str:
        """A text that the query itself gives."""
        argument = self.call.arguments[index]
        if isinstance(argument, tree.Regex):
            return argument.pattern
        if not isinstance(argument, tree.Literal) or not isinstance(argument.value, str):
            raise MalformedQuery(f"{self.call.written} takes a constant text there")
        return argument.value


@dataclass(frozen=True, slots=True)
class Function:
    build: Callable[[Arguments], Value]
    least: int
    most: int | None


def function(build: Callable[[Arguments], Value], least: int, most: int | None = -1) -> Function:
    """`most` is `least` unless given; None is any number."""
    return Function(build, least, least if most == -1 else most)
