"""Networks: one interface, Linux network namespaces behind it, and a fake that only keeps the state."""

from trunkline.engines.networks.fake import FakeNetworks
from trunkline.engines.networks.interface import (
    AclEntry,
    Interface,
    NatGateway,
    Networks,
    NetworksError,
    NetworksUnavailable,
    NoSuchInterface,
    Permission,
    Route,
    SecurityGroup,
    Subnet,
    Vpc,
)

__all__ = [
    "AclEntry",
    "FakeNetworks",
    "Interface",
    "NatGateway",
    "Networks",
    "NetworksError",
    "NetworksUnavailable",
    "NoSuchInterface",
    "Permission",
    "Route",
    "SecurityGroup",
    "Subnet",
    "Vpc",
]
