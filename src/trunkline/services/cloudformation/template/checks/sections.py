"""The sections of a template: their names, their limits, and the form of Parameters, Mappings, Conditions and Rules.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

import re
from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import LANGUAGE_EXTENSIONS, Template
from trunkline.services.cloudformation.template.parameters.types import parameter_type

ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
VERSION = "2010-09-09"
_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
_PARAMETER_MEMBERS = frozenset(
    {
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    }
)
_MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
_LONGEST_DESCRIPTION_BYTES = 1024
_LONGEST_NAME = 255
_PROPERTY = re.compile(r"^(/Resources/[^/]+)/Properties/")


def check_sections(template: Template) -> None:
    """The top level: known sections, the version, the description, and how many members each may have."""
    doc = template.doc
    has_macros = any(name != LANGUAGE_EXTENSIONS for name in template.macros)
    strange = [name for name in doc if name not in _SECTIONS]
    if strange and not has_macros:
        raise TemplateError(f"Invalid template property or properties [{', '.join(strange)}]")
    if not doc.get("Resources") and not has_macros:
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    if "Hooks" in doc:
        raise TemplateError(
            "Template format error: the Hooks section is not supported: its one hook, AWS::CodeDeploy::BlueGreen, is "
            "replaced by CodeDeploy deployment groups of the ECS platform."
        )
    version = doc.get("AWSTemplateFormatVersion")
    if version is not None and str(version) != VERSION:
        raise TemplateError("Template format error: unsupported value for AWSTemplateFormatVersion.")
    description = doc.get("Description")
    if description is not None and not isinstance(description, str):
        raise TemplateError("Template format error: Every Description member must be a string.")
    if description and len(description.encode()) > _LONGEST_DESCRIPTION_BYTES:
        raise TemplateError(
            f"Template format error: 'Description' length is greater than {_LONGEST_DESCRIPTION_BYTES}."
        )
    for name, most in _MOST.items():
        count = len(doc.get(name) or ())
        if count > most:
            raise TemplateError(
                f"Template format error: Number of {name.lower()}, {count}, is greater than maximum allowed, {most}"
            )


def check_name(section: str, name: str) -> None:
    """`section` in the singular, as AWS says it: Resource, Parameter, Output."""
    if not ALPHANUMERIC.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise TemplateError(f"Template format error: {section} name {name} is non alphanumeric.")


def check_parameters(template: Template) -> None:
    for name, body in (template.doc.get("Parameters") or {}).items():
        if name not in template.parameters:
            continue
        check_name("Parameter", name)
        if not isinstance(body, dict):
            raise TemplateError("Template format error: Any Parameters member must be a JSON object.")
        strange = [key for key in body if key not in _PARAMETER_MEMBERS]
        if strange and not template.pending:
            raise TemplateError(f"Invalid template parameter property '{strange[0]}'")
        refuse_nulls(body, f"/Parameters/{name}")
        parameter = template.parameters[name]
        if not parameter.type:
            raise TemplateError(
                f"Template format error: [/Parameters/{name}] Every Parameters object must contain a Type member."
            )
        if parameter_type(parameter.type) is None:
            raise TemplateError(f"Template format error: Unrecognized parameter type: {parameter.type}")
        if isinstance(body.get("Default"), dict | list):
            raise TemplateError(f"Template format error: [/Parameters/{name}] Every Default member must be a string.")
        if "AllowedValues" in body and parameter.allowed_values is None:
            raise TemplateError("Template format error: AllowedValues must be a list.")
        _check_limits(name, body)


def _check_limits(name: str, body: dict[str, Any]) -> None:
    for member in ("MinLength", "MaxLength", "MinValue", "MaxValue"):
        value = body.get(member)
        try:
            if value is not None:
                float(value)
        except (TypeError, ValueError) as error:
            raise TemplateError(f"Template format error: Parameter '{name}' {member} must be a number.") from error
    pattern = body.get("AllowedPattern")
    if pattern is not None and not isinstance(pattern, str | int | float):
        raise TemplateError(f"Parameter '{name}' AllowedPattern must be a valid regular expression.")


def check_mappings(template: Template) -> None:
    if template.pending:
        return
    for name, mapping in template.mappings.items():
        if not isinstance(mapping, dict):
            raise TemplateError(f"Template format error: Every Mappings member {name} must be a map")
        for key, attributes in mapping.items():
            if not isinstance(attributes, dict):
                raise TemplateError(f"Template format error: Every Mappings member {key} must be a map")
            for value in attributes.values():
                items = value if isinstance(value, list) else [value]
                if any(item is None or isinstance(item, dict | list) for item in items):
                    raise TemplateError("Template format error: Every Mappings attribute must be a String or a List.")


def check_conditions(template: Template) -> None:
    for name, condition in template.conditions.items():
        if not isinstance(condition, dict) or len(condition) != 1:
            raise TemplateError(f"Template format error: [/Conditions/{name}] Every Conditions member must be a map")


def check_rules(template: Template) -> None:
    for name, rule in template.rules.items():
        assertions = rule.get("Assertions") if isinstance(rule, dict) else None
        if not isinstance(assertions, list) or not all(
            isinstance(item, dict) and "Assert" in item for item in assertions
        ):
            raise TemplateError(f"Template format error: [/Rules/{name}] Every Rules member must contain Assertions.")


def refuse_nulls(value: Any, path: str = "") -> None:
    """AWS writes `Type` for `Properties` in the path (https://github.com/aws-cloudformation/cfn-lint/issues/38).

    Fn::GetAZs of nothing is left alone: formatters make it of the empty text, and it means the same.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            if item is not None or key != "Fn::GetAZs":
                refuse_nulls(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            refuse_nulls(item, f"{path}/{index}")
    elif value is None:
        shown = _PROPERTY.sub(r"\1/Type/", path)
        raise TemplateError(f"[{shown}] 'null' values are not allowed in templates")
