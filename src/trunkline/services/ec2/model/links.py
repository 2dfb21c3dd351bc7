"""What connects a VPC with other networks and services, and what watches it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Endpoint:
    """A VPC endpoint. Types: Gateway, Interface."""

    account: str
    region: str
    id: str
    vpc_id: str
    service: str
    type: str
    state: str
    created_at: datetime
    policy: str = ""
    route_table_ids: list[str] = field(default_factory=list)
    subnet_ids: list[str] = field(default_factory=list)
    group_ids: list[str] = field(default_factory=list)
    interface_ids: list[str] = field(default_factory=list)
    private_dns: bool = False
    address_type: str = "ipv4"
    dns_options: dict[str, str | bool] = field(default_factory=dict)


@dataclass
class PrefixListEntry:
    cidr: str
    description: str = ""


@dataclass
class PrefixList:
    """One that a customer manages. versions[n] holds the entries of version n + 1."""

    account: str
    region: str
    id: str
    name: str
    family: str
    max_entries: int
    versions: list[list[PrefixListEntry]] = field(default_factory=list)
    state: str = "create-complete"

    @property
    def version(self) -> int:
        return len(self.versions)

    @property
    def entries(self) -> list[PrefixListEntry]:
        return self.versions[-1]


@dataclass
class FlowLog:
    account: str
    region: str
    id: str
    resource_id: str
    traffic: str
    destination_type: str
    destination: str
    log_group: str
    role_arn: str
    format: str
    interval_s: int
    created_at: datetime
    cross_account_role: str = ""
    options: dict[str, str | bool] = field(default_factory=dict)


@dataclass
class PeeringSide:
    account: str
    region: str
    vpc_id: str
    cidrs: list[str] = field(default_factory=list)
    ipv6_cidrs: list[str] = field(default_factory=list)
    remote_dns: bool = False


@dataclass
class Peering:
    """Between two VPCs, perhaps of two accounts: both sides see it. Kept under the requester's account and region."""

    account: str
    region: str
    id: str
    requester: PeeringSide
    accepter: PeeringSide
    status: str
    expires_at: datetime
    message: str = ""

    def side(self, account: str, region: str) -> bool:
        """Whether it is seen from there."""
        return (account, region) in (
            (self.requester.account, self.requester.region),
            (self.accepter.account, self.accepter.region),
        )
