"""EC2, as much of it as tells ECS and load balancers where they are: the default VPC and its security groups.

Real: every account and region has the default VPC (172.31.0.0/16) with a subnet in each of three Availability Zones,
an internet gateway, a main route table and the default security group, made when somebody first asks. Security groups
and their rules, tags, filters, pagination. These are records: containers of an instance share one network, and rules
are not enforced yet.

Network interfaces are those of ECS tasks.

Refused: everything else (creating VPCs and subnets, instances, volumes); the answer names the operation.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.ec2 import store
from trunkline.services.ec2.api import Api


def build(kit: Kit, engines: Engines) -> Service:
    """Compose the service."""
    kit.db.migrate("ec2", store.STEPS)
    return Service("ec2", Api(kit))
