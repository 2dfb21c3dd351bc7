"""The Conditions section: which conditions hold, each worked out once, circles refused.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
"""

from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import TemplateError, Unknown
from trunkline.services.cloudformation.template.intrinsics.logic import truth
from trunkline.services.cloudformation.template.model import Template
from trunkline.services.cloudformation.template.scope import Scope

T = TypeVar("T")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise Unknown("a condition cannot wait for anything")


def conditions(template: Template, scope: Scope) -> dict[str, bool]:
    """Every condition of the template and whether it holds; the scope is asked for parameters and mappings only."""
    working = LazyConditions(template, scope)
    return {name: working.condition(name) for name in template.conditions}


class LazyConditions:
    """The given scope, with the template's conditions worked out as they are asked for."""

    def __init__(self, template: Template, scope: Scope) -> None:
        self._template = template
        self._scope = scope
        self._known: dict[str, bool] = {}
        self._open: list[str] = []

    def condition(self, name: str) -> bool:
        if name not in self._known:
            if name not in self._template.conditions:
                raise TemplateError(words.unresolved_condition(name))
            if name in self._open:
                circle = self._open[self._open.index(name) :]
                raise TemplateError(f"Template error: Found circular condition dependency: {', '.join(circle)}")
            self._open.append(name)
            self._known[name] = at_once(truth(self._template.conditions[name], self))
            self._open.pop()
        return self._known[name]

    def parameter(self, name: str) -> Any:
        return self._scope.parameter(name)

    def pseudo(self, name: str) -> Any:
        return self._scope.pseudo(name)

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        return self._scope.mapping(name)

    async def ref(self, logical_id: str) -> Any:
        raise TemplateError(
            f"Template format error: Unresolved dependencies [{logical_id}]. Cannot reference resources in the "
            "Conditions block of the template"
        )

    async def attribute(self, logical_id: str, name: str) -> Any:
        raise TemplateError("Template error: Fn::GetAtt cannot be used in the Conditions block of the template")

    async def import_value(self, name: str) -> Any:
        raise TemplateError("Template error: Fn::ImportValue cannot be used in the Conditions block of the template")

    async def azs(self, region: str) -> list[str]:
        return await self._scope.azs(region)

    async def dynamic(self, kind: str, key: str) -> str:
        raise TemplateError("Template error: dynamic references cannot be used in the Conditions block of the template")

    async def stack_output(self, stack: str, output: str, options: Mapping[str, str]) -> Any:
        raise TemplateError("Template error: Fn::GetStackOutput cannot be used in the Conditions block of the template")
