"""Properties as handlers get them: typed by the schema; a custom resource's as they are."""

from typing import Any

from trunkline.aws import schemas
from trunkline.aws.resources import ResourceType

Doc = dict[str, Any]
CUSTOM = "AWS::CloudFormation::CustomResource"


def is_custom(type: str) -> bool:
    return type.startswith("Custom::") or type == CUSTOM


def is_tagged(kind: ResourceType) -> bool:
    """Whether a stack's tags go to resources of this type."""
    schema = schemas.load(kind.name)
    name = schema.tag_property if schema is not None else None
    return (name or "Tags") in kind.honoured


def typed(type: str, found: Any) -> Doc:
    """Evaluated properties; a resource may have none."""
    properties: Doc = found if isinstance(found, dict) else {}
    return properties if is_custom(type) else schemas.typed(type, properties)


def objection(logical_id: str, type: str, properties: Doc) -> str | None:
    """The reason for which CloudFormation fails a resource with such properties."""
    if is_custom(type):
        return None if properties.get("ServiceToken") else "Encountered missing required property ServiceToken"
    return schemas.sentence(logical_id, type, properties)
