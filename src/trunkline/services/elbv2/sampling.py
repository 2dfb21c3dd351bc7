"""X-Ray's sampling rules as the proxy's: which requests of a load balancer are traced that nobody decided on yet.

The Default rule counts too; a rule for ORIGIN with no reservoir and rate 0 turns tracing by load balancers off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from trunkline.aws.policy.wildcards import translate
from trunkline.engines.proxy.interface import Condition, Sampling
from trunkline.services.elbv2.model import Doc, LoadBalancer

ORIGIN = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def samplings(rules: Sequence[Doc], balancer: LoadBalancer) -> tuple[Sampling, ...]:
    """What the rules, in order of priority, mean for the listeners of one load balancer."""
    found = []
    for rule in rules:
        if not _matches(rule["ServiceName"], balancer.name) or not _matches(rule["ResourceARN"], balancer.arn):
            continue
        methods = tuple(method for method in _METHODS if _matches(rule["HTTPMethod"], method))
        alternatives = {
            "host-header": (rule["Host"],),
            "http-request-method": methods,
            "path-pattern": (rule["URLPath"],),
        }
        conditions = tuple(
            Condition(kind, values) for kind, values in alternatives.items() if values not in (("*",), _METHODS)
        )
        if not methods:
            continue
        found.append(Sampling(conditions, rule["ReservoirSize"], rule["FixedRate"]))
        if not conditions:
            break  # nothing comes behind it
    return tuple(found)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(translate(pattern), text, re.IGNORECASE) is not None
