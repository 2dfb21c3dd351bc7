"""What every operation of EC2 begins with: a dry run, the default network, choosing by id and filter, pages."""

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, Kit
from trunkline.services.ec2 import store
from trunkline.services.ec2.filters import Properties, select


class Finding:
    """Holds the kit for the operations."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    async def open(self, call: Call, req: Doc) -> None:
        """Answer a dry run, and make the default network if this is the first call for this region."""
        if req.get("DryRun"):
            raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412)
        if not store.has_network(self.kit.db, call.account, call.region):
            await self.kit.db.write(lambda tx: store.make_default_network(tx, call.account, call.region))

    def tags(self, call: Call) -> dict[str, dict[str, str]]:
        return store.tags_of(self.kit.db, call.account, call.region)


def chosen(
    req: Doc,
    items: list[Doc],
    properties: Properties,
    *,
    member: str,
    id_member: str,
    missing: tuple[str, str],
) -> Doc:
    """The answer of a Describe call: `member` holds the resources with the ids asked for that pass the filters.

    missing: the error code for an id that does not exist and how it calls the resource.
    """
    ids_member = next((name for name in (f"{id_member}s", id_member) if name in req), None)
    if ids_member and req[ids_member]:
        by_id = {item[id_member]: item for item in items}
        for wanted in req[ids_member]:
            if wanted not in by_id:
                raise AwsError(missing[0], f"The {missing[1]} '{wanted}' does not exist", status=400)
        items = [by_id[wanted] for wanted in dict.fromkeys(req[ids_member])]
    items = select(items, req.get("Filters"), properties)
    found, token = page(
        items,
        req.get("MaxResults") or 1000,
        req.get("NextToken"),
        key=lambda item: str(item[id_member]),
        error="InvalidPaginationToken",
    )
    return {member: found, "NextToken": token}
