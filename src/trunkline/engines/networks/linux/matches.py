"""Protocols, ports and addresses of security groups and network ACLs as nftables matches. Pure."""

import ipaddress

from trunkline.engines.networks.interface import AclEntry, Permission

ALL = "-1"
_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_ANYWHERE = "0.0.0.0/0"


def permission(rule: Permission, side: str, members: str) -> str | None:
    """A match for the other side's address ("saddr" or "daddr") and the port; None when IPv4 cannot meet it.

    `members`: the set of the addresses of the group that the rule names."""
    if rule.group:
        where = f"ip {side} @{members}"
    elif ":" in rule.cidr:
        return None
    else:
        where = _address(rule.cidr, side)
    what = _what(rule.protocol, rule.from_port, rule.to_port, rule.from_port, rule.to_port)
    return None if what is None else f"{where} {what}".strip()


def entry(one: AclEntry) -> str | None:
    """A match for a packet that the entry decides; None when IPv4 cannot meet it."""
    if ":" in one.cidr:
        return None
    what = _what(one.protocol, one.from_port, one.to_port, one.icmp_type, one.icmp_code)
    return None if what is None else f"{_address(one.cidr, 'daddr' if one.egress else 'saddr')} {what}".strip()


def meets_all(one: AclEntry) -> bool:
    return entry(one) == ""


def _address(cidr: str, side: str) -> str:
    network = ipaddress.IPv4Network(cidr, strict=False)
    return "" if str(network) == _ANYWHERE else f"ip {side} {network}"


def _what(protocol: str, first: int, last: int, icmp_type: int, icmp_code: int) -> str | None:
    name = _NAMES.get(protocol, protocol.lower())
    if name == ALL:
        return ""
    if name == "icmpv6":
        return None
    if name == "icmp":
        if icmp_type < 0:
            return "ip protocol icmp"
        return f"icmp type {icmp_type}" + (f" icmp code {icmp_code}" if icmp_code >= 0 else "")
    if name not in ("tcp", "udp"):
        return f"ip protocol {name}"
    if first < 0 or (first == 0 and last == 65535):
        return f"ip protocol {name}"
    return f"{name} dport {first}" if first == last else f"{name} dport {first}-{last}"
