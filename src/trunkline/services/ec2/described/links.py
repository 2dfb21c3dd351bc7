"""Endpoints, prefix lists, flow logs and peering connections as EC2 describes them."""

import hashlib

from trunkline.aws.arn import arn
from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ec2.managed import ManagedList, domain, private_name
from trunkline.services.ec2.model import Endpoint, FlowLog, Peering, PeeringSide, PrefixList, Subnet
from trunkline.services.ec2.store import GROUPS, SUBNETS, View
from trunkline.services.ec2.store.view import Tags

_ZONE = "Z7HUB22UULQXV"
"""The hosted zone of AWS's endpoint names in us-east-1; it stands for all here."""


class Around:
    """What endpoints are described with, looked at once for many."""

    def __init__(self, view: View) -> None:
        self.groups = {one.id: one.name for one in view.all(GROUPS)}
        self.subnets: dict[str, Subnet] = {one.id: one for one in view.all(SUBNETS)}


def endpoint(one: Endpoint, tags: Tags, around: Around) -> Doc:
    doc: Doc = {
        "VpcEndpointId": one.id,
        "VpcEndpointType": one.type,
        "VpcId": one.vpc_id,
        "ServiceName": one.service,
        "ServiceRegion": one.region,
        "State": one.state,
        "PolicyDocument": one.policy,
        "RouteTableIds": one.route_table_ids,
        "SubnetIds": one.subnet_ids,
        "Groups": [{"GroupId": id, "GroupName": around.groups.get(id)} for id in one.group_ids],
        "PrivateDnsEnabled": one.private_dns,
        "RequesterManaged": False,
        "NetworkInterfaceIds": one.interface_ids,
        "DnsEntries": [{"DnsName": name, "HostedZoneId": _ZONE} for name in _names(one, around)],
        "CreationTimestamp": one.created_at,
        "OwnerId": one.account,
        "Tags": pairs(tags.get(one.id, {})),
    }
    if one.type == "Interface":
        doc["IpAddressType"] = one.address_type
    if one.dns_options:
        doc["DnsOptions"] = one.dns_options
    return doc


def _names(one: Endpoint, around: Around) -> list[str]:
    if one.type != "Interface":
        return []
    label = f"{one.id}-{hashlib.sha256(one.id.encode()).hexdigest()[:8]}"
    tail = f"{domain(one.service, one.region)}.vpce.amazonaws.com"
    zones = [one.region + around.subnets[id].zone for id in one.subnet_ids if id in around.subnets]
    names = [f"{label}.{tail}", *(f"{label}-{zone}.{tail}" for zone in sorted(zones))]
    return [*names, private_name(one.service, one.region)] if one.private_dns else names


def prefix_list(one: PrefixList, tags: Tags) -> Doc:
    return {
        "PrefixListId": one.id,
        "PrefixListArn": arn("ec2", one.region, one.account, f"prefix-list/{one.id}"),
        "PrefixListName": one.name,
        "AddressFamily": one.family,
        "State": one.state,
        "MaxEntries": one.max_entries,
        "Version": one.version,
        "OwnerId": one.account,
        "Tags": pairs(tags.get(one.id, {})),
    }


def managed_list(one: ManagedList, region: str) -> Doc:
    return {
        "PrefixListId": one.id,
        "PrefixListArn": arn("ec2", region, "aws", f"prefix-list/{one.id}"),
        "PrefixListName": one.name,
        "AddressFamily": one.family,
        "State": "create-complete",
        "OwnerId": "AWS",
        "Tags": [],
    }


def flow_log(one: FlowLog, tags: Tags) -> Doc:
    return {
        "FlowLogId": one.id,
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "DeliverLogsPermissionArn": one.role_arn or None,
        "DeliverCrossAccountRole": one.cross_account_role or None,
        "CreationTime": one.created_at,
        "ResourceId": one.resource_id,
        "TrafficType": one.traffic or None,
        "LogDestinationType": one.destination_type,
        "LogDestination": one.destination or None,
        "LogGroupName": one.log_group or None,
        "LogFormat": one.format,
        "MaxAggregationInterval": one.interval_s,
        "DestinationOptions": one.options or None,
        "Tags": pairs(tags.get(one.id, {})),
    }


_WORDS = {
    "pending-acceptance": "Pending Acceptance by {account}",
    "active": "Active",
    "expired": "Expired",
}


def peering(one: Peering, tags: Tags) -> Doc:
    words = one.message or _WORDS.get(one.status, "").format(account=one.accepter.account)
    return {
        "VpcPeeringConnectionId": one.id,
        "RequesterVpcInfo": _side(one.requester, known=True),
        "AccepterVpcInfo": _side(one.accepter, known=one.status == "active"),
        "Status": {"Code": one.status, "Message": words},
        "ExpirationTime": one.expires_at if one.status == "pending-acceptance" else None,
        "Tags": pairs(tags.get(one.id, {})),
    }


def options(side: PeeringSide) -> Doc:
    return {
        "AllowDnsResolutionFromRemoteVpc": side.remote_dns,
        "AllowEgressFromLocalClassicLinkToRemoteVpc": False,
        "AllowEgressFromLocalVpcToRemoteClassicLink": False,
    }


def _side(side: PeeringSide, *, known: bool) -> Doc:
    """AWS shows the accepter's blocks once it has accepted."""
    doc: Doc = {"OwnerId": side.account, "Region": side.region, "VpcId": side.vpc_id}
    if known:
        doc |= {
            "CidrBlock": side.cidrs[0],
            "CidrBlockSet": [{"CidrBlock": cidr} for cidr in side.cidrs],
            "Ipv6CidrBlockSet": [{"Ipv6CidrBlock": cidr} for cidr in side.ipv6_cidrs],
            "PeeringOptions": options(side),
        }
    return doc
