"""A template's parts as typed objects; reading never fails on what a transform may yet replace, `check` does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError, text_of

Doc = dict[str, Any]
FOR_EACH = "Fn::ForEach::"
TRANSFORM = "Fn::Transform"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
SERVERLESS = "AWS::Serverless-2016-10-31"
INCLUDE = "AWS::Include"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter. Limits are as written; texts, since CloudFormation compares what is given as text."""

    name: str
    type: str
    default: str | None = None
    description: str | None = None
    no_echo: bool = False
    allowed_values: tuple[str, ...] | None = None
    allowed_pattern: str | None = None
    constraint_description: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as the template has it, nothing evaluated."""

    logical_id: str
    type: str
    properties: Any
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: Any = None
    update_replace_policy: Any = None
    metadata: Any = None
    creation_policy: Any = None
    update_policy: Any = None
    version: Any = None

    @property
    def references(self) -> list[Any]:
        """Everything of it whose references make it wait for other resources."""
        parts = (self.properties, self.metadata, self.creation_policy, self.update_policy)
        return [part for part in parts if part is not None]


@dataclass(frozen=True, slots=True)
class Output:
    """An output, nothing evaluated; `export` is the export's name."""

    name: str
    value: Any
    description: Any = None
    condition: str | None = None
    export: Any = None


@dataclass(frozen=True, slots=True)
class TransformUse:
    """A transform of the whole template, in the order in which it was declared."""

    name: str
    parameters: Any = None


class Template:
    """A template's sections. `processed` says whether nothing is left in it for a transform to do."""

    def __init__(self, doc: Mapping[str, Any]) -> None:
        self.doc: Doc = dict(doc)
        self.description: str | None = _text(self.doc.get("Description"))
        self.metadata: Any = self.doc.get("Metadata")
        self.mappings: dict[str, Any] = self._section("Mappings")
        self.conditions: dict[str, Any] = self._section("Conditions")
        self.rules: dict[str, Any] = self._section("Rules")
        self.transforms: list[TransformUse] = transforms_of(self.doc.get("Transform"))
        self.parameters: dict[str, Parameter] = {
            name: _parameter(name, body) for name, body in self._section("Parameters").items() if _is_member(name)
        }
        self.resources: dict[str, Resource] = {
            name: _resource(name, body) for name, body in self._section("Resources").items() if _is_member(name)
        }
        self.outputs: dict[str, Output] = {
            name: _output(name, body) for name, body in self._section("Outputs").items() if _is_member(name)
        }
        self.processed: bool = not self.pending

    @property
    def pending(self) -> bool:
        """Whether a transform or a nested Fn::Transform must run before the resources are known."""
        if any(use.name != LANGUAGE_EXTENSIONS for use in self.transforms) or holds(self.doc, TRANSFORM):
            return True
        return self.extended and holds(self.doc, FOR_EACH)

    @property
    def extended(self) -> bool:
        """Whether AWS::LanguageExtensions is declared."""
        return any(use.name == LANGUAGE_EXTENSIONS for use in self.transforms)

    @property
    def macros(self) -> list[str]:
        """Every transform named, of the whole template first, then the nested ones, each once."""
        return list(dict.fromkeys([*(use.name for use in self.transforms), *_nested(self.doc)]))

    def check(self) -> None:
        """Raise TemplateError with AWS's message for the first thing wrong with the template itself."""
        from trunkline.services.cloudformation.template.checks import check

        check(self)

    def _section(self, name: str) -> dict[str, Any]:
        section = self.doc.get(name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            raise TemplateError(f"Template format error: {name} section must be a map/object.")
        return section


def transforms_of(declared: Any) -> list[TransformUse]:
    """The `Transform` section: a name, a list of names, or of objects with a Name and Parameters."""
    if declared is None:
        return []
    uses = []
    for item in declared if isinstance(declared, list) else [declared]:
        if isinstance(item, str):
            uses.append(TransformUse(item))
            continue
        if not isinstance(item, dict):
            raise TemplateError("Template format error: Transform section must be a string, an object or a list.")
        name = item.get("Name")
        if not isinstance(name, str):
            raise TemplateError("Key Name of transform definition must be a string.")
        uses.append(TransformUse(name, item.get("Parameters")))
    return uses


def _nested(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _nested(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == TRANSFORM:
                yield from (use.name for use in transforms_of(item))
            yield from _nested(item)


def holds(value: Any, *keys: str) -> bool:
    """Whether an object anywhere in `value` has a key that starts with one of `keys`."""
    if isinstance(value, dict):
        return any(key.startswith(keys) or holds(item, *keys) for key, item in value.items())
    if isinstance(value, list):
        return any(holds(item, *keys) for item in value)
    return False


def _is_member(name: str) -> bool:
    return not name.startswith(("Fn::Transform", FOR_EACH))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _body(body: Any) -> Doc:
    return body if isinstance(body, dict) else {}


def _parameter(name: str, raw: Any) -> Parameter:
    body = _body(raw)
    default, allowed = body.get("Default"), body.get("AllowedValues")
    if isinstance(default, list):
        default = ",".join(text_of(item) for item in default)
    return Parameter(
        name,
        type=_text(body.get("Type")) or "",
        default=None if default is None or isinstance(default, dict) else text_of(default),
        description=_text(body.get("Description")),
        no_echo=text_of(body.get("NoEcho", False)).lower() == "true",
        allowed_values=tuple(text_of(item) for item in allowed) if isinstance(allowed, list) else None,
        allowed_pattern=_scalar_text(body.get("AllowedPattern")),
        constraint_description=_scalar_text(body.get("ConstraintDescription")),
        min_length=_whole(body.get("MinLength")),
        max_length=_whole(body.get("MaxLength")),
        min_value=_number(body.get("MinValue")),
        max_value=_number(body.get("MaxValue")),
    )


def _scalar_text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else text_of(value)


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _resource(logical_id: str, raw: Any) -> Resource:
    body = _body(raw)
    waits = body.get("DependsOn")
    properties = body.get("Properties")
    return Resource(
        logical_id,
        type=_text(body.get("Type")) or "",
        properties={} if properties is None else properties,
        depends_on=_names(waits),
        condition=_text(body.get("Condition")),
        deletion_policy=body.get("DeletionPolicy"),
        update_replace_policy=body.get("UpdateReplacePolicy"),
        metadata=body.get("Metadata"),
        creation_policy=body.get("CreationPolicy"),
        update_policy=body.get("UpdatePolicy"),
        version=body.get("Version"),
    )


def _names(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str))


def _output(name: str, raw: Any) -> Output:
    body = _body(raw)
    export = body.get("Export")
    return Output(
        name,
        value=body.get("Value"),
        description=body.get("Description"),
        condition=_text(body.get("Condition")),
        export=export.get("Name") if isinstance(export, dict) else None,
    )
