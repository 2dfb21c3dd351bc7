"""Records as EC2 describes them."""

from collections.abc import Mapping

from trunkline.aws.arn import arn
from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ec2.model import NetworkInterface, Rule, SecurityGroup, Subnet, Vpc, zone_id

Tags = dict[str, dict[str, str]]


def vpc(one: Vpc, tags: Tags) -> Doc:
    association = {
        "AssociationId": one.cidr_association_id,
        "CidrBlock": one.cidr,
        "CidrBlockState": {"State": "associated"},
    }
    return {
        "VpcId": one.id,
        "OwnerId": one.account,
        "State": "available",
        "CidrBlock": one.cidr,
        "CidrBlockAssociationSet": [association],
        "DhcpOptionsId": one.dhcp_options_id,
        "InstanceTenancy": "default",
        "IsDefault": one.is_default,
        "Tags": pairs(tags.get(one.id, {})),
    }


def subnet(one: Subnet, tags: Tags) -> Doc:
    return {
        "SubnetId": one.id,
        "SubnetArn": arn("ec2", one.region, one.account, f"subnet/{one.id}"),
        "VpcId": one.vpc_id,
        "OwnerId": one.account,
        "State": "available",
        "CidrBlock": one.cidr,
        "AvailabilityZone": one.region + one.zone,
        "AvailabilityZoneId": zone_id(one.region, one.zone),
        "AvailableIpAddressCount": one.free_addresses,
        "DefaultForAz": one.is_default,
        "MapPublicIpOnLaunch": one.public_ip_on_launch,
        "MapCustomerOwnedIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [],
        "EnableDns64": False,
        "Ipv6Native": False,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "Tags": pairs(tags.get(one.id, {})),
    }


def route_table(one: Vpc, tags: Tags) -> Doc:
    state = {"State": "associated"}
    return {
        "RouteTableId": one.route_table_id,
        "VpcId": one.id,
        "OwnerId": one.account,
        "Associations": [
            {
                "Main": True,
                "RouteTableAssociationId": one.route_association_id,
                "RouteTableId": one.route_table_id,
                "AssociationState": state,
            }
        ],
        "PropagatingVgws": [],
        "Routes": [
            {
                "DestinationCidrBlock": one.cidr,
                "GatewayId": "local",
                "Origin": "CreateRouteTable",
                "State": "active",
            },
            {
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": one.internet_gateway_id,
                "Origin": "CreateRoute",
                "State": "active",
            },
        ],
        "Tags": pairs(tags.get(one.route_table_id, {})),
    }


def internet_gateway(one: Vpc, tags: Tags) -> Doc:
    return {
        "InternetGatewayId": one.internet_gateway_id,
        "OwnerId": one.account,
        "Attachments": [{"State": "available", "VpcId": one.id}],
        "Tags": pairs(tags.get(one.internet_gateway_id, {})),
    }


def group(one: SecurityGroup, tags: Tags) -> Doc:
    return {
        "GroupId": one.id,
        "GroupName": one.name,
        "Description": one.description,
        "OwnerId": one.account,
        "VpcId": one.vpc_id,
        "SecurityGroupArn": arn("ec2", one.region, one.account, f"security-group/{one.id}"),
        "IpPermissions": permissions(one, egress=False),
        "IpPermissionsEgress": permissions(one, egress=True),
        "Tags": pairs(tags.get(one.id, {})),
    }


def interface(one: NetworkInterface, groups: Mapping[str, SecurityGroup], tags: Tags) -> Doc:
    name = f"ip-{one.private_ip.replace('.', '-')}.ec2.internal"
    return {
        "NetworkInterfaceId": one.id,
        "SubnetId": one.subnet_id,
        "VpcId": one.vpc_id,
        "AvailabilityZone": one.region + one.zone,
        "Description": one.description,
        "OwnerId": one.account,
        "RequesterId": one.requester,
        "RequesterManaged": True,
        "Status": "in-use",
        "InterfaceType": "interface",
        "MacAddress": one.mac,
        "PrivateIpAddress": one.private_ip,
        "PrivateDnsName": name,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": one.private_ip, "PrivateDnsName": name}],
        "SourceDestCheck": True,
        "Groups": [{"GroupId": id, "GroupName": groups[id].name} for id in one.group_ids if id in groups],
        "Ipv6Addresses": [],
        "Attachment": {
            "AttachmentId": one.attachment_id,
            "AttachTime": one.created_at,
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": one.account,
            "Status": "attached",
        },
        "TagSet": pairs(tags.get(one.id, {})),
    }


_LISTS = {
    "ipv4": ("IpRanges", "CidrIp"),
    "ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list": ("PrefixListIds", "PrefixListId"),
    "group": ("UserIdGroupPairs", "GroupId"),
}


def permissions(one: SecurityGroup, *, egress: bool) -> list[Doc]:
    """Rules of one direction, gathered by protocol and ports as AWS does."""
    gathered: dict[tuple[object, ...], Doc] = {}
    for each in one.rules:
        if each.egress is not egress:
            continue
        place = gathered.setdefault(
            (each.protocol, each.from_port, each.to_port),
            {
                "IpProtocol": each.protocol,
                "FromPort": each.from_port,
                "ToPort": each.to_port,
                **{name: [] for name, _ in _LISTS.values()},
            },
        )
        outer, inner = _LISTS[each.kind]
        entry: Doc = {inner: each.peer, "Description": each.description}
        if each.kind == "group":
            entry["UserId"] = one.account
        place[outer].append({key: value for key, value in entry.items() if value is not None})
    return list(gathered.values())


def rule(one: SecurityGroup, each: Rule, tags: Tags) -> Doc:
    doc: Doc = {
        "SecurityGroupRuleId": each.id,
        "SecurityGroupRuleArn": arn("ec2", one.region, one.account, f"security-group-rule/{each.id}"),
        "GroupId": one.id,
        "GroupOwnerId": one.account,
        "IsEgress": each.egress,
        "IpProtocol": each.protocol,
        "FromPort": -1 if each.from_port is None else each.from_port,
        "ToPort": -1 if each.to_port is None else each.to_port,
        "Description": each.description,
        "Tags": pairs(tags.get(each.id, {})),
    }
    if each.kind == "ipv4":
        doc["CidrIpv4"] = each.peer
    elif each.kind == "ipv6":
        doc["CidrIpv6"] = each.peer
    elif each.kind == "prefix_list":
        doc["PrefixListId"] = each.peer
    else:
        doc["ReferencedGroupInfo"] = {"GroupId": each.peer, "UserId": one.account, "VpcId": one.vpc_id}
    return doc
