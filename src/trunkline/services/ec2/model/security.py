"""Who may talk to whom: security groups and network ACLs."""

from dataclasses import dataclass, field


@dataclass
class Rule:
    """One source or destination of one port range. `kind`: ipv4, ipv6, prefix_list or group."""

    id: str
    egress: bool
    protocol: str
    from_port: int | None
    to_port: int | None
    kind: str
    peer: str
    description: str | None = None

    def same_as(self, other: "Rule") -> bool:
        """What AWS calls a duplicate: everything equal but id and description."""
        return self.matter == other.matter

    @property
    def matter(self) -> tuple[object, ...]:
        return (self.egress, self.protocol, self.from_port, self.to_port, self.kind, self.peer)


@dataclass
class SecurityGroup:
    account: str
    region: str
    id: str
    vpc_id: str
    name: str
    description: str
    rules: list[Rule] = field(default_factory=list)


@dataclass
class AclEntry:
    """Protocol as a number, "-1" for all."""

    number: int
    egress: bool
    action: str
    protocol: str
    cidr: str = ""
    ipv6_cidr: str = ""
    from_port: int | None = None
    to_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None


@dataclass
class NetworkAcl:
    """Which subnets it guards is kept with them. The last entry, which denies the rest, is not kept."""

    account: str
    region: str
    id: str
    vpc_id: str
    is_default: bool = False
    entries: list[AclEntry] = field(default_factory=list)
