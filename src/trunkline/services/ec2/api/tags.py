"""Tags of any EC2 resource."""

from typing import Any

from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import is_reserved, normalise
from trunkline.core.db import Table
from trunkline.services.ec2 import store
from trunkline.services.ec2.api.finding import MOST, Finding
from trunkline.services.ec2.errors import failed
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.model import resource_type
from trunkline.services.ec2.store import GROUPS, Edit
from trunkline.services.ec2.store.tables import TAGS
from trunkline.services.ec2.store.view import missing

_TAG: Properties = {
    "key": member("Key"),
    "value": member("Value"),
    "resource-id": member("ResourceId"),
    "resource-type": member("ResourceType"),
}
_TABLES: dict[str, Table[Any]] = {
    "vpc": store.VPCS,
    "subnet": store.SUBNETS,
    "sg": store.GROUPS,
    "rtb": store.ROUTE_TABLES,
    "igw": store.INTERNET_GATEWAYS,
    "eigw": store.EGRESS_ONLY_GATEWAYS,
    "nat": store.NAT_GATEWAYS,
    "eipalloc": store.ADDRESSES,
    "acl": store.ACLS,
    "dopt": store.DHCP_OPTIONS,
    "eni": store.INTERFACES,
    "vpce": store.ENDPOINTS,
    "pcx": store.PEERINGS,
    "pl": store.PREFIX_LISTS,
    "fl": store.FLOW_LOGS,
    "key": store.KEY_PAIRS,
}
_MOST_OF_ONE = 50


def _arns(call: Call, req: Doc) -> list[str]:
    return [call.arn(f"{resource_type(id) or '*'}/{id}") for id in req["Resources"]]


class Tags(Finding):
    """Creating, deleting and describing them."""

    @operation(_arns, writes_once=True)
    async def create_tags(self, call: Call, req: Doc) -> Doc:
        wanted = normalise(req["Tags"], error="InvalidParameterValue", too_many="TagLimitExceeded")

        def work(edit: Edit) -> None:
            for id in req["Resources"]:
                _check(edit, id)
                own = {key for key in {**edit.tags([id]).get(id, {}), **wanted} if not key.startswith("aws:")}
                if len(own) > _MOST_OF_ONE:
                    raise failed("TagLimitExceeded", "The maximum number of tags for the resource has been reached.")
                edit.tag(id, wanted)

        await self.change(call, req, work)
        return {}

    @operation(_arns, writes_once=True)
    async def delete_tags(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            for id in req["Resources"]:
                for tag in TAGS.find(edit.tx, prefix=(edit.account, edit.region, id)):
                    if _meant(tag.name, tag.value, req.get("Tags")) and not is_reserved(tag.name):
                        TAGS.delete(edit.tx, edit.account, edit.region, id, tag.name)

        await self.change(call, req, work)
        return {}

    @operation()
    async def describe_tags(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        items = [
            {"ResourceId": id, "ResourceType": resource_type(id), "Key": key, "Value": value}
            for id, tags in view.tags().items()
            for key, value in tags.items()
        ]
        found, token = page(
            select(items, req.get("Filters"), _TAG),
            req.get("MaxResults") or MOST,
            req.get("NextToken"),
            key=lambda item: f"{item['ResourceId']} {item['Key']}",
            error="InvalidPaginationToken",
        )
        return {"Tags": found, "NextToken": token}


def _check(edit: Edit, id: str) -> None:
    """The resource must exist; AWS answers with the error of its kind."""
    prefix = id.partition("-")[0]
    if prefix == "sgr":
        if any(rule.id == id for group in edit.all(GROUPS) for rule in group.rules):
            return
        raise failed("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{id}' does not exist")
    table = _TABLES.get(prefix)
    if table is None:
        raise failed("InvalidID", f"The ID '{id}' is not valid")
    if edit.find(table, id) is None and not (
        prefix == "pcx" and any(one.id == id for one in store.PEERINGS.find(edit.tx))
    ):
        raise missing(table, id)


def _meant(name: str, value: str, wanted: list[Doc] | None) -> bool:
    """Without tags all of them; a tag without a value whatever its value is."""
    return not wanted or any(each.get("Key") == name and each.get("Value") in (None, value) for each in wanted)
