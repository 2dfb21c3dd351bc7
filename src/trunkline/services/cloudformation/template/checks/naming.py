"""Whether everything that a template refers to is there: parameters, resources, conditions, mappings.

Every branch of Fn::If counts, taken or not, as on AWS. The order of the checks decides which message is seen.
"""

from typing import Any

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.graph import unresolved_in
from trunkline.services.cloudformation.template.intrinsics.references import mapped
from trunkline.services.cloudformation.template.model import Template, holds
from trunkline.services.cloudformation.template.references import condition_names, references
from trunkline.services.cloudformation.template.scope import PSEUDO_PARAMETERS


def check_references(template: Template) -> None:
    _check_conditions(template)
    resources = [(resource.references, resource.depends_on) for resource in template.resources.values()]
    _check_block("Resources", resources, template)
    _check_block("Outputs", [([output.value, output.export], ()) for output in template.outputs.values()], template)
    _check_uses_of_conditions(template)
    for value in (template.conditions, template.doc.get("Resources"), template.doc.get("Outputs")):
        _check_maps(value, template)
        _check_imports(value, template)
    _check_exports(template)


def _check_conditions(template: Template) -> None:
    strangers: dict[str, None] = {}
    for condition in template.conditions.values():
        for reference in references(condition):
            if reference.attribute is not None or not _is_value(reference.name, template):
                strangers[reference.name] = None
    if strangers:
        raise TemplateError(
            f"Template format error: Unresolved dependencies [{', '.join(strangers)}]. Cannot reference resources in "
            "the Conditions block of the template"
        )
    for condition in template.conditions.values():
        for name in _conditions_in(condition):
            if name not in template.conditions:
                raise TemplateError(words.unresolved_condition(name))


def _conditions_in(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in _conditions_in(item)]
    if not isinstance(value, dict):
        return []
    name = value.get("Condition")
    if len(value) == 1 and isinstance(name, str):
        return [name]
    found = list(condition_names({key: item for key, item in value.items() if key == "Fn::If"}))
    return found + [inner for item in value.values() for inner in _conditions_in(item)]


def _is_value(name: str, template: Template) -> bool:
    return name in template.parameters or name in PSEUDO_PARAMETERS


def _check_block(section: str, members: list[tuple[Any, tuple[str, ...]]], template: Template) -> None:
    unresolved: dict[str, None] = {}
    for values, waits in members:
        unresolved.update(dict.fromkeys(name for name in waits if name not in template.resources))
        for reference in references(values):
            if reference.name in template.resources:
                continue
            if reference.function == "Fn::GetAtt":
                raise TemplateError(
                    f"Template error: instance of Fn::GetAtt references undefined resource {reference.name}"
                )
            if reference.attribute is not None:
                raise TemplateError(
                    "Template error: instance of Fn::Sub references invalid resource attribute "
                    f"{reference.name}.{reference.attribute}"
                )
            if not _is_value(reference.name, template):
                unresolved[reference.name] = None
    if unresolved:
        raise unresolved_in(section, list(unresolved))


def _check_uses_of_conditions(template: Template) -> None:
    used = [resource.condition for resource in template.resources.values()]
    used += [output.condition for output in template.outputs.values()]
    for name in used:
        if name is not None and name not in template.conditions:
            raise TemplateError(f"Template format error: Condition {name} is not defined.")
    for section in ("Resources", "Outputs"):
        for name in condition_names(template.doc.get(section)):
            if name not in template.conditions:
                raise TemplateError(words.unresolved_if(name))


def _check_maps(value: Any, template: Template) -> None:
    """Mappings named by a literal; where a default may stand for a missing one, nothing can be said yet."""
    if isinstance(value, list):
        for item in value:
            _check_maps(item, template)
    elif isinstance(value, dict):
        argument = value.get("Fn::FindInMap")
        if isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str):
            name, top, second = argument
            if name not in template.mappings:
                raise TemplateError(words.no_mapping(name))
            literal = isinstance(top, str) and isinstance(second, str)
            if literal and mapped(template.mappings[name], top, second) is None:
                raise TemplateError(words.no_mapped_value(name, top, second))
        for item in value.values():
            _check_maps(item, template)


def _check_imports(value: Any, template: Template) -> None:
    if isinstance(value, list):
        for item in value:
            _check_imports(item, template)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Fn::ImportValue" and _comes_late(item, template):
                raise TemplateError(words.IMPORT_VALUE)
            _check_imports(item, template)


def _check_exports(template: Template) -> None:
    for output in template.outputs.values():
        if _comes_late(output.export, template):
            raise TemplateError(
                f"Template format error: Output {output.name} is malformed. The Name field of Export must not depend "
                "on any resources, imported values, or Fn::GetAZs."
            )


def _comes_late(value: Any, template: Template) -> bool:
    """Whether a value depends on what is known only while the stack runs."""
    late = holds(value, "Fn::ImportValue", "Fn::GetAZs", "Fn::GetStackOutput")
    return late or any(reference.name in template.resources for reference in references(value))
