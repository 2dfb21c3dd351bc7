"""Security group rules as templates write them, as EC2's API takes them, and when two of them are the same."""

import ipaddress
from collections.abc import Iterable

from trunkline.aws.service import Doc

_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "-1"}
_WITH_PORTS = ("tcp", "udp", "icmp", "icmpv6")
INGRESS = ("CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupName")
EGRESS = ("CidrIp", "CidrIpv6", "DestinationPrefixListId", "DestinationSecurityGroupId")
_LISTS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourceSecurityGroupName": ("UserIdGroupPairs", "GroupName"),
}
EVERYWHERE: Doc = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
"""What a new group lets out."""

Matter = tuple[str, int | None, int | None, str, str]


def permission(rule: Doc) -> Doc:
    """A template's rule as an IpPermission."""
    made: Doc = {"IpProtocol": str(rule["IpProtocol"])}
    for name in ("FromPort", "ToPort"):
        if rule.get(name) is not None:
            made[name] = int(rule[name])
    for name, (outer, inner) in _LISTS.items():
        value = rule.get(name)
        if value is None:
            continue
        # A group made without a VPC used to be known by its name, and templates still call it so.
        member = "GroupId" if inner == "GroupName" and str(value).startswith("sg-") else inner
        entry: Doc = {member: value}
        if rule.get("Description") is not None:
            entry["Description"] = rule["Description"]
        if outer == "UserIdGroupPairs" and rule.get("SourceSecurityGroupOwnerId"):
            entry["UserId"] = rule["SourceSecurityGroupOwnerId"]
        made.setdefault(outer, []).append(entry)
    return made


def matter(rule: Doc, names: dict[str, str] | None = None) -> Matter:
    """What makes two rules the same, whatever their descriptions. names: group ids by name."""
    given = str(rule["IpProtocol"]).lower()
    protocol = _NUMBERS.get(given, given)
    ports: tuple[int | None, int | None] = (None, None)
    if protocol in _WITH_PORTS:
        first, last = rule.get("FromPort"), rule.get("ToPort")
        every = -1 if protocol.startswith("icmp") else None
        ports = (every if first is None else int(first), every if last is None else int(last))
    for name, (outer, _) in _LISTS.items():
        value = rule.get(name)
        if value is not None:
            text = str(value)
            if name == "SourceSecurityGroupName":
                text = (names or {}).get(text, text)
            return (protocol, *ports, outer, _block(text) if outer.endswith("Ranges") else text)
    return (protocol, *ports, "", "")


def _block(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return text


def told(rule: Doc) -> Doc:
    """A rule as DescribeSecurityGroupRules gives it, in a template's words."""
    egress = rule["IsEgress"]
    read: Doc = {"IpProtocol": rule["IpProtocol"]}
    if rule["IpProtocol"] in _WITH_PORTS:
        read |= {"FromPort": rule["FromPort"], "ToPort": rule["ToPort"]}
    peer = rule.get("ReferencedGroupInfo") or {}
    side = "Destination" if egress else "Source"
    for name, value in (
        ("CidrIp", rule.get("CidrIpv4")),
        ("CidrIpv6", rule.get("CidrIpv6")),
        (f"{side}PrefixListId", rule.get("PrefixListId")),
        (f"{side}SecurityGroupId", peer.get("GroupId")),
        ("Description", rule.get("Description")),
    ):
        if value is not None:
            read[name] = value
    if peer and not egress:
        read["SourceSecurityGroupOwnerId"] = peer["UserId"]
    return read


def as_given(found: Doc, given: Iterable[Doc], names: dict[str, str] | None = None) -> Doc:
    """The rule in the words of the template if that has it: "6" stays "6", although EC2 says tcp."""
    for one in given:
        if matter(one, names) == matter(found):
            if (one.get("Description") or "") == (found.get("Description") or ""):
                return dict(one)
            return {**{key: value for key, value in one.items() if key != "Description"}, **_description(found)}
    return found


def _description(rule: Doc) -> Doc:
    return {"Description": rule["Description"]} if rule.get("Description") else {}
