"""Elastic addresses and network interfaces."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Address:
    account: str
    region: str
    id: str
    public_ip: str
    border_group: str
    association_id: str = ""
    interface_id: str = ""
    private_ip: str = ""
    pointer: str = ""
    """The name that the address resolves to."""


@dataclass
class NetworkInterface:
    """`requester`: the service it is managed by; empty for one that a user made. `attachment_id`: empty while it is
    attached to nothing."""

    account: str
    region: str
    id: str
    subnet_id: str
    vpc_id: str
    zone: str
    private_ip: str
    mac: str
    description: str
    requester: str
    attachment_id: str
    created_at: datetime
    group_ids: list[str] = field(default_factory=list)
    secondary_ips: list[str] = field(default_factory=list)
    ipv6: list[str] = field(default_factory=list)
    source_dest_check: bool = True
    kind: str = "interface"
    public_ip: str = ""
    """A public address that is not an elastic one; gone with the interface."""
    delete_on_termination: bool = False

    @property
    def addresses(self) -> list[str]:
        """Its IPv4 addresses in the subnet."""
        return [one for one in (self.private_ip, *self.secondary_ips) if one]
