"""Virtual private clouds as they really carry packets.

The owner of a VPC (services/ec2) tells the engine the whole state that a VPC is to have; the engine brings the machine
there and may be told the same thing any number of times. Containers get interfaces with the exact private address that
EC2 gave them; what routes, security groups and network ACLs do not allow is not carried.

Order: `start`, then `apply` of every VPC, then `attach` and `hold`. `apply` of one VPC may run beside that of another;
two for the same VPC are done one after the other, and of several that wait only the last is done, for all of them. What
was applied, attached and held outlives this process, and `start` adopts it.

Addresses: a VPC's own addresses mean nothing outside of it (two VPCs may have the same). This host therefore meets each
interface at an address of a pool that it shares with no VPC, and interfaces meet this host's load balancers and the AWS
endpoint at addresses of that pool too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Permission:
    """One rule of a security group. protocol: "-1", "tcp", "udp", "icmp", "icmpv6" or a number. Ports -1: all.

    Exactly one of `cidr` and `group` (members of that security group) is set."""

    protocol: str
    from_port: int = -1
    to_port: int = -1
    cidr: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    id: str
    ingress: tuple[Permission, ...] = ()
    egress: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One entry of a network ACL; entries are tried by their number, the first that matches decides."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    cidr: str
    from_port: int = -1
    to_port: int = -1
    icmp_type: int = -1
    icmp_code: int = -1


@dataclass(frozen=True, slots=True)
class Route:
    """`via`: "local", "internet" (an internet gateway), "nat:<nat gateway id>", "peer:<vpc id>", "interface:<eni id>"
    or "blackhole". The longest prefix decides."""

    cidr: str
    via: str


@dataclass(frozen=True, slots=True)
class Subnet:
    id: str
    cidr: str
    routes: tuple[Route, ...]
    acl: tuple[AclEntry, ...]


@dataclass(frozen=True, slots=True)
class NatGateway:
    id: str
    subnet: str
    address: str


@dataclass(frozen=True, slots=True)
class Interface:
    """An elastic network interface. public: whether it has a public address (an internet gateway carries it)."""

    id: str
    subnet: str
    address: str
    mac: str
    groups: tuple[str, ...]
    public: bool = False
    source_dest_check: bool = True


@dataclass(frozen=True, slots=True)
class Vpc:
    """All of one VPC. Two VPCs may have the same CIDRs."""

    id: str
    cidrs: tuple[str, ...]
    subnets: tuple[Subnet, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    peers: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


class NetworksError(Exception):
    """What was asked for cannot be done; the message says why."""


class NetworksUnavailable(NetworksError):
    """This machine does not let us make networks (no root, no CAP_NET_ADMIN): the message says what is missing."""


class NoSuchInterface(NetworksError):
    """No VPC that was applied has it."""


Answers = Callable[[str, str], Sequence[str] | None]
"""(VPC, name) → the name's IPv4 addresses as seen from that VPC; None when it is not known there."""


class Networks(Protocol):
    """See the module's words on order and repetition."""

    @property
    def real(self) -> bool:
        """Whether packets are really carried; False for drivers that only keep the state."""
        ...

    @property
    def why(self) -> str:
        """Which driver this is and, where networks are not real, why not: one line for people."""
        ...

    @property
    def endpoint(self) -> str | None:
        """The address of this host at which containers of every VPC reach the AWS endpoint and name servers, whatever
        their routes, security groups and ACLs say (as if the VPC had an interface endpoint for every service). None
        when not real."""
        ...

    @property
    def resolvers(self) -> tuple[str, ...]:
        """Name servers to give to containers that are attached; none when not real."""
        ...

    def answer_names(self, answers: Answers) -> None:
        """Ask this for names before the name servers of this host are asked: for private DNS. Before `start`."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Let go; what carries packets goes on."""
        ...

    async def apply(self, vpc: Vpc) -> None:
        """Bring the VPC to this state. Returns when packets are carried by it."""
        ...

    async def remove(self, vpc_id: str) -> None:
        """Gone afterwards; no error if it was."""
        ...

    async def attach(self, vpc_id: str, interface_id: str, container: str) -> None:
        """Give a running container (made with network "none") the interface as its eth0. Repeating it is harmless.

        The container's own id, not its name, as the container engine gives it. NoSuchInterface."""
        ...

    async def hold(self, vpc_id: str, interface_id: str) -> str:
        """This host itself holds the interface (a load balancer's): connections that are bound to the address returned
        come into the VPC as from the interface, with its security groups. Repeating it is harmless. NoSuchInterface.

        "" when not real: bind to nothing in particular."""
        ...

    async def detach(self, vpc_id: str, interface_id: str) -> None:
        """The interface carries nothing any more; no error if it did not."""
        ...

    def reachable(self, vpc_id: str, address: str) -> str | None:
        """The address at which this host (load balancer, health checks) reaches that private address of the VPC: the
        same as long as an interface has the private address. None when not real, or no interface has it.

        What is not bound to an address that `hold` gave comes into the VPC from outside: as from any address."""
        ...

    def whose(self, address: str) -> tuple[str, str] | None:
        """(VPC, private address) of who connects to this host from `address`; None for others."""
        ...

    def service_address(self, key: str) -> str:
        """An address of this host, the same for the same key, that both the host and every VPC reach: for load
        balancers. A loopback address where networks are not real."""
        ...

    def release_address(self, key: str) -> None:
        """The service address may be another key's; no error if there was none."""
        ...

    async def remove_all(self) -> None:
        """Everything of this instance is gone from the machine."""
        ...
