"""What GetTemplateSummary and ValidateTemplate tell of a template, and the capabilities it asks for.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplateSummary.html
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from trunkline.services.cloudformation.template.model import Doc, Resource, Template

CAPABILITY_IAM = "CAPABILITY_IAM"
CAPABILITY_NAMED_IAM = "CAPABILITY_NAMED_IAM"
CAPABILITY_AUTO_EXPAND = "CAPABILITY_AUTO_EXPAND"

_IAM_TYPES = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::GroupPolicy": "",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::RolePolicy": "",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserPolicy": "",
    "AWS::IAM::UserToGroupAddition": "",
}
"""Each with the property that gives it a name of its own: that takes CAPABILITY_NAMED_IAM."""
_NESTED = "AWS::CloudFormation::Stack"


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
    """What the caller must acknowledge before the template's resources may be made.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    """
    resources = [resource for resource in template.resources.values() if resource.type in _IAM_TYPES]
    named = [resource for resource in resources if _IAM_TYPES[resource.type] in _property_names(resource)]
    needed: list[str] = []
    if resources:
        needed.append(CAPABILITY_NAMED_IAM if named else CAPABILITY_IAM)
    if template.macros:
        needed.append(CAPABILITY_AUTO_EXPAND)
    return Capabilities(tuple(needed), _reason(resource.type for resource in named or resources))


def _property_names(resource: Resource) -> set[str]:
    return set(resource.properties) if isinstance(resource.properties, dict) else set()


def _reason(types: Iterable[str]) -> str | None:
    listed = ", ".join(dict.fromkeys(types))
    return f"The following resource(s) require capabilities: [{listed}]" if listed else None


def _told(template: Template) -> Capabilities:
    """As `capabilities`, but for what nested stacks may need too: their templates have not been looked at."""
    own = capabilities(template)
    if not any(resource.type == _NESTED for resource in template.resources.values()):
        return own
    needed = [CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]
    types = [resource.type for resource in template.resources.values() if resource.type in {*_IAM_TYPES, _NESTED}]
    return Capabilities(tuple(needed), _reason(types))


def summary(template: Template) -> Summary:
    by_type: dict[str, list[str]] = {}
    for name, resource in template.resources.items():
        by_type.setdefault(resource.type, []).append(name)
    version = template.doc.get("AWSTemplateFormatVersion")
    return Summary(
        _told(template),
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
