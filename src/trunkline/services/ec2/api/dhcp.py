"""DHCP options."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.described import network
from trunkline.services.ec2.errors import bad_value, in_use, missing
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.model import DhcpOptions
from trunkline.services.ec2.store import DHCP_OPTIONS, VPCS, Edit, new_id
from trunkline.services.ec2.store.default_network import default_options

_OPTIONS: Properties = {
    "dhcp-options-id": member("DhcpOptionsId"),
    "key": each("DhcpConfigurations", "Key"),
    "value": lambda item: [one["Value"] for each in item["DhcpConfigurations"] for one in each["Values"]],
    "owner-id": member("OwnerId"),
}
_KEYS = {
    "domain-name": 1,
    "domain-name-servers": 4,
    "ntp-servers": 4,
    "netbios-name-servers": 4,
    "netbios-node-type": 1,
    "ipv6-address-preferred-lease-time": 1,
}
"""With the number of values each may have."""


class Dhcp(Finding):
    """Everything about them; containers get AWS's resolver whatever they say."""

    @operation()
    async def describe_dhcp_options(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        render = network.dhcp_options
        return listing(view, req, DHCP_OPTIONS, render, _OPTIONS, member="DhcpOptions", id_member="DhcpOptionsId",
                       ids_member="DhcpOptionsIds")  # fmt: skip

    @operation("arn:aws:ec2:{region}:{account}:dhcp-options/*", writes_once=True)
    async def create_dhcp_options(self, call: Call, req: Doc) -> Doc:
        options: dict[str, list[str]] = {}
        for one in req["DhcpConfigurations"]:
            key, values = one.get("Key", ""), one.get("Values") or []
            if key not in _KEYS:
                raise bad_value(key, "key", f"Unknown DHCP option {key}")
            if not 1 <= len(values) <= _KEYS[key]:
                raise bad_value(", ".join(values), "value", f"Invalid number of values for DHCP option {key}")
            if key == "netbios-node-type" and values[0] not in ("1", "2", "4", "8"):
                raise bad_value(values[0], "netbios-node-type")
            options[key] = values
        if not options:
            raise missing("dhcpConfiguration")
        tags = tags_for(req, "dhcp-options")

        def work(edit: Edit) -> DhcpOptions:
            made = DhcpOptions(edit.account, edit.region, new_id("dopt"), options)
            edit.keep(DHCP_OPTIONS, made)
            edit.tag(made.id, tags)
            return made

        made = await self.change(call, req, work)
        return {"DhcpOptions": network.dhcp_options(made, {made.id: tags})}

    @operation("arn:aws:ec2:{region}:{account}:dhcp-options/{DhcpOptionsId}", writes_once=True)
    async def delete_dhcp_options(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            options = edit.get(DHCP_OPTIONS, req["DhcpOptionsId"])
            if edit.all(VPCS, dhcp_options_id=options.id):
                raise in_use("dhcpOptions", options.id)
            edit.drop(DHCP_OPTIONS, options)

        await self.change(call, req, work)
        return {}

    @operation("arn:aws:ec2:{region}:{account}:vpc/{VpcId}", writes_once=True)
    async def associate_dhcp_options(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            vpc = edit.get(VPCS, req["VpcId"])
            wanted = req["DhcpOptionsId"]
            # "default" stands for no options at all on AWS: the region's own are in force then.
            vpc.dhcp_options_id = default_options(edit).id if wanted == "default" else edit.get(DHCP_OPTIONS, wanted).id
            edit.keep(VPCS, vpc)

        await self.change(call, req, work)
        return {}
