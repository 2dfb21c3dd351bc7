"""The operations of EC2 that Trunkline has.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html
"""

from trunkline.services.ec2.api.interfaces import Interfaces
from trunkline.services.ec2.api.network import Network
from trunkline.services.ec2.api.places import Places
from trunkline.services.ec2.api.security_groups import SecurityGroups
from trunkline.services.ec2.api.tags import Tags


class Api(Network, Interfaces, SecurityGroups, Places, Tags):
    """All of them."""
