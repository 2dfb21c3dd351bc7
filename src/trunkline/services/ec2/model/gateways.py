"""The ways out of a VPC."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class InternetGateway:
    account: str
    region: str
    id: str
    vpc_id: str = ""
    """Empty while it is attached to none."""


@dataclass
class EgressOnlyInternetGateway:
    account: str
    region: str
    id: str
    vpc_id: str


@dataclass
class NatAddress:
    interface_id: str
    private_ip: str
    primary: bool = True
    allocation_id: str = ""
    public_ip: str = ""
    association_id: str = ""


@dataclass
class NatGateway:
    """pending → available → deleting → deleted; it moves on when the network carries it or no longer does. Or failed,
    from the beginning, with a reason."""

    account: str
    region: str
    id: str
    vpc_id: str
    subnet_id: str
    connectivity: str
    state: str
    created_at: datetime
    addresses: list[NatAddress] = field(default_factory=list)
    deleted_at: datetime | None = None
    failure_code: str = ""
    failure_message: str = ""

    @property
    def stands(self) -> bool:
        return self.state in ("pending", "available")
