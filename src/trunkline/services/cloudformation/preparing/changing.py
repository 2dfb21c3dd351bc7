"""Whether a stack may be updated, and whether anything of it would change."""

from trunkline.aws import schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.db import Reader
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.model import Resource, Stack, Version
from trunkline.services.cloudformation.model.statuses import UPDATABLE
from trunkline.services.cloudformation.preparing.prepare import Prepared, Target, prepare
from trunkline.services.cloudformation.preparing.properties import typed
from trunkline.services.cloudformation.preparing.scope import Known, StackScope
from trunkline.services.cloudformation.preparing.sources import bad, fetched
from trunkline.services.cloudformation.template.errors import text_of

NESTED = "AWS::CloudFormation::Stack"


def check_updatable(stack: Stack) -> None:
    if stack.status not in UPDATABLE:
        raise bad(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def check_types(reader: Reader, stack: Stack, prepared: Prepared) -> None:
    """A logical id keeps its type."""
    rows = store.of_stack(reader, stack.id)
    changed = [
        name
        for name in prepared.waits
        if name in rows and rows[name].type != prepared.template.resources[name].type and rows[name].physical_id
    ]
    if changed:
        raise bad(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(changed)}]"
        )


async def stale(
    kit: Kit, caller: Caller, stack: Stack, prepared: Prepared, previous: Version, *, again: bool = False
) -> bool:
    """Whether anything would change. Looks at properties as they would resolve now; AWS compares in the same way.

    again: the request itself says that the template is the previous one, so that dynamic references mean nothing new.
    """
    if prepared.template.doc == previous.processed and prepared.values == previous.values:
        if stack.tags != previous.tags:
            return True
        if not _moves(prepared, again):
            return False
    rows = {name: row for name, row in store.of_stack(kit.db, stack.id).items() if row.status != "DELETE_COMPLETE"}
    if set(rows) != set(prepared.waits) or stack.tags != previous.tags:
        return True
    scope = StackScope(
        kit,
        caller,
        stack.id,
        stack.name,
        tuple(stack.notification_arns),
        prepared.template,
        prepared.values,
        prepared.conditions,
        {name: Known(row.physical_id, row.attributes, row.properties) for name, row in rows.items()},
    )
    try:
        for name, row in rows.items():
            resource = prepared.template.resources[name]
            found = await template.evaluate(resource.properties or {}, scope)
            if schemas.difference(row.type, row.properties, typed(resource.type, found)):
                return True
            if row.metadata != (resource.metadata or {}):
                return True
            if row.type == NESTED and await _nested(kit, caller, row, found):
                return True
        return await _outputs(scope, prepared) != {
            one.key: (one.value, one.export) for one in stack.outputs
        } or _policies(prepared.template) != _policies(template.Template(previous.processed))
    except template.TemplateError:
        return True


async def _nested(kit: Kit, caller: Caller, row: Resource, wanted: Doc) -> bool:
    """Whether a nested stack's own template, perhaps another one under the same URL, would change anything."""
    stack = store.stack(kit.db, caller.account, caller.region, row.physical_id)
    previous = store.version(kit.db, stack) if stack is not None else None
    if stack is None or previous is None or stack.status not in UPDATABLE:
        return True
    try:
        body = await fetched(kit.call, caller, str(wanted.get("TemplateURL", "")))
        given = [
            {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else str(value)}
            for key, value in (wanted.get("Parameters") or {}).items()
        ]
        target = Target(stack.id, stack.name, tuple(stack.notification_arns))
        prepared = await prepare(kit, caller, target, body, given, previous=previous)
    except AwsError:
        return True
    return await stale(kit, caller, stack, prepared, previous)


def _moves(prepared: Prepared, again: bool) -> bool:
    """Whether the same template may resolve to something else than the last time."""
    text = str(prepared.template.doc)
    return ("{{resolve:" in text and not again) or "Fn::ImportValue" in text or "AWS::CloudFormation::Stack" in text


async def _outputs(scope: StackScope, prepared: Prepared) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for name, output in prepared.template.outputs.items():
        if output.condition and not prepared.conditions.get(output.condition, True):
            continue
        export = await template.evaluate(output.export, scope) if output.export is not None else ""
        if isinstance(export, dict):
            export = export.get("Name", "")
        found[name] = (text_of(await template.evaluate(output.value, scope)), str(export))
    return found


def _policies(wanted: "template.Template") -> dict[str, tuple[object, object]]:
    return {name: (one.deletion_policy, one.update_replace_policy) for name, one in wanted.resources.items()}
