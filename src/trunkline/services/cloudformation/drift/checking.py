"""One resource against its template: read it as it is, and compare what the template asked for.

Not compared: properties that are only recorded, those that AWS never shows, defaults that AWS fills in, and the tags
that a stack puts on everything.
"""

from dataclasses import replace
from typing import Any

from trunkline.aws import schemas
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core import ids
from trunkline.services.cloudformation.drift.described import shown
from trunkline.services.cloudformation.drift.model import Drift, PropertyDifference, ResourceDrift
from trunkline.services.cloudformation.model import Resource, Stack

SERVICE = "cloudformation.amazonaws.com"
# A nested stack is looked at by itself; the others are nothing but a stack's own bookkeeping.
_NOTHING_OUTSIDE = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudFormation::Stack",
        "AWS::CloudFormation::WaitCondition",
        "AWS::CloudFormation::WaitConditionHandle",
    }
)


def checkable(kit: Kit, resource: Resource) -> bool:
    """Whether there is something outside of the stack that may have changed."""
    there = resource.status.endswith("_COMPLETE") and not resource.status.startswith("DELETE") and resource.physical_id
    return bool(there) and resource.type not in _NOTHING_OUTSIDE and resource.type in kit.resource_types


async def check(kit: Kit, caller: Caller, stack: Stack, resource: Resource) -> ResourceDrift:
    """The resource's drift. Raises AwsError when it cannot be read."""
    kind = kit.resource_types[resource.type]
    expected = asked_for(kind, resource.properties)
    actual = await kind.read(provision(kit, caller, stack, resource), resource.physical_id)
    found = ResourceDrift(
        stack.id,
        resource.logical_id,
        resource.physical_id,
        resource.type,
        Drift.IN_SYNC,
        kit.clock.now(),
        expected,
        context=_context(resource, actual or resource.attributes),
    )
    if actual is None:
        found.status = Drift.DELETED
        return found
    actual = without_stack_tags(resource.type, expected, actual, stack.tags)
    differences = schemas.drift(resource.type, expected, actual)
    found.actual = {key: value for key, value in actual.items() if key in expected}
    found.differences = [PropertyDifference(one.path, one.kind, shown(one.old), shown(one.new)) for one in differences]
    if differences:
        found.status = Drift.MODIFIED
    return found


def asked_for(kind: ResourceType, properties: Doc) -> Doc:
    """What the template asks for and can be looked at."""
    return schemas.typed(kind.name, {key: value for key, value in properties.items() if key not in kind.recorded})


def provision(kit: Kit, caller: Caller, stack: Stack, resource: Resource) -> Provision:
    """What handlers are given to look at (or set right) a stack's resource outside of an operation."""
    tags = {
        **stack.tags,
        "aws:cloudformation:stack-id": stack.id,
        "aws:cloudformation:stack-name": stack.name,
        "aws:cloudformation:logical-id": resource.logical_id,
    }
    return Provision(
        kit.call,
        replace(caller, source_ip=SERVICE, user_agent=SERVICE, request_id=""),
        resource.token or ids.uuid(),
        stack.id,
        stack.name,
        resource.logical_id,
        stack_tags=tags,
        kept=resource.properties,
    )


def without_stack_tags(name: str, expected: Doc, actual: Doc, stack_tags: dict[str, str]) -> Doc:
    """The properties without the tags that are there because the stack has them."""
    schema = schemas.load(name)
    where = schema.tag_property if schema else None
    if where is None or where not in actual or not stack_tags:
        return actual
    own = _tags(expected.get(where))
    hidden = {key: value for key, value in stack_tags.items() if key not in own}
    tags = actual[where]
    if isinstance(tags, dict):
        left: Any = {key: value for key, value in tags.items() if hidden.get(key) != value}
    elif isinstance(tags, list):
        left = [tag for tag in tags if not (isinstance(tag, dict) and _is_hidden(tag, hidden))]
    else:
        return actual
    return {**actual, where: left}


def _is_hidden(tag: Doc, hidden: dict[str, str]) -> bool:
    key = str(tag.get("Key"))
    return key in hidden and hidden[key] == tag.get("Value")


def _tags(given: Any) -> set[str]:
    if isinstance(given, dict):
        return set(given)
    return {str(tag.get("Key")) for tag in given or () if isinstance(tag, dict)}


def _context(resource: Resource, attributes: Doc) -> list[Doc]:
    """The other parts of the resource's identity, where its physical id alone does not name it."""
    schema = schemas.load(resource.type)
    known = {**resource.properties, **attributes}
    names = [pointer[0] for pointer in schema.primary_identifier if len(pointer) == 1] if schema else []
    if len(names) < 2:
        return []
    return [
        {"Key": name, "Value": str(known[name])}
        for name in names
        if known.get(name) not in (None, resource.physical_id)
    ]
