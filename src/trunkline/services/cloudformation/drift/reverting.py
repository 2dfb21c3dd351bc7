"""Put the template's values back: the type's own handler changes the resource from what it is to what was asked for.

The stack itself does not change and runs no operation. A resource that is gone is not made again here: its new
physical id would have to reach all that refers to it, which is the work of an update (a drift-aware change set).
"""

from typing import Any

from trunkline.aws import schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import NotStabilized
from trunkline.aws.service import Caller, Kit
from trunkline.services.cloudformation import store as stacks
from trunkline.services.cloudformation.drift.checking import check, checkable, provision
from trunkline.services.cloudformation.drift.living import properties_now
from trunkline.services.cloudformation.drift.model import Drift, ResourceDrift
from trunkline.services.cloudformation.model import Resource, Stack

Doc = dict[str, Any]


async def revert(kit: Kit, caller: Caller, stack_name: str, logical_ids: list[str]) -> list[Doc]:
    """What came of each drifted resource of a stack (of those named, if any are). Raises AwsError without a stack."""
    stack = stacks.stack(kit.db, caller.account, caller.region, stack_name)
    if stack is None:
        raise AwsError("ValidationError", f"Stack [{stack_name}] does not exist", status=400)
    if stack.status.in_progress:
        raise AwsError("ValidationError", f"Stack {stack.name} is in {stack.status.value} state", status=400)
    known = stacks.of_stack(kit.db, stack.id)
    if missing := [name for name in logical_ids if name not in known]:
        message = f"Resources [{', '.join(missing)}] do not exist in stack {stack.name}"
        raise AwsError("ValidationError", message, status=400)
    found: list[Doc] = []
    for name in logical_ids or sorted(known):
        if checkable(kit, known[name]):
            drift = await check(kit, caller, stack, known[name])
            if drift.drifted:
                found.append(await _put_back(kit, caller, stack, known[name], drift))
    return found


async def _put_back(kit: Kit, caller: Caller, stack: Stack, resource: Resource, drift: ResourceDrift) -> Doc:
    told: Doc = {"logical_id": resource.logical_id, "type": resource.type, "physical_id": resource.physical_id}
    told["gone"] = drift.status is Drift.DELETED
    told["paths"] = [one.path for one in drift.differences]
    if drift.status is Drift.DELETED:
        return {**told, "reverted": False, "why": "It was deleted: an update of the stack makes it again."}
    wanted = resource.properties
    changed = {path.split("/")[1] for path in told["paths"]}
    now = properties_now(resource, drift)
    fixed = [
        one.path
        for one in schemas.difference(resource.type, now, wanted)
        if one.requires_recreation == "Always" and one.property in changed
    ]
    if fixed:
        return {**told, "reverted": False, "why": f"{', '.join(fixed)} can only be set on a new resource."}
    kind = kit.resource_types[resource.type]
    try:
        on = provision(kit, caller, stack, resource).updating(now)
        await kind.update(on, resource.physical_id, now, wanted)
        after = await check(kit, caller, stack, resource)
    except AwsError as error:
        return {**told, "reverted": False, "why": error.message or error.code}
    except NotStabilized as error:
        return {**told, "reverted": False, "why": str(error)}
    left = ", ".join(one.path for one in after.differences)
    return {**told, "reverted": not after.drifted, "why": f"{left} still differs." if left else ""}
