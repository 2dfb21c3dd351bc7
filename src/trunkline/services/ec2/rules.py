"""Security group rules out of requests: what is valid, what is a duplicate, what is meant by a revocation."""

import ipaddress

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc
from trunkline.services.ec2.model import Rule
from trunkline.services.ec2.store import new_id

_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_WITH_PORTS = ("tcp", "udp", "icmp", "icmpv6")


def from_request(req: Doc, *, egress: bool) -> list[Rule]:
    """`IpPermissions`, or the older flat members."""
    permissions = req.get("IpPermissions") or []
    if not permissions and "IpProtocol" in req:
        flat: Doc = {key: req[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in req}
        if "CidrIp" in req:
            flat["IpRanges"] = [{"CidrIp": req["CidrIp"]}]
        if "SourceSecurityGroupName" in req:
            flat["UserIdGroupPairs"] = [{"GroupName": req["SourceSecurityGroupName"]}]
        permissions = [flat]
    found = [rule for permission in permissions for rule in _rules(permission, egress)]
    if not found:
        raise AwsError(
            "MissingParameter",
            "Either 'ipPermissions' or a source or destination must be specified in the security group rule.",
            status=400,
        )
    return found


_PEERS = {
    "CidrIpv4": "ipv4",
    "CidrIpv6": "ipv6",
    "PrefixListId": "prefix_list",
    "ReferencedGroupId": "group",
}


def from_update(old: Rule, given: Doc) -> Rule:
    """What a rule becomes: a whole new rule with the old id and direction."""
    peers = [name for name in _PEERS if name in given]
    if len(peers) != 1:
        raise AwsError("InvalidParameterValue", "A rule has exactly one source or destination.", status=400)
    protocol, from_port, to_port = _ports(given)
    kind, peer = _PEERS[peers[0]], given[peers[0]]
    if kind in ("ipv4", "ipv6"):
        peer = _cidr(peer, 4 if kind == "ipv4" else 6)
    return Rule(old.id, old.egress, protocol, from_port, to_port, kind, peer, given.get("Description"))


def _rules(permission: Doc, egress: bool) -> list[Rule]:
    protocol, from_port, to_port = _ports(permission)
    peers: list[tuple[str, str, str | None]] = []
    for entry in permission.get("IpRanges", []):
        peers.append(("ipv4", _cidr(entry.get("CidrIp", ""), 4), entry.get("Description")))
    for entry in permission.get("Ipv6Ranges", []):
        peers.append(("ipv6", _cidr(entry.get("CidrIpv6", ""), 6), entry.get("Description")))
    for entry in permission.get("PrefixListIds", []):
        peers.append(("prefix_list", entry.get("PrefixListId", ""), entry.get("Description")))
    for entry in permission.get("UserIdGroupPairs", []):
        peers.append(("group", entry.get("GroupId") or f"name:{entry.get('GroupName', '')}", entry.get("Description")))
    return [
        Rule(new_id("sgr"), egress, protocol, from_port, to_port, kind, peer, description)
        for kind, peer, description in peers
    ]


def _ports(permission: Doc) -> tuple[str, int | None, int | None]:
    given = str(permission.get("IpProtocol", "-1")).lower()
    protocol = "-1" if given == "all" else _NUMBERS.get(given, given)
    if protocol != "-1" and protocol not in _WITH_PORTS and not (protocol.isdigit() and int(protocol) < 256):
        raise AwsError(
            "InvalidParameterValue", f"Invalid value '{given}' for IP protocol. Unknown protocol.", status=400
        )
    if protocol not in _WITH_PORTS:
        return protocol, None, None
    from_port, to_port = permission.get("FromPort"), permission.get("ToPort")
    if protocol in ("tcp", "udp"):
        if from_port is None or to_port is None:
            raise AwsError(
                "InvalidParameterValue",
                f"Invalid value 'Must specify both from and to ports with TCP/UDP.' for {given}",
                status=400,
            )
        if not 0 <= from_port <= to_port <= 65535:
            raise AwsError("InvalidParameterValue", f"Invalid TCP/UDP port range ({from_port}:{to_port})", status=400)
        return protocol, from_port, to_port
    # ICMP's type and code: all of them unless said.
    return protocol, -1 if from_port is None else from_port, -1 if to_port is None else to_port


def _cidr(text: str, version: int) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or network.version != version or "/" not in text:
        raise AwsError("InvalidParameterValue", f"CIDR block {text} is malformed", status=400)
    return str(network)


def told(rule: Rule) -> str:
    """A rule in the words of EC2's errors."""
    protocol = "ALL" if rule.protocol == "-1" else rule.protocol.upper()
    ports = "" if rule.from_port is None else f", from port: {rule.from_port}, to port: {rule.to_port}"
    return f"peer: {rule.peer}, {protocol}{ports}, ALLOW"
