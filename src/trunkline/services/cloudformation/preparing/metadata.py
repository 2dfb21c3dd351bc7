"""The Metadata of a resource as programs on instances read it (cfn-init): its functions stand for their values."""

from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.model import Resource, Stack
from trunkline.services.cloudformation.preparing.scope import Known, StackScope

Doc = dict[str, Any]
_DYNAMIC = "{{resolve:"


async def resolved(kit: Kit, caller: Caller, stack: Stack, row: Resource) -> Any:
    """What the template says, with the values of now; as written where that cannot be told (yet).

    Dynamic references stay as they are: what is secret is not told by a description.
    """
    version = store.version(kit.db, stack)
    if version is None or not row.metadata or _DYNAMIC in str(row.metadata):
        return row.metadata
    rows = store.of_stack(kit.db, stack.id)
    scope = StackScope(
        kit=kit,
        caller=caller,
        stack_id=stack.id,
        stack_name=stack.name,
        notification_arns=tuple(stack.notification_arns),
        template=template.Template(version.processed),
        values=version.values,
        conditions=version.conditions,
        known={
            name: Known(one.physical_id, one.attributes, one.properties)
            for name, one in rows.items()
            if one.physical_id
        },
    )
    try:
        found = await template.evaluate(row.metadata, scope)
    except (template.TemplateError, template.Unknown, AwsError, LookupError):
        return row.metadata
    return found if isinstance(found, dict) and _DYNAMIC not in str(found) else row.metadata
