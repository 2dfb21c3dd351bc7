"""The members of Resources and Outputs: which attributes they have, and of what kind these are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-product-attribute-reference.html
"""

import re
from typing import Any

from trunkline.services.cloudformation.template.checks.sections import check_name
from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import FOR_EACH, Resource, Template

_RESOURCE_MEMBERS = frozenset(
    {
        "Condition",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "Description",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
        "Version",
    }
)
_CONDITION_FUNCTIONS = frozenset({"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"})
_OUTPUT_MEMBERS = frozenset({"Condition", "Description", "Export", "Value"})
_POLICIES = {
    "DeletionPolicy": frozenset({"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}),
    "UpdateReplacePolicy": frozenset({"Delete", "Retain", "Snapshot"}),
}
SNAPSHOT_TYPES = frozenset(
    {
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    }
)
EXPORT_NAME = re.compile(r"[A-Za-z0-9:\-]{1,255}")


def check_resources(template: Template) -> None:
    for name, body in (template.doc.get("Resources") or {}).items():
        if not isinstance(body, dict) or name.startswith(FOR_EACH):
            raise TemplateError(f"Template format error: [/Resources/{name}] resource definition is malformed")
        check_name("Resource", name)
        strange = [key for key in body if key not in _RESOURCE_MEMBERS]
        if strange:
            raise TemplateError(f"Invalid template resource property '{strange[0]}'")
        resource = template.resources[name]
        if not resource.type:
            raise TemplateError(
                f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            )
        _check_resource(resource, body, template.extended)
    common = [name for name in template.resources if name in template.parameters]
    if common:
        raise TemplateError(
            f"Template error: all resources and parameters must have unique names. Common name(s):[{', '.join(common)}]"
        )


def _check_resource(resource: Resource, body: dict[str, Any], extended: bool) -> None:
    for member in ("Properties", "Metadata", "CreationPolicy", "UpdatePolicy"):
        if member in body and body[member] is not None and not isinstance(body[member], dict):
            raise TemplateError(
                f"Template format error: [/Resources/{resource.logical_id}/{member}] "
                f"Every {member} member must be a map/object."
            )
    waits = body.get("DependsOn", [])
    if not isinstance(waits, str | list):
        raise TemplateError("Template format error: DependsOn must be a string or list of strings.")
    if isinstance(waits, list) and not all(isinstance(item, str) for item in waits):
        raise TemplateError("Template format error: Every DependsOn value must be a string.")
    if "Condition" in body and not isinstance(body["Condition"], str) and not extended:
        raise TemplateError("Template format error: Every Condition member must be a string.")
    for member, allowed in _POLICIES.items():
        policy = body.get(member)
        if policy is None or (extended and isinstance(policy, dict)):
            continue
        if not isinstance(policy, str):
            raise TemplateError(f"Template format error: Every {member} member must be a string.")
        check_policy(resource, member, policy, allowed)


def check_policy(resource: Resource, member: str, policy: str, allowed: frozenset[str] | None = None) -> None:
    """Raise TemplateError when a DeletionPolicy or UpdateReplacePolicy is none that the resource's type can have."""
    if policy not in (allowed or _POLICIES[member]):
        raise TemplateError(f"Template format error: Unrecognized {member} {policy} for resource {resource.logical_id}")
    if policy == "Snapshot" and resource.type not in SNAPSHOT_TYPES:
        words = "deletion policy" if member == "DeletionPolicy" else "update replace policy"
        raise TemplateError(f"Template error: resource type {resource.type} does not support {words} Snapshot")


def check_outputs(template: Template) -> None:
    for name, body in (template.doc.get("Outputs") or {}).items():
        if not isinstance(body, dict) or "Value" not in body:
            raise TemplateError("Template format error: Every Outputs member must contain a Value object")
        check_name("Output", name)
        strange = [key for key in body if key not in _OUTPUT_MEMBERS]
        if strange:
            raise TemplateError(f"Invalid template output property '{strange[0]}'")
        if isinstance(body["Value"], list):
            raise TemplateError("Template format error: Every Value member must be a string.")
        if isinstance(body["Value"], dict) and _CONDITION_FUNCTIONS & body["Value"].keys():
            raise TemplateError(
                "Template format error: The Value field of every Outputs member must evaluate to a String."
            )
        if "Description" in body and isinstance(body["Description"], dict | list):
            raise TemplateError("Template format error: Every Description member must be a string.")
        if "Condition" in body and not isinstance(body["Condition"], str) and not template.extended:
            raise TemplateError("Template format error: Every Condition member must be a string.")
        if "Export" not in body:
            continue
        export = template.outputs[name].export
        if export is None or isinstance(export, list):
            raise _export_error(name)
        if isinstance(export, str):
            check_export_name(name, export)


def check_export_name(output: str, name: str) -> None:
    """Raise TemplateError when an evaluated export name is none."""
    if not EXPORT_NAME.fullmatch(name):
        raise _export_error(output)


def _export_error(output: str) -> TemplateError:
    return TemplateError(
        f"Template format error: Output {output} is malformed. The Name field of every Export member must be "
        "specified and consist only of alphanumeric characters, colons, or hyphens."
    )
