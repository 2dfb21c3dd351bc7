"""Network interfaces as records: an address of the subnet, a MAC, and what an elastic address is bound to."""

from datetime import datetime

from trunkline.core import ids
from trunkline.services.ec2 import blocks
from trunkline.services.ec2.errors import bad_value, failed
from trunkline.services.ec2.model import Address, NetworkInterface, Subnet
from trunkline.services.ec2.store import ADDRESSES, INTERFACES, Edit, View, new_id

_PUBLIC = "198.18.0.0/15"
"""Public addresses are of the range for benchmarks (RFC 2544): nobody's on the internet."""


def new_mac() -> str:
    return ":".join(["02", *(ids.hex_id(2) for _ in range(5))])


def taken_in(view: View, subnet_id: str) -> set[str]:
    """Addresses of a subnet that interfaces have."""
    return {address for one in view.all(INTERFACES, subnet_id=subnet_id) for address in one.addresses}


def pick(subnet: Subnet, taken: set[str], wanted: str = "") -> str:
    """`wanted` if an interface may have it, else the next free address of the subnet."""
    if wanted:
        if not blocks.usable(wanted, subnet.cidr):
            raise bad_value(wanted, "address", "Address does not fall within the subnet's address range")
        if wanted in taken:
            raise failed("InvalidIPAddress.InUse", "Address " + wanted + " is in use.")
        return wanted
    found = blocks.free_address(subnet.cidr, taken) if subnet.cidr else None
    if found is None:
        raise failed(
            "InsufficientFreeAddressesInSubnet",
            f"The specified subnet '{subnet.id}' does not have enough free addresses to satisfy the request.",
        )
    return found


def place(
    edit: Edit,
    subnet: Subnet,
    now: datetime,
    *,
    kind: str = "interface",
    description: str = "",
    requester: str = "",
    address: str = "",
    groups: list[str] | None = None,
) -> NetworkInterface:
    """Keep an interface of a service in a subnet, attached to what that service runs."""
    made = NetworkInterface(
        edit.account,
        edit.region,
        new_id("eni"),
        subnet.id,
        subnet.vpc_id,
        subnet.zone,
        pick(subnet, taken_in(edit, subnet.id), address),
        new_mac(),
        description,
        requester,
        new_id("eni-attach"),
        now,
        groups or [],
        kind=kind,
    )
    edit.keep(INTERFACES, made)
    return made


def public_address(edit: Edit) -> str:
    """A public address that nobody has."""
    taken = {one.public_ip for one in ADDRESSES.find(edit.tx)}
    taken |= {one.public_ip for one in INTERFACES.find(edit.tx) if one.public_ip}
    block = blocks.V4(_PUBLIC)
    while True:
        found = str(block[int(ids.hex_id(4), 16) % (block.num_addresses - 2) + 1])
        if found not in taken:
            return found


def bind(edit: Edit, address: Address, interface: NetworkInterface, private_ip: str = "") -> str:
    """Give an interface an elastic address; the association's id."""
    address.association_id = new_id("eipassoc")
    address.interface_id = interface.id
    address.private_ip = private_ip or interface.private_ip
    edit.keep(ADDRESSES, address)
    edit.touch(interface.vpc_id)
    return address.association_id
