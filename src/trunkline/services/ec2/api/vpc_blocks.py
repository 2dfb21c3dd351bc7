"""Further blocks of addresses of a VPC."""

import ipaddress
from collections.abc import Sized

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import blocks
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.described import network
from trunkline.services.ec2.errors import combination, failed, in_use, invalid, missing, no_association
from trunkline.services.ec2.model import Block, Vpc
from trunkline.services.ec2.store import SUBNETS, VPCS, Edit, new_id

_MOST = 5
_KINDS = ("CidrBlock", "AmazonProvidedIpv6CidrBlock", "Ipv6CidrBlock")


class VpcBlocks(Finding):
    """Adding them and taking them away."""

    @operation("arn:aws:ec2:{region}:{account}:vpc/{VpcId}", writes_once=True)
    async def associate_vpc_cidr_block(self, call: Call, req: Doc) -> Doc:
        for name in ("Ipv4IpamPoolId", "Ipv6IpamPoolId", "Ipv4NetmaskLength", "Ipv6NetmaskLength", "Ipv6Pool"):
            if name in req:
                raise invalid(f"Trunkline has no IPAM and no address pools: give a CIDR block instead of {name}.")
        given = [name for name in _KINDS if req.get(name)]
        if not given:
            raise missing("cidrBlock")
        if len(given) > 1:
            raise combination(f"The parameters {' and '.join(given)} cannot be used together")
        if "Ipv6CidrBlock" in given:
            raise invalid("Trunkline has no IPv6 address pools: give AmazonProvidedIpv6CidrBlock.")

        def work(edit: Edit) -> Doc:
            vpc = edit.get(VPCS, req["VpcId"])
            if "CidrBlock" in given:
                made = _add_ipv4(vpc, req["CidrBlock"])
                doc = {"CidrBlockAssociation": network.block(made, "associating")}
            else:
                made = add_ipv6(edit, vpc, req.get("Ipv6CidrBlockNetworkBorderGroup"))
                doc = {"Ipv6CidrBlockAssociation": network.ipv6_block(made, "associating")}
            edit.keep(VPCS, vpc)
            return {"VpcId": vpc.id, **doc}

        return await self.change(call, req, work)

    @operation(writes_once=True)
    async def disassociate_vpc_cidr_block(self, call: Call, req: Doc) -> Doc:
        id = req["AssociationId"]

        def work(edit: Edit) -> Doc:
            for vpc in edit.all(VPCS):
                if vpc.cidr_association_id == id:
                    raise failed(
                        "OperationNotPermitted",
                        f"The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 "
                        "CIDR block of the VPC",
                    )
                for kept, is_v6 in ((vpc.blocks, False), (vpc.ipv6_blocks, True)):
                    for block in kept:
                        if block.association_id == id:
                            _check_unused(edit, vpc, block)
                            kept.remove(block)
                            edit.keep(VPCS, vpc)
                            return _gone(vpc, block, is_v6)
            raise failed(
                "InvalidVpcCidrBlockAssociationID.NotFound",
                f"The vpc CIDR block association ID '{id}' does not exist",
            )

        return await self.change(call, req, work)

    @operation("arn:aws:ec2:{region}:{account}:subnet/{SubnetId}", writes_once=True)
    async def associate_subnet_cidr_block(self, call: Call, req: Doc) -> Doc:
        if "Ipv6CidrBlock" not in req:
            raise missing("ipv6CidrBlock")

        def work(edit: Edit) -> Doc:
            subnet = edit.get(SUBNETS, req["SubnetId"])
            if subnet.ipv6_blocks:
                raise invalid(f"The subnet '{subnet.id}' already has an IPv6 CIDR block.")
            vpc = edit.get(VPCS, subnet.vpc_id)
            others = [block.cidr for one in edit.all(SUBNETS, vpc_id=vpc.id) for block in one.ipv6_blocks]
            cidr = blocks.of_subnet_v6(req["Ipv6CidrBlock"], [one.cidr for one in vpc.ipv6_blocks], others)
            made = Block(new_id("subnet-cidr-assoc"), str(cidr))
            subnet.ipv6_blocks.append(made)
            edit.keep(SUBNETS, subnet)
            told = network.ipv6_block(made, "associating", of_vpc=False)
            return {"SubnetId": subnet.id, "Ipv6CidrBlockAssociation": told}

        return await self.change(call, req, work)

    @operation(writes_once=True)
    async def disassociate_subnet_cidr_block(self, call: Call, req: Doc) -> Doc:
        id = req["AssociationId"]

        def work(edit: Edit) -> Doc:
            for subnet in edit.all(SUBNETS):
                for block in subnet.ipv6_blocks:
                    if block.association_id == id:
                        subnet.ipv6_blocks.remove(block)
                        edit.keep(SUBNETS, subnet)
                        told = network.ipv6_block(block, "disassociating", of_vpc=False)
                        return {"SubnetId": subnet.id, "Ipv6CidrBlockAssociation": told}
            raise no_association(id)

        return await self.change(call, req, work)


def add_ipv6(edit: Edit, vpc: Vpc, border_group: str | None) -> Block:
    """A /56 as Amazon gives one; the caller keeps the VPC."""
    _room(vpc.id, vpc.ipv6_blocks)
    taken = [block.cidr for one in VPCS.find(edit.tx) for block in one.ipv6_blocks]
    made = Block(new_id("vpc-cidr-assoc"), str(blocks.new_v6(taken)), border_group=border_group or edit.region)
    vpc.ipv6_blocks.append(made)
    return made


def _room(vpc_id: str, present: Sized) -> None:
    if len(present) >= _MOST:
        words = f"This network '{vpc_id}' has met its maximum number of allowed CIDRs: {_MOST}"
        raise failed("CidrLimitExceeded", words)


def _add_ipv4(vpc: Vpc, text: str) -> Block:
    cidr = blocks.of_vpc(text)
    _room(vpc.id, vpc.cidrs)
    if any(cidr.overlaps(ipaddress.IPv4Network(one)) for one in vpc.cidrs):
        raise invalid(f"The CIDR '{cidr}' conflicts with another CIDR block of the VPC '{vpc.id}'.")
    made = Block(new_id("vpc-cidr-assoc"), str(cidr))
    vpc.blocks.append(made)
    return made


def _check_unused(edit: Edit, vpc: Vpc, block: Block) -> None:
    gone = ipaddress.ip_network(block.cidr)
    for subnet in edit.all(SUBNETS, vpc_id=vpc.id):
        for cidr in (subnet.cidr, *(one.cidr for one in subnet.ipv6_blocks)):
            if (
                cidr
                and ipaddress.ip_network(cidr).version == gone.version
                and ipaddress.ip_network(cidr).overlaps(gone)
            ):
                raise in_use("vpc CIDR block", block.association_id)


def _gone(vpc: Vpc, block: Block, is_v6: bool) -> Doc:
    if is_v6:
        return {"VpcId": vpc.id, "Ipv6CidrBlockAssociation": network.ipv6_block(block, "disassociating")}
    return {"VpcId": vpc.id, "CidrBlockAssociation": network.block(block, "disassociating")}
