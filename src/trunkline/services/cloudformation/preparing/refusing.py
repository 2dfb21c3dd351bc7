"""What cannot be deployed here, all of it named in one answer before anything is made."""

from collections.abc import Iterable
from typing import Any

from trunkline.aws.resources import ResourceType
from trunkline.aws.service import Kit
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.preparing.sources import bad

Doc = dict[str, Any]
CUSTOM = "AWS::CloudFormation::CustomResource"


def find(kit: Kit, name: str) -> ResourceType | None:
    """The type by which a resource is made; every `Custom::` type is one."""
    return kit.resource_types.get(CUSTOM if name.startswith("Custom::") else name)


def attributes(kit: Kit, type: str) -> set[str] | None:
    """What Fn::GetAtt may ask of a type; None where AWS finds out only when it is resolved.

    That is so for all types that have handlers in the registry (measured: test_measured.py, B2).
    """
    from trunkline.aws import schemas

    known = schemas.load(type)
    if known is None or not known.legacy or type.startswith(("Custom::", "AWS::CloudFormation::")):
        return None
    handler = find(kit, type)
    return set(known.properties) | set(handler.live if handler is not None else ())


def check(kit: Kit, wanted: "template.Template", names: Iterable[str]) -> None:
    """Refuse types that are not here and properties that would have no effect."""
    unknown: dict[str, None] = {}
    refused: list[str] = []
    for name in names:
        resource = wanted.resources[name]
        kind = find(kit, resource.type)
        if kind is None:
            unknown[resource.type] = None
        else:
            refused += [f"{name}: {text}" for text in refusals(kind, resource.type, resource.properties)]
    if unknown:
        raise bad(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    if refused:
        raise bad(f"Trunkline cannot deploy this template. {' '.join(refused)}")


def refusals(kind: ResourceType, type: str, properties: Any) -> list[str]:
    """One sentence for each thing that is not supported."""
    if not isinstance(properties, dict):
        return []
    found = []
    if not type.startswith("Custom::") and type != CUSTOM:
        from trunkline.aws import schemas

        known = schemas.load(type)
        allowed = kind.honoured | kind.recorded
        names = [
            name
            for name in properties
            if name not in allowed and not name.startswith("Fn::") and (known is None or name in known.properties)
        ]
        if names:
            found.append(f"{type} does not support {', '.join(names)} here.")
    return found + kind.refusals(properties)
