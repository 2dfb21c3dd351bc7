"""What the things that this driver makes on the machine are called, so that each instance finds its own again.

Interface names have at most 15 characters, so ids go in as hashes; network namespaces carry them in full.
"""

from dataclasses import dataclass

from trunkline.engines.networks.addresses import short

UPLINK = "uplink"
"""The end inside a VPC's namespace of the way to this host."""
TABLE = "vpc"
"""The one nftables table inside a VPC's namespace."""


@dataclass(frozen=True, slots=True)
class Names:
    instance_id: str

    @property
    def prefix(self) -> str:
        """Of every interface on the host."""
        return f"t{short(self.instance_id, 5)}"

    @property
    def services(self) -> str:
        """The bridge without ports on which this host has the addresses of load balancers and of the endpoint."""
        return f"{self.prefix}s"

    def uplink(self, vpc_id: str) -> str:
        """The host's end of a VPC's uplink."""
        return f"{self.prefix}u{short(vpc_id, 8)}"

    @property
    def uplinks(self) -> str:
        """All of them, as a prefix."""
        return f"{self.prefix}u"

    @property
    def table(self) -> str:
        """The nftables table on the host."""
        return f"trunkline_{self.prefix}"

    @property
    def namespaces(self) -> str:
        return f"trunkline-{self.instance_id}-"

    def namespace(self, vpc_id: str) -> str:
        return f"{self.namespaces}{vpc_id}"


def interface(interface_id: str) -> str:
    """The router's end of an elastic network interface; the other end is the container's eth0."""
    return f"e{short(interface_id, 12)}"


def peering(vpc_id: str) -> str:
    """The end of the link to that other VPC."""
    return f"p{short(vpc_id, 12)}"
