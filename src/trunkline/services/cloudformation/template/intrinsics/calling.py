"""How a function in a template is recognised and called; the functions themselves are in the files beside."""

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.services.cloudformation.template.errors import NO_VALUE, UNKNOWN, TemplateError, text_of
from trunkline.services.cloudformation.template.scope import Scope

Function = Callable[[Any, Scope], Awaitable[Any]]
FUNCTIONS: dict[str, Function] = {}


def intrinsic(name: str) -> Callable[[Function], Function]:
    """Register an intrinsic function under its name in templates."""

    def register(function: Function) -> Function:
        FUNCTIONS[name] = function
        return function

    return register


def function_of(value: Any) -> tuple[str, Any] | None:
    """The name and argument when `value` is a function call: an object whose only key is a function's name."""
    if isinstance(value, dict) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref" or name.startswith("Fn::"):
            return name, argument
    return None


async def value_of(value: Any, scope: Scope) -> Any:
    """`value` with its functions called and AWS::NoValue left out of lists and objects."""
    if isinstance(value, dict):
        call = function_of(value)
        if call is not None:
            function = FUNCTIONS.get(call[0])
            if function is None:
                raise TemplateError(f"Template error: Encountered unsupported function: {call[0]}")
            return await function(call[1], scope)
        members = {key: await value_of(item, scope) for key, item in value.items()}
        return {key: item for key, item in members.items() if item is not NO_VALUE}
    if isinstance(value, list):
        items = [await value_of(item, scope) for item in value]
        return [item for item in items if item is not NO_VALUE]
    return value


async def text(value: Any, scope: Scope, complaint: str) -> str:
    """An argument that must become a text."""
    found = await value_of(value, scope)
    if isinstance(found, str | int | float):
        return text_of(found)
    raise TemplateError(complaint)


async def texts(value: Any, scope: Scope, complaint: str) -> list[str] | None:
    """An argument that must become a list of texts; None when it is known only later."""
    found = await value_of(value, scope)
    if found == UNKNOWN:
        return None
    if not isinstance(found, list) or any(isinstance(item, dict | list) for item in found):
        raise TemplateError(complaint)
    return [text_of(item) for item in found]
