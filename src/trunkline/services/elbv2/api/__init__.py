"""The operations of Elastic Load Balancing, in files by what they are about."""

from __future__ import annotations

from trunkline.services.elbv2.api.limits import Limits
from trunkline.services.elbv2.api.load_balancers import LoadBalancers
from trunkline.services.elbv2.api.rules import Rules
from trunkline.services.elbv2.api.ssl_policies import SslPolicies
from trunkline.services.elbv2.api.tagging import Tagging
from trunkline.services.elbv2.api.target_groups import TargetGroups
from trunkline.services.elbv2.api.targets import Targets


class Api(LoadBalancers, TargetGroups, Targets, Rules, Tagging, Limits, SslPolicies):
    """All of them."""
