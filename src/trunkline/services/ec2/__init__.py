"""EC2's networks: VPCs and all that belongs to them, and none of its machines.

Real: VPCs, subnets, route tables, internet, egress-only and NAT gateways, elastic addresses, security groups, network
ACLs, DHCP options, network interfaces, endpoints, prefix lists, flow logs, peering and key pairs, with AWS's
validation, filters, pagination, tags and client tokens. Every account and region begins with the default VPC
(172.31.0.0/16), made when somebody first asks. After each change the networks engine is told the whole wanted state of
the VPC; where it carries packets, an answer to a change means that the change holds.

Recorded only: IPv6 blocks and addresses, DHCP options, tenancy, private DNS of endpoints, flow logs' records.

Refused: instances, volumes, transit and VPN gateways, IPAM, Outposts, regional NAT gateways; the answer names them.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.ec2 import store
from trunkline.services.ec2.api import Api
from trunkline.services.ec2.carrier import Carrier
from trunkline.services.ec2.resources import TYPES


def build(kit: Kit, engines: Engines) -> Service:
    """Compose the service."""
    kit.db.migrate("ec2", store.STEPS)
    carrier = Carrier(kit, engines.networks)
    return Service("ec2", Api(kit, carrier), start=carrier.start, stop=carrier.stop, resource_types=TYPES)
