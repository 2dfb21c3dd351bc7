"""Change sets of the nested stacks of a change set (IncludeNestedStacks): one for each that would change.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/change-sets-for-nested-stacks.html
"""

import json
from dataclasses import dataclass, field

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core.db import Tx
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.api.proposing import Proposal, propose, unchanged
from trunkline.services.cloudformation.model import Stack, Status
from trunkline.services.cloudformation.preparing.nesting import nested

NESTED = "AWS::CloudFormation::Stack"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(slots=True)
class Family:
    """A change set with those of its nested stacks, theirs, and so on; nothing is written before `write`."""

    proposal: Proposal
    children: list[Proposal] = field(default_factory=list)

    def write_children(self, tx: Tx, kit: Kit, call: Call) -> None:
        for child in self.children:
            if child.prepared is not None:
                child.change_set.version = store.next_version(tx, child.stack.id)
                version = child.prepared.version(
                    child.stack.id,
                    child.change_set.version,
                    kit,
                    call.caller,
                    tags=child.stack.tags,
                    outcome="proposed",
                )
                store.versions.put(tx, version)
            store.change_sets.put(tx, child.change_set)


async def family(kit: Kit, call: Call, req: Doc) -> Family:
    """The change set of a request; those of nested stacks too, if it asks for them."""
    found = Family(await propose(kit, call, req))
    if found.proposal.change_set.nested:
        root = found.proposal.change_set.id
        await _descend(kit, call, found, found.proposal, root)
        if not found.proposal.change_set.changes:
            await unchanged(kit, call, found.proposal)
    return found


async def _descend(kit: Kit, call: Call, found: Family, parent: Proposal, root: str) -> None:
    kept: list[Doc] = []
    for change in parent.change_set.changes:
        if change["ResourceType"] != NESTED or change["Action"] not in ("Add", "Modify"):
            kept.append(change)
            continue
        child = await _child(kit, call, parent, change)
        own = [one for one in change["Details"] if one["ChangeSource"] != "Automatic"]
        if child is None or (child.change_set.status == "FAILED" and not child.change_set.changes and not own):
            if change["Action"] == "Add" or own:
                kept.append(change)
            continue
        child.change_set.parent_id, child.change_set.root_id = parent.change_set.id, root
        change["ChangeSetId"] = child.change_set.id
        found.children.append(child)
        kept.append(change)
        await _descend(kit, call, found, child, root)
    parent.change_set.changes = kept


async def _child(kit: Kit, call: Call, parent: Proposal, change: Doc) -> Proposal | None:
    wanted = json.loads(change["AfterContext"])["Properties"]
    physical_id = change.get("PhysicalResourceId")
    current = store.stack(kit.db, call.account, call.region, physical_id) if physical_id else None
    if physical_id and (current is None or current.status is Status.DELETE_COMPLETE):
        return None
    request = {
        "StackName": physical_id or f"{parent.stack.name}-{change['LogicalResourceId']}"[:128],
        "ChangeSetName": f"{parent.change_set.name}-{change['LogicalResourceId']}"[:128],
        "ChangeSetType": "UPDATE" if physical_id else "CREATE",
        "TemplateURL": wanted.get("TemplateURL"),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
            for key, value in (wanted.get("Parameters") or {}).items()
        ],
        "Capabilities": _CAPABILITIES,
        "IncludeNestedStacks": True,
    }
    with nested(parent.stack.id, _root(parent.stack)):
        try:
            return await propose(kit, call, request)
        except AwsError:
            return None  # its parameters are not known yet, or its template cannot be read: the parent says Modify


def _root(stack: Stack) -> str:
    return stack.root_id or stack.id
