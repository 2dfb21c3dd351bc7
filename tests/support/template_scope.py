"""A stack that exists on paper only: what a template's functions are answered with in unit tests."""

from collections.abc import Mapping
from typing import Any

from trunkline.services.cloudformation import template

ACCOUNT, REGION = "123456789012", "us-east-1"
STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/mystack/51af3dc0-da77-11e4-872e-1234567db123"


class PaperScope(template.PlainScope):
    """Resources answer with `ids` and `attributes`, exports with `exports`; what is missing is Unknown."""

    def __init__(self, parsed: template.Template, parameters: Mapping[str, Any] | None = None, **known: Any) -> None:
        pseudo = template.pseudo_parameters(ACCOUNT, REGION, STACK_ID, "mystack")
        super().__init__(parsed, parameters or {}, pseudo)
        self.ids: dict[str, Any] = known.get("ids", {})
        self.attributes: dict[str, Any] = known.get("attributes", {})
        self.exports: dict[str, Any] = known.get("exports", {})
        self.secrets: dict[str, str] = known.get("secrets", {})
        self.outputs: dict[tuple[str, str], str] = known.get("outputs", {})
        self.asked: list[str] = []
        self.conditions = template.conditions(parsed, self)

    async def ref(self, logical_id: str) -> Any:
        self.asked.append(logical_id)
        if logical_id not in self.ids:
            raise template.Unknown(logical_id)
        return self.ids[logical_id]

    async def attribute(self, logical_id: str, name: str) -> Any:
        key = f"{logical_id}.{name}"
        self.asked.append(key)
        if key not in self.attributes:
            raise template.Unknown(key)
        return self.attributes[key]

    async def import_value(self, name: str) -> Any:
        if name not in self.exports:
            raise template.TemplateError(f"No export named {name} found.")
        return self.exports[name]

    async def azs(self, region: str) -> list[str]:
        return [f"{region}{letter}" for letter in "abc"]

    async def dynamic(self, kind: str, key: str) -> str:
        if f"{kind}:{key}" not in self.secrets:
            raise template.TemplateError(f"No {kind} value {key}")
        return self.secrets[f"{kind}:{key}"]

    async def stack_output(self, stack: str, output: str, options: Mapping[str, str]) -> Any:
        return self.outputs[stack, output]


class PaperTransforming:
    """Transforms with the given parameters; macros by name, S3 objects by location."""

    def __init__(self, parameters: Mapping[str, Any] | None = None, **known: Any) -> None:
        self.parameters: Mapping[str, Any] = parameters or {}
        self.account, self.region, self.stack_id, self.stack_name = ACCOUNT, REGION, STACK_ID, "mystack"
        self.macros: dict[str, Any] = known.get("macros", {})
        self.objects: dict[str, str] = known.get("objects", {})

    async def macro(self, name: str, fragment: Any, params: Mapping[str, Any]) -> Any:
        if name not in self.macros:
            raise template.TransformError(f"No transform named {self.account}::{name} found.")
        return self.macros[name](fragment, params)

    async def include(self, location: str) -> str:
        return self.objects[location]


def read(text: str) -> template.Template:
    return template.Template(template.parse(text))


async def value_of(
    expression: str, template_text: str = "Resources: {R: {Type: 'AWS::SNS::Topic'}}", **known: Any
) -> Any:
    """A YAML or JSON expression evaluated in a template; `parameters` as Ref gives them."""
    parsed = read(template_text)
    scope = PaperScope(parsed, known.pop("parameters", None), **known)
    wrapped = template.parse("Value:\n" + "\n".join("  " + line for line in expression.splitlines()) + "\n")
    return await template.evaluate(wrapped["Value"], scope)
