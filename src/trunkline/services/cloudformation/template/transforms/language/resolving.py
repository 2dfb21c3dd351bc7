"""What can be worked out while AWS::LanguageExtensions runs: everything that asks for no resource."""

from typing import Any

from trunkline.services.cloudformation.template.conditions import LazyConditions
from trunkline.services.cloudformation.template.errors import (
    NO_VALUE,
    TemplateError,
    TransformError,
    is_unknown,
    text_of,
)
from trunkline.services.cloudformation.template.intrinsics import evaluate
from trunkline.services.cloudformation.template.intrinsics.references import mapped
from trunkline.services.cloudformation.template.model import LANGUAGE_EXTENSIONS, Doc, Template
from trunkline.services.cloudformation.template.scope import PlainScope, pseudo_parameters
from trunkline.services.cloudformation.template.transforms.interface import Transforming

_FAILED = f"Transform {LANGUAGE_EXTENSIONS} failed with: "
_UNRESOLVED = object()
_ATTRIBUTES = ("Condition", "DeletionPolicy", "UpdateReplacePolicy")


class _Scope(PlainScope):
    """Conditions are worked out when asked for, once the loops of their section are written out."""

    lazy: LazyConditions | None = None

    def condition(self, name: str) -> bool:
        if self.lazy is None:
            raise KeyError(name)
        return self.lazy.condition(name)


class Resolving:
    """Evaluation with the parameters, pseudo parameters, mappings and conditions of one template."""

    def __init__(self, doc: Doc, transforming: Transforming) -> None:
        pseudo = pseudo_parameters(
            transforming.account, transforming.region, transforming.stack_id, transforming.stack_name
        )
        template = Template({"Mappings": doc.get("Mappings")})
        self._scope = _Scope(template, transforming.parameters, pseudo)

    def knows(self, doc: Doc) -> None:
        """From now on the conditions of `doc` can be asked for."""
        template = Template({"Mappings": doc.get("Mappings"), "Conditions": doc.get("Conditions")})
        self._scope.lazy = LazyConditions(template, self._scope)

    async def value(self, value: Any) -> Any:
        """What `value` stands for, or something that is no plain value when it asks for a resource."""
        try:
            found = await evaluate(value, self._scope, dynamic=False)
        except TransformError:
            raise
        except TemplateError as error:
            raise TransformError(_FAILED + error.message.removeprefix("Template error: ")) from error
        return _UNRESOLVED if is_unknown(found) else found

    async def section(self, name: str, members: Any) -> Any:
        """A section with what the transform resolves resolved."""
        if not isinstance(members, dict):
            return members
        if name == "Conditions":
            return await self._walk(members)
        return {logical: await self._member(body) for logical, body in members.items()}

    async def _member(self, body: Any) -> Any:
        """A resource or an output: its attributes may be functions that give a name."""
        if not isinstance(body, dict):
            return body
        made: dict[str, Any] = {}
        for key, value in body.items():
            if key not in _ATTRIBUTES or not isinstance(value, dict):
                made[key] = await self._walk(value)
                continue
            found = await self.value(value)
            if found is NO_VALUE:
                continue
            if not isinstance(found, str):
                raise TransformError(f"{_FAILED}Unsupported expression for {key} in the template.")
            made[key] = found
        return made

    async def _walk(self, value: Any) -> Any:
        if isinstance(value, list):
            return [await self._walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in {"Fn::Length", "Fn::ToJsonString"}:
                return await self._whole(name, argument)
            if name == "Fn::FindInMap":
                return await self._find_in_map(argument)
            if name == "Ref" and isinstance(argument, dict):
                return {"Ref": await self._name(argument, "Ref")}
            if name == "Fn::GetAtt" and isinstance(argument, list):
                return {"Fn::GetAtt": [await self._name(part, "Fn::GetAtt") for part in argument]}
        return {key: await self._walk(item) for key, item in value.items()}

    async def _whole(self, name: str, argument: Any) -> Any:
        found = await self.value({name: argument})
        if found is not _UNRESOLVED:
            return found
        if name == "Fn::Length":
            raise TransformError(_FAILED + "The Fn::Length value could not be resolved for properties")
        return {name: await self._walk(argument)}

    async def _name(self, part: Any, function: str) -> Any:
        if isinstance(part, str):
            return part
        found = await self.value(part)
        if not isinstance(found, str):
            raise TransformError(f"{_FAILED}Could not resolve the parameter of {function}")
        return found

    async def _find_in_map(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) not in {3, 4}:
            return {"Fn::FindInMap": argument}
        keys = await self.value(argument[:3])
        default = argument[3] if len(argument) == 4 else None
        if not isinstance(keys, list) or len(keys) != 3:
            raise TransformError(_FAILED + "Fn::FindInMap could not be resolved")
        if isinstance(default, dict) and set(default) == {"DefaultValue"} and not self._has(keys):
            return await self._walk(default["DefaultValue"])
        return await self.value({"Fn::FindInMap": keys})

    def _has(self, keys: list[Any]) -> bool:
        name, top, second = map(text_of, keys)
        return mapped(self._scope.mapping(name), top, second) is not None
