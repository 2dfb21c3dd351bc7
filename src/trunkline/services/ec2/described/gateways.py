"""Gateways and elastic addresses as EC2 describes them."""

from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ec2.model import Address, EgressOnlyInternetGateway, InternetGateway, NatAddress, NatGateway
from trunkline.services.ec2.store.view import Tags

_STATUS = {"pending": "associating", "available": "succeeded", "failed": "failed"}


def internet_gateway(one: InternetGateway, tags: Tags) -> Doc:
    return {
        "InternetGatewayId": one.id,
        "OwnerId": one.account,
        "Attachments": [{"State": "available", "VpcId": one.vpc_id}] if one.vpc_id else [],
        "Tags": pairs(tags.get(one.id, {})),
    }


def egress_only(one: EgressOnlyInternetGateway, tags: Tags) -> Doc:
    return {
        "EgressOnlyInternetGatewayId": one.id,
        "Attachments": [{"State": "attached", "VpcId": one.vpc_id}],
        "Tags": pairs(tags.get(one.id, {})),
    }


def nat_gateway(one: NatGateway, tags: Tags) -> Doc:
    return {
        "NatGatewayId": one.id,
        "VpcId": one.vpc_id,
        "SubnetId": one.subnet_id,
        "State": one.state,
        "ConnectivityType": one.connectivity,
        "AvailabilityMode": "zonal",
        "CreateTime": one.created_at,
        "DeleteTime": one.deleted_at,
        "FailureCode": one.failure_code or None,
        "FailureMessage": one.failure_message or None,
        "NatGatewayAddresses": [_nat_address(one, each) for each in one.addresses],
        "Tags": pairs(tags.get(one.id, {})),
    }


def _nat_address(nat: NatGateway, one: NatAddress) -> Doc:
    return {
        "AllocationId": one.allocation_id or None,
        "NetworkInterfaceId": one.interface_id or None,
        "PrivateIp": one.private_ip or None,
        "PublicIp": one.public_ip or None,
        "AssociationId": one.association_id or None,
        "IsPrimary": one.primary,
        "Status": _STATUS.get(nat.state, "disassociating"),
    }


def address(one: Address, tags: Tags, subnet_id: str = "") -> Doc:
    doc: Doc = {
        "AllocationId": one.id,
        "PublicIp": one.public_ip,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": one.border_group,
        "Tags": pairs(tags.get(one.id, {})),
    }
    if one.association_id:
        doc |= {
            "AssociationId": one.association_id,
            "NetworkInterfaceId": one.interface_id,
            "NetworkInterfaceOwnerId": one.account,
            "PrivateIpAddress": one.private_ip,
            "SubnetId": subnet_id or None,
        }
    return doc
