"""Tags of any EC2 resource."""

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Tx
from trunkline.services.ec2 import store
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.filters import member, select
from trunkline.services.ec2.model import Tag, resource_type

_TAG = {
    "key": member("Key"),
    "value": member("Value"),
    "resource-id": member("ResourceId"),
    "resource-type": member("ResourceType"),
}


class Tags(Finding):
    """Creating, deleting and describing them."""

    @operation()
    async def create_tags(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        wanted = normalise(req["Tags"], error="InvalidParameterValue", too_many="TagLimitExceeded")
        self._check(call, req["Resources"])

        def write(tx: Tx) -> None:
            for resource in req["Resources"]:
                for name, value in wanted.items():
                    store.TAGS.put(tx, Tag(call.account, call.region, resource, name, value))

        await self.kit.db.write(write)
        return {}

    @operation()
    async def delete_tags(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)

        def write(tx: Tx) -> None:
            for resource in req["Resources"]:
                for tag in store.TAGS.find(tx, prefix=(call.account, call.region, resource)):
                    if _meant(tag, req.get("Tags")):
                        store.TAGS.delete(tx, call.account, call.region, resource, tag.name)

        await self.kit.db.write(write)
        return {}

    @operation()
    async def describe_tags(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        items = [
            {
                "ResourceId": tag.resource_id,
                "ResourceType": resource_type(tag.resource_id),
                "Key": tag.name,
                "Value": tag.value,
            }
            for tag in store.TAGS.find(self.kit.db, prefix=(call.account, call.region))
        ]
        found, token = page(
            select(items, req.get("Filters"), _TAG),
            req.get("MaxResults") or 1000,
            req.get("NextToken"),
            key=lambda item: f"{item['ResourceId']} {item['Key']}",
            error="InvalidPaginationToken",
        )
        return {"Tags": found, "NextToken": token}

    def _check(self, call: Call, resources: list[str]) -> None:
        known = set[str]()
        for vpc in store.VPCS.find(self.kit.db, prefix=(call.account, call.region)):
            known |= {vpc.id, vpc.route_table_id, vpc.internet_gateway_id, vpc.dhcp_options_id}
        known |= {subnet.id for subnet in store.SUBNETS.find(self.kit.db, prefix=(call.account, call.region))}
        known |= {one.id for one in store.INTERFACES.find(self.kit.db, prefix=(call.account, call.region))}
        for group in store.GROUPS.find(self.kit.db, prefix=(call.account, call.region)):
            known |= {group.id, *(rule.id for rule in group.rules)}
        for resource in resources:
            if resource not in known:
                raise AwsError("InvalidID", f"The ID '{resource}' is not valid", status=400)


def _meant(tag: Tag, wanted: list[Doc] | None) -> bool:
    """Without tags all of them; a tag without a value whatever its value is."""
    return not wanted or any(each.get("Key") == tag.name and each.get("Value") in (None, tag.value) for each in wanted)
