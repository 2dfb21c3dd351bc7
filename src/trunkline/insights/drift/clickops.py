"""Resources that belong to no stack, with who made them."""

import asyncio
from dataclasses import replace
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.insights.drift.attribution import Record
from trunkline.insights.drift.naming import names_of

Doc = dict[str, Any]
_BY_STACKS = "cloudformation.amazonaws.com"
_BY_USERS = ("cloudcontrolapi.amazonaws.com", _BY_STACKS)
log = get(__name__)


async def unowned(kit: Kit, caller: Caller) -> Doc:
    """Those that somebody made by a call that is on record, or that a stack left behind; what AWS makes of itself
    (default groups and the like) and what services make is not anybody's doing, and only counted."""
    owned = await _owned(kit, caller)
    parents = {physical_id for _, physical_id in owned}
    on = Provision(kit.call, replace(caller, source_ip="", user_agent=""), "")
    record = Record(kit.ledger, caller.account, caller.region)
    found: list[Doc] = []
    without = 0
    kinds = [kind for kind in kit.resource_types.values() if not kind.name.startswith("AWS::CloudFormation::")]
    for kind, ids in zip(kinds, await asyncio.gather(*(_existing(kind, on) for kind in kinds)), strict=True):
        for physical_id in ids:
            if (kind.name, physical_id) in owned:
                continue
            creator = record.creator(names_of(kind.name, physical_id, {}))
            if creator is None or (creator.source.endswith(".amazonaws.com") and creator.source not in _BY_USERS):
                without += 1
                continue
            if creator.source == _BY_STACKS and parents & set(physical_id.split("|")):
                continue  # a part of what a stack owns, which it made as the resource's own property
            found.append({"type": kind.name, "physical_id": physical_id, "creator": creator.described()})
    found.sort(key=lambda one: (one["type"], one["physical_id"]))
    return {"resources": found, "without_creator": without}


async def _existing(kind: ResourceType, on: Provision) -> list[str]:
    try:
        return await kind.existing(on)
    except NotImplementedError:
        return []
    except AwsError as error:
        log.info("resources cannot be listed", type=kind.name, error=error)
        return []


async def _owned(kit: Kit, caller: Caller) -> set[tuple[str, str]]:
    stacks = await kit.call.pages("cloudformation", "DescribeStacks", "Stacks", {}, as_=caller)
    found: set[tuple[str, str]] = set()
    for stack in stacks:
        params = {"StackName": stack["StackId"]}
        resources = await kit.call.pages(
            "cloudformation", "ListStackResources", "StackResourceSummaries", params, as_=caller
        )
        found.update((one["ResourceType"], one.get("PhysicalResourceId", "")) for one in resources)
    return found
