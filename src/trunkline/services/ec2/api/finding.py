"""What every operation of EC2 begins with: a dry run, the default network, client tokens, choosing, pages, tags."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, Kit
from trunkline.aws.tags import normalise
from trunkline.core.db import Table, Tx
from trunkline.services.ec2 import store
from trunkline.services.ec2.carrier import Carrier
from trunkline.services.ec2.errors import failed, invalid
from trunkline.services.ec2.filters import Properties, select
from trunkline.services.ec2.store import Edit, Record, View
from trunkline.services.ec2.store.tables import TOKENS, Token
from trunkline.services.ec2.store.view import Tags

T = TypeVar("T")
R = TypeVar("R", bound=Record)
MOST = 1000
"""Items of a page that names no number."""
_FEW = 20
"""So many resources have their tags looked up one by one."""


class Finding:
    """Holds the kit for the operations."""

    def __init__(self, kit: Kit, carrier: Carrier) -> None:
        self.kit = kit
        self.carrier = carrier

    async def view(self, call: Call, req: Doc) -> View:
        """The records as they stand; answers a dry run, and makes the default network at a region's first call."""
        _dry_run(req)
        if not store.has_network(self.kit.db, call.account, call.region):
            await self.change(call, {}, lambda edit: None)
        return View(self.kit.db, call.account, call.region)

    async def change(self, call: Call, req: Doc, work: Callable[[Edit], T]) -> T:
        """Do `work` in one transaction; returns once the machine follows, where packets flow."""
        _dry_run(req)

        def write(tx: Tx) -> tuple[T, set[str]]:
            edit = Edit(tx, call.account, call.region)
            store.make_default_network(edit)
            result = work(edit)
            if edit.touched:
                tx.after_commit(self.carrier.wake)
            return result, edit.touched

        result, touched = await self.kit.db.write(write)
        if touched:
            await self.carrier.settle(call.account, call.region, touched)
        return result

    async def make(self, call: Call, req: Doc, work: Callable[[Edit], list[str]]) -> list[str]:
        """As `change`, for operations with a ClientToken: the same token again gives the ids of the first time."""
        token = req.get("ClientToken")
        if not token:
            return await self.change(call, req, work)
        asked = {key: value for key, value in req.items() if key != "ClientToken"}
        print_ = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()

        def once(edit: Edit) -> list[str]:
            known = TOKENS.get(edit.tx, call.account, call.region, call.operation, token)
            if known is not None and known.asked != print_:
                raise failed(
                    "IdempotentParameterMismatch",
                    "The client token you have provided is associated with a resource that is already defined by "
                    "different parameters.",
                )
            if known is not None:
                return known.made
            made = work(edit)
            TOKENS.put(edit.tx, Token(call.account, call.region, call.operation, token, print_, made))
            return made

        return await self.change(call, req, once)

    def after(self, call: Call) -> View:
        """The records once a change is committed."""
        return View(self.kit.db, call.account, call.region)


def _dry_run(req: Doc) -> None:
    if req.get("DryRun"):
        raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412)


def listing(
    view: View,
    req: Doc,
    table: Table[R],
    render: Callable[[R, Tags], Doc],
    properties: Properties,
    *,
    member: str,
    id_member: str,
    ids_member: str = "",
    filters: str = "Filters",
    shown: Callable[[R], bool] = lambda _: True,
) -> Doc:
    """The answer of a Describe call over one table: what has the ids asked for, or everything, through the filters."""
    ids = list(dict.fromkeys(req.get(ids_member or f"{id_member}s") or ()))
    records = [view.get(table, id) for id in ids] if ids else [one for one in view.all(table) if shown(one)]
    inside = plain_values(req.get(filters), "vpc-id")
    if inside and records and hasattr(records[0], "vpc_id"):
        records = [one for one in records if getattr(one, "vpc_id") in inside]  # noqa: B009
    tags = view.tags([one.id for one in records] if len(records) <= _FEW else None)
    items = [render(one, tags) for one in records]
    return paged(req, select(items, req.get(filters), properties), member=member, id_member=id_member)


def plain_values(filters: list[Doc] | None, name: str) -> set[str]:
    """The values of a filter that hold no wildcards: for looking at less before describing it."""
    for one in filters or ():
        values = one.get("Values") or []
        if one.get("Name") == name and not any(set("*?\\") & set(value) for value in values):
            return set(values)
    return set()


def paged(req: Doc, items: Iterable[Doc], *, member: str, id_member: str) -> Doc:
    """One page of described resources."""
    found, token = page(
        items,
        req.get("MaxResults") or MOST,
        req.get("NextToken"),
        key=lambda item: str(item[id_member]),
        error="InvalidPaginationToken",
    )
    return {member: found, "NextToken": token}


def tags_for(req: Doc, kind: str, *others: str) -> dict[str, str]:
    """The tags that a request gives a resource of this kind as it is made; `others` may be tagged in it too."""
    found: dict[str, str] = {}
    for specification in req.get("TagSpecifications") or []:
        given: Any = specification.get("ResourceType")
        if given not in (kind, *others):
            raise invalid(f"'{given}' is not a valid taggable resource type for this operation.")
        if given == kind:
            found |= normalise(specification.get("Tags"), error="InvalidParameterValue")
    return found
