"""Security groups, their rules and network ACLs as EC2 describes them."""

from collections.abc import Iterable

from trunkline.aws.arn import arn
from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ec2.model import AclEntry, NetworkAcl, Rule, SecurityGroup, Subnet
from trunkline.services.ec2.store.view import Tags


def group(one: SecurityGroup, tags: Tags) -> Doc:
    return {
        "GroupId": one.id,
        "GroupName": one.name,
        "Description": one.description,
        "OwnerId": one.account,
        "VpcId": one.vpc_id,
        "SecurityGroupArn": arn("ec2", one.region, one.account, f"security-group/{one.id}"),
        "IpPermissions": permissions(one, [rule for rule in one.rules if not rule.egress]),
        "IpPermissionsEgress": permissions(one, [rule for rule in one.rules if rule.egress]),
        "Tags": pairs(tags.get(one.id, {})),
    }


_LISTS = {
    "ipv4": ("IpRanges", "CidrIp"),
    "ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list": ("PrefixListIds", "PrefixListId"),
    "group": ("UserIdGroupPairs", "GroupId"),
}


def permissions(one: SecurityGroup, rules: Iterable[Rule]) -> list[Doc]:
    """Rules gathered by protocol and ports as AWS does."""
    gathered: dict[tuple[object, ...], Doc] = {}
    for each in rules:
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
    if each.kind == "group":
        doc["ReferencedGroupInfo"] = {"GroupId": each.peer, "UserId": one.account, "VpcId": one.vpc_id}
    else:
        doc[{"ipv4": "CidrIpv4", "ipv6": "CidrIpv6", "prefix_list": "PrefixListId"}[each.kind]] = each.peer
    return doc


def revoked(one: SecurityGroup, each: Rule) -> Doc:
    """A rule that is no more."""
    doc = rule(one, each, {})
    peer = doc.pop("ReferencedGroupInfo", None)
    kept = {key: value for key, value in doc.items() if key not in ("SecurityGroupRuleArn", "GroupOwnerId", "Tags")}
    return {**kept, "ReferencedGroupId": peer["GroupId"] if peer else None}


_LAST = 32767


def acl(one: NetworkAcl, tags: Tags, subnets: Iterable[Subnet]) -> Doc:
    """`subnets`: those that it guards."""
    last = [AclEntry(_LAST, egress, "deny", "-1", "0.0.0.0/0") for egress in (True, False)]
    entries = sorted([*one.entries, *last], key=lambda each: (not each.egress, each.number))
    return {
        "NetworkAclId": one.id,
        "VpcId": one.vpc_id,
        "OwnerId": one.account,
        "IsDefault": one.is_default,
        "Associations": [
            {"NetworkAclAssociationId": each.acl_association_id, "NetworkAclId": one.id, "SubnetId": each.id}
            for each in subnets
        ],
        "Entries": [acl_entry(each) for each in entries],
        "Tags": pairs(tags.get(one.id, {})),
    }


def acl_entry(one: AclEntry) -> Doc:
    doc: Doc = {
        "RuleNumber": one.number,
        "Egress": one.egress,
        "RuleAction": one.action,
        "Protocol": one.protocol,
        "CidrBlock": one.cidr or None,
        "Ipv6CidrBlock": one.ipv6_cidr or None,
    }
    if one.from_port is not None:
        doc["PortRange"] = {"From": one.from_port, "To": one.to_port}
    if one.icmp_type is not None:
        doc["IcmpTypeCode"] = {"Type": one.icmp_type, "Code": one.icmp_code}
    return doc
