"""The Rules section: assertions on parameters, checked before anything is made.

A rule applies when it has no RuleCondition or when that holds; then every one of its assertions must.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.conditions import LazyConditions, at_once
from trunkline.services.cloudformation.template.errors import TemplateError, text_of
from trunkline.services.cloudformation.template.intrinsics.calling import value_of
from trunkline.services.cloudformation.template.model import Template
from trunkline.services.cloudformation.template.scope import Scope


@dataclass(frozen=True, slots=True)
class Fact:
    """What a rule asks of the account.

    Of Fn::ValueOf, `subject` is a parameter's name; of Fn::ValueOfAll and Fn::RefAll a parameter type, and Fn::RefAll
    has no attribute.
    """

    function: str
    subject: str
    attribute: str = ""


Facts = Mapping[Fact, Any]
_FACT_FUNCTIONS = frozenset({"Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"})
_NO_FACTS = (
    "Template error: {} needs to know of the account's {}, which is not here; assert on the value itself instead"
)


def facts_asked(template: Template) -> list[Fact]:
    """Everything the rules need to know of the account, so that it can be looked up first."""
    return list(dict.fromkeys(_facts(template.rules)))


def _facts(value: Any) -> Iterator[Fact]:
    if isinstance(value, list):
        for item in value:
            yield from _facts(item)
    elif isinstance(value, dict):
        for name, argument in value.items():
            if name not in _FACT_FUNCTIONS:
                yield from _facts(argument)
            elif name == "Fn::RefAll":
                yield Fact(name, str(argument))
            elif isinstance(argument, list) and len(argument) == 2:
                yield Fact(name, str(argument[0]), str(argument[1]))
            else:
                raise TemplateError(f"Template error: {name} requires a list argument with two elements")


def rules(template: Template, scope: Scope, facts: Facts | None = None) -> None:
    """Raise TemplateError with the assertion's description when an assertion of an applying rule does not hold."""
    working = LazyConditions(template, scope)
    asserting = _Asserting(working, facts or {})
    failed: list[str] = []
    for name, rule in template.rules.items():
        if "RuleCondition" in rule and not asserting.holds(rule["RuleCondition"]):
            continue
        for assertion in rule.get("Assertions", []):
            if not asserting.holds(assertion.get("Assert")):
                failed.append(_told(name, assertion))
    if failed:
        raise TemplateError("; ".join(failed))


def _told(name: str, assertion: dict[str, Any]) -> str:
    described = assertion.get("AssertDescription")
    return f"Rule {name} failed: {described}" if described else f"Rule {name} failed"


class _Asserting:
    def __init__(self, scope: Scope, facts: Facts) -> None:
        self._scope = scope
        self._known = facts

    def holds(self, value: Any) -> bool:
        """Whether a rule-specific expression is true."""
        if isinstance(value, bool):
            return value
        if isinstance(value, dict) and len(value) == 1:
            name, argument = next(iter(value.items()))
            operator = _OPERATORS.get(name)
            if operator is not None:
                return operator(self, argument)
        raise TemplateError("Template format error: Every Assert and RuleCondition must be a rule-specific function.")

    def equals(self, argument: Any) -> bool:
        left, right = self._pair("Fn::Equals", argument)
        return bool(self._value(left) == self._value(right))

    def negated(self, argument: Any) -> bool:
        if not isinstance(argument, list) or len(argument) != 1:
            raise TemplateError(words.NOT)
        return not self.holds(argument[0])

    def every(self, argument: Any) -> bool:
        return all(self.holds(item) for item in self._several("Fn::And", argument))

    def some(self, argument: Any) -> bool:
        return any(self.holds(item) for item in self._several("Fn::Or", argument))

    def contains(self, argument: Any) -> bool:
        values, wanted = self._pair("Fn::Contains", argument)
        return self._value(wanted) in self._list(values)

    def each_equals(self, argument: Any) -> bool:
        values, wanted = self._pair("Fn::EachMemberEquals", argument)
        expected = self._value(wanted)
        return all(value == expected for value in self._list(values))

    def each_in(self, argument: Any) -> bool:
        values, allowed = self._pair("Fn::EachMemberIn", argument)
        among = self._list(allowed)
        return all(value in among for value in self._list(values))

    def _pair(self, name: str, argument: Any) -> tuple[Any, Any]:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(f"Template error: {name} requires a list argument with two elements")
        return argument[0], argument[1]

    def _several(self, name: str, argument: Any) -> list[Any]:
        if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
            raise TemplateError(words.several(name))
        return argument

    def _list(self, value: Any) -> list[Any]:
        found = self._value(value)
        return found if isinstance(found, list) else [found]

    def _value(self, value: Any) -> Any:
        """A value, every scalar as text."""
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict) and len(value) == 1:
            if _FACT_FUNCTIONS & value.keys():
                return self._fact(next(_facts(value)))
            found = at_once(value_of(value, self._scope))
            return self._value(found) if isinstance(found, list) else text_of(found)
        return text_of(value)

    def _fact(self, fact: Fact) -> Any:
        if fact not in self._known:
            raise TemplateError(_NO_FACTS.format(fact.function, fact.subject))
        return self._value(self._known[fact])


_OPERATORS: dict[str, Callable[[_Asserting, Any], bool]] = {
    "Fn::Equals": _Asserting.equals,
    "Fn::Not": _Asserting.negated,
    "Fn::And": _Asserting.every,
    "Fn::Or": _Asserting.some,
    "Fn::Contains": _Asserting.contains,
    "Fn::EachMemberEquals": _Asserting.each_equals,
    "Fn::EachMemberIn": _Asserting.each_in,
}
