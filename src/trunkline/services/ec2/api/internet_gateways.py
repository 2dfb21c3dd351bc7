"""Internet gateways, and those that let IPv6 out only."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.described import gateways
from trunkline.services.ec2.errors import failed, in_use, invalid
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import EgressOnlyInternetGateway, InternetGateway
from trunkline.services.ec2.store import (
    ADDRESSES,
    EGRESS_ONLY_GATEWAYS,
    INTERFACES,
    INTERNET_GATEWAYS,
    VPCS,
    Edit,
    new_id,
)

_GATEWAY: Properties = {
    "internet-gateway-id": member("InternetGatewayId"),
    "attachment.vpc-id": each("Attachments", "VpcId"),
    "attachment.state": each("Attachments", "State"),
    "owner-id": member("OwnerId"),
}
_ONE = "arn:aws:ec2:{region}:{account}:internet-gateway/{InternetGatewayId}"


class InternetGateways(Finding):
    """Everything about both."""

    @operation()
    async def describe_internet_gateways(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        render = gateways.internet_gateway
        return listing(
            view, req, INTERNET_GATEWAYS, render, _GATEWAY, member="InternetGateways", id_member="InternetGatewayId"
        )

    @operation("arn:aws:ec2:{region}:{account}:internet-gateway/*", writes_once=True)
    async def create_internet_gateway(self, call: Call, req: Doc) -> Doc:
        tags = tags_for(req, "internet-gateway")

        def work(edit: Edit) -> InternetGateway:
            room("internet gateways", edit.all(INTERNET_GATEWAYS))
            made = InternetGateway(edit.account, edit.region, new_id("igw"))
            edit.keep(INTERNET_GATEWAYS, made)
            edit.tag(made.id, tags)
            return made

        made = await self.change(call, req, work)
        return {"InternetGateway": gateways.internet_gateway(made, {made.id: tags})}

    @operation(_ONE, writes_once=True)
    async def delete_internet_gateway(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            gateway = edit.get(INTERNET_GATEWAYS, req["InternetGatewayId"])
            if gateway.vpc_id:
                raise in_use("internetGateway", gateway.id)
            edit.drop(INTERNET_GATEWAYS, gateway)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def attach_internet_gateway(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            gateway = edit.get(INTERNET_GATEWAYS, req["InternetGatewayId"])
            vpc = edit.get(VPCS, req["VpcId"])
            if gateway.vpc_id:
                raise failed(
                    "Resource.AlreadyAssociated",
                    f"resource {gateway.id} is already attached to network {gateway.vpc_id}",
                )
            if edit.all(INTERNET_GATEWAYS, vpc_id=vpc.id):
                raise invalid(f"Network {vpc.id} already has an internet gateway attached")
            gateway.vpc_id = vpc.id
            edit.keep(INTERNET_GATEWAYS, gateway)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def detach_internet_gateway(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            gateway = edit.get(INTERNET_GATEWAYS, req["InternetGatewayId"])
            vpc = edit.get(VPCS, req["VpcId"])
            if gateway.vpc_id != vpc.id:
                raise failed("Gateway.NotAttached", f"resource {gateway.id} is not attached to network {vpc.id}")
            elastic = {one.interface_id for one in edit.all(ADDRESSES) if one.interface_id}
            if any(one.public_ip or one.id in elastic for one in edit.all(INTERFACES, vpc_id=vpc.id)):
                raise failed(
                    "DependencyViolation",
                    f"Network {vpc.id} has some mapped public address(es). Please unmap those public address(es) "
                    "before detaching the gateway.",
                )
            gateway.vpc_id = ""
            edit.keep(INTERNET_GATEWAYS, gateway)
            edit.touch(vpc.id)

        await self.change(call, req, work)
        return {}

    @operation()
    async def describe_egress_only_internet_gateways(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        return listing(
            view,
            req,
            EGRESS_ONLY_GATEWAYS,
            gateways.egress_only,
            {},
            member="EgressOnlyInternetGateways",
            id_member="EgressOnlyInternetGatewayId",
        )

    @operation("arn:aws:ec2:{region}:{account}:egress-only-internet-gateway/*", writes_once=True)
    async def create_egress_only_internet_gateway(self, call: Call, req: Doc) -> Doc:
        tags = tags_for(req, "egress-only-internet-gateway")

        def work(edit: Edit) -> list[str]:
            vpc = edit.get(VPCS, req["VpcId"])
            room("internet gateways", edit.all(EGRESS_ONLY_GATEWAYS))
            made = EgressOnlyInternetGateway(edit.account, edit.region, new_id("eigw"), vpc.id)
            edit.keep(EGRESS_ONLY_GATEWAYS, made)
            edit.tag(made.id, tags)
            return [made.id]

        (id,) = await self.make(call, req, work)
        view = self.after(call)
        told = gateways.egress_only(view.get(EGRESS_ONLY_GATEWAYS, id), view.tags([id]))
        return {"EgressOnlyInternetGateway": told, "ClientToken": req.get("ClientToken")}

    @operation(writes_once=True)
    async def delete_egress_only_internet_gateway(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            gateway = edit.get(EGRESS_ONLY_GATEWAYS, req["EgressOnlyInternetGatewayId"])
            edit.drop(EGRESS_ONLY_GATEWAYS, gateway)

        await self.change(call, req, work)
        return {"ReturnCode": True}
