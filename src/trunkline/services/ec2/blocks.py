"""Blocks of addresses out of requests: what is well-formed, what fits and what overlaps."""

import ipaddress
from collections.abc import Iterable

from trunkline.core import ids
from trunkline.services.ec2.errors import bad_value, failed

V4 = ipaddress.IPv4Network
V6 = ipaddress.IPv6Network
_SHORTEST, _LONGEST = 16, 28


def v4(text: str, parameter: str = "cidrBlock") -> V4:
    """A block in its canonical form, as AWS keeps it."""
    try:
        if "/" not in text:
            raise ValueError(text)
        return V4(text, strict=False)
    except ValueError as error:
        raise bad_value(text, parameter, "This is not a valid CIDR block.") from error


def v6(text: str, parameter: str = "ipv6CidrBlock") -> V6:
    try:
        if "/" not in text:
            raise ValueError(text)
        return V6(text, strict=False)
    except ValueError as error:
        raise bad_value(text, parameter, "This is not a valid IPv6 CIDR block.") from error


def of_vpc(text: str) -> V4:
    """A block that a VPC may have."""
    block = v4(text)
    if not _SHORTEST <= block.prefixlen <= _LONGEST:
        raise failed("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
    return block


def of_subnet(text: str, vpc: Iterable[str], others: Iterable[str]) -> V4:
    """A block that a subnet may have in a VPC with these blocks, beside these other subnets."""
    block = v4(text)
    inside = any(block.subnet_of(V4(each)) for each in vpc)
    if not _SHORTEST <= block.prefixlen <= _LONGEST or not inside:
        raise failed("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
    if any(block.overlaps(V4(each)) for each in others):
        raise failed("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")
    return block


def of_subnet_v6(text: str, vpc: Iterable[str], others: Iterable[str]) -> V6:
    """As `of_subnet`; AWS allows prefix lengths from 44 to 64 in steps of four."""
    block = v6(text)
    inside = any(block.subnet_of(V6(each)) for each in vpc)
    if block.prefixlen not in range(44, 65, 4) or not inside:
        raise failed("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
    if any(block.overlaps(V6(each)) for each in others):
        raise failed("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")
    return block


def new_v6(taken: Iterable[str]) -> V6:
    """A block such as AWS provides, in nobody's use here."""
    known = set(taken)
    while True:
        digits = ids.hex_id(6)
        block = V6(f"2600:1f18:{digits[:4]}:{digits[4:]}00::/56")
        if str(block) not in known:
            return block


def free_address(cidr: str, taken: Iterable[str]) -> str | None:
    """The first address of a subnet that AWS does not keep for itself and nobody has."""
    block, known = V4(cidr), set(taken)
    first, last = int(block.network_address) + 4, int(block.broadcast_address) - 1
    for number in range(first, last + 1):
        address = str(ipaddress.IPv4Address(number))
        if address not in known:
            return address
    return None


def usable(address: str, cidr: str) -> bool:
    """Whether an interface may have this address in a subnet."""
    try:
        number, block = int(ipaddress.IPv4Address(address)), V4(cidr)
    except ValueError:
        return False
    return int(block.network_address) + 4 <= number < int(block.broadcast_address)
