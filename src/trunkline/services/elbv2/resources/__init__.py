"""What CloudFormation makes of Elastic Load Balancing: one file for each kind of thing.

Listener certificates and trust stores are not offered: they are about TLS, and there is no certificate service yet.
"""

from trunkline.aws.resources import ResourceType
from trunkline.services.elbv2.resources.listener import ListenerRuleType, ListenerType
from trunkline.services.elbv2.resources.load_balancer import LoadBalancerType
from trunkline.services.elbv2.resources.target_group import TargetGroupType

TYPES: tuple[ResourceType, ...] = (LoadBalancerType(), TargetGroupType(), ListenerType(), ListenerRuleType())
