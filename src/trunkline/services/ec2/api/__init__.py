"""The operations of EC2 that Trunkline has.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html
"""

from trunkline.services.ec2.api.addresses import Addresses
from trunkline.services.ec2.api.dhcp import Dhcp
from trunkline.services.ec2.api.endpoints import Endpoints
from trunkline.services.ec2.api.flow_logs import FlowLogs
from trunkline.services.ec2.api.instances import Instances
from trunkline.services.ec2.api.interface_addresses import InterfaceAddresses
from trunkline.services.ec2.api.interface_attributes import InterfaceAttributes
from trunkline.services.ec2.api.interfaces import Interfaces
from trunkline.services.ec2.api.internet_gateways import InternetGateways
from trunkline.services.ec2.api.key_pairs import KeyPairs
from trunkline.services.ec2.api.nat_addresses import NatAddresses
from trunkline.services.ec2.api.nat_gateways import NatGateways
from trunkline.services.ec2.api.network_acls import NetworkAcls
from trunkline.services.ec2.api.peerings import Peerings
from trunkline.services.ec2.api.places import Places
from trunkline.services.ec2.api.prefix_lists import PrefixLists
from trunkline.services.ec2.api.route_tables import RouteTables
from trunkline.services.ec2.api.routes import Routes
from trunkline.services.ec2.api.security_groups import SecurityGroups
from trunkline.services.ec2.api.security_rules import SecurityRules
from trunkline.services.ec2.api.subnets import Subnets
from trunkline.services.ec2.api.tags import Tags
from trunkline.services.ec2.api.vpc_blocks import VpcBlocks
from trunkline.services.ec2.api.vpcs import Vpcs


class Api(
    Vpcs,
    VpcBlocks,
    Subnets,
    RouteTables,
    Routes,
    InternetGateways,
    NatGateways,
    NatAddresses,
    Addresses,
    SecurityGroups,
    SecurityRules,
    NetworkAcls,
    Dhcp,
    Interfaces,
    InterfaceAddresses,
    InterfaceAttributes,
    Endpoints,
    PrefixLists,
    FlowLogs,
    Peerings,
    Places,
    KeyPairs,
    Instances,
    Tags,
):
    """All of them."""
