"""What GetTemplateSummary and ValidateTemplate tell of a template, and the capabilities it asks for.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplateSummary.html
"""

from dataclasses import dataclass, field

from trunkline.services.cloudformation.template.model import Doc, Template
from trunkline.services.cloudformation.template.parameters.types import parameter_type

CAPABILITY_IAM = "CAPABILITY_IAM"
CAPABILITY_NAMED_IAM = "CAPABILITY_NAMED_IAM"
CAPABILITY_AUTO_EXPAND = "CAPABILITY_AUTO_EXPAND"

_IAM_TYPES = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`needed` as AWS lists it, with its sentence."""

    needed: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """In the members' shapes of GetTemplateSummary; resource identifiers need schemas, so the caller adds those."""

    capabilities: Capabilities
    declared_transforms: list[str]
    description: str | None
    metadata: object
    parameters: list[Doc]
    resource_types: list[str]
    resources_by_type: dict[str, list[str]] = field(default_factory=dict)
    version: str | None = None


def capabilities(template: Template) -> Capabilities:
    """What the caller must acknowledge before the template's resources may be made."""
    resources = [resource for resource in template.resources.values() if resource.type in _IAM_TYPES]
    reasons: list[str] = []
    needed: list[str] = []
    named = [
        resource
        for resource in resources
        if _IAM_TYPES[resource.type]
        and isinstance(resource.properties, dict)
        and _IAM_TYPES[resource.type] in resource.properties
    ]
    if resources:
        needed.append(CAPABILITY_NAMED_IAM if named else CAPABILITY_IAM)
        types = ", ".join(dict.fromkeys(resource.type for resource in named or resources))
        reasons.append(f"The following resource(s) require capabilities: [{types}]")
    if template.macros:
        needed.append(CAPABILITY_AUTO_EXPAND)
        reasons.append(f"The following transform(s) require capabilities: [{', '.join(template.macros)}]")
    return Capabilities(tuple(needed), "; ".join(reasons) or None)


def summary(template: Template) -> Summary:
    by_type: dict[str, list[str]] = {}
    for name, resource in template.resources.items():
        by_type.setdefault(resource.type, []).append(name)
    version = template.doc.get("AWSTemplateFormatVersion")
    return Summary(
        capabilities(template),
        declared_transforms=template.macros,
        description=template.description,
        metadata=template.metadata,
        parameters=declarations(template),
        resource_types=list(by_type),
        resources_by_type=by_type,
        version=None if version is None else str(version),
    )


def declarations(template: Template) -> list[Doc]:
    """The parameters in the shape of GetTemplateSummary's ParameterDeclaration."""
    declared = []
    for parameter in template.parameters.values():
        item: Doc = {
            "ParameterKey": parameter.name,
            "DefaultValue": parameter.default,
            "ParameterType": parameter.type,
            "NoEcho": parameter.no_echo,
            "Description": parameter.description,
            "ParameterConstraints": (
                {"AllowedValues": list(parameter.allowed_values)} if parameter.allowed_values else {}
            ),
        }
        if parameter.no_echo and parameter.default is not None:
            item["DefaultValue"] = "****"
        declared.append({key: value for key, value in item.items() if value is not None})
    return declared


def is_list(parameter_type_name: str) -> bool:
    """Whether Ref of a parameter of this type gives a list."""
    kind = parameter_type(parameter_type_name)
    return kind is not None and kind.is_list
