"""Network interfaces as EC2 describes them."""

from collections.abc import Mapping

from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ec2.model import Address, NetworkInterface, SecurityGroup, domain_of, zone_id
from trunkline.services.ec2.store import ADDRESSES, GROUPS, View
from trunkline.services.ec2.store.view import Tags


class Surroundings:
    """What interfaces are described with, looked at once for many."""

    def __init__(self, view: View) -> None:
        self.groups: Mapping[str, SecurityGroup] = {one.id: one for one in view.all(GROUPS)}
        self.elastic: Mapping[tuple[str, str], Address] = {
            (one.interface_id, one.private_ip): one for one in view.all(ADDRESSES) if one.interface_id
        }

    def association(self, one: NetworkInterface, ip: str) -> Doc | None:
        """The public address of one of its addresses."""
        found = self.elastic.get((one.id, ip))
        if found is not None:
            return {
                "AllocationId": found.id,
                "AssociationId": found.association_id,
                "IpOwnerId": found.account,
                "PublicIp": found.public_ip,
                "PublicDnsName": _public_name(one.region, found.public_ip),
            }
        if one.public_ip and ip == one.private_ip:
            name = _public_name(one.region, one.public_ip)
            return {"IpOwnerId": "amazon", "PublicIp": one.public_ip, "PublicDnsName": name}
        return None


def interface(one: NetworkInterface, tags: Tags, around: Surroundings) -> Doc:
    addresses = [
        {
            "Primary": ip == one.private_ip,
            "PrivateIpAddress": ip,
            "PrivateDnsName": _private_name(one.region, ip),
            "Association": around.association(one, ip),
        }
        for ip in one.addresses
    ]
    association = around.association(one, one.private_ip)
    return {
        "NetworkInterfaceId": one.id,
        "SubnetId": one.subnet_id,
        "VpcId": one.vpc_id,
        "OwnerId": one.account,
        "AvailabilityZone": one.region + one.zone,
        "AvailabilityZoneId": zone_id(one.region, one.zone),
        "Description": one.description,
        "RequesterId": one.requester or one.account,
        "RequesterManaged": bool(one.requester),
        "Status": "in-use" if one.attachment_id else "available",
        "InterfaceType": one.kind,
        "MacAddress": one.mac,
        "PrivateIpAddress": one.private_ip,
        "PrivateDnsName": _private_name(one.region, one.private_ip),
        "PrivateIpAddresses": addresses,
        "Association": association,
        "PublicDnsName": association["PublicDnsName"] if association else None,
        "SourceDestCheck": one.source_dest_check,
        "Groups": groups(one, around.groups),
        "Ipv6Addresses": [{"Ipv6Address": each} for each in one.ipv6],
        "Ipv6Address": one.ipv6[0] if one.ipv6 else None,
        "Attachment": attachment(one),
        "TagSet": pairs(tags.get(one.id, {})),
    }


def groups(one: NetworkInterface, known: Mapping[str, SecurityGroup]) -> list[Doc]:
    return [{"GroupId": id, "GroupName": known[id].name} for id in one.group_ids if id in known]


def attachment(one: NetworkInterface) -> Doc | None:
    if not one.attachment_id:
        return None
    return {
        "AttachmentId": one.attachment_id,
        "AttachTime": one.created_at,
        "DeleteOnTermination": one.delete_on_termination,
        "DeviceIndex": 1,
        "InstanceOwnerId": one.requester or one.account,
        "Status": "attached",
    }


def _private_name(region: str, ip: str) -> str:
    return f"ip-{ip.replace('.', '-')}.{domain_of(region)}"


def _public_name(region: str, ip: str) -> str:
    domain = "compute-1.amazonaws.com" if region == "us-east-1" else f"{region}.compute.amazonaws.com"
    return f"ec2-{ip.replace('.', '-')}.{domain}"
