"""Elastic Load Balancing's errors, in AWS's words."""

from __future__ import annotations

from trunkline.aws.errors import AwsError


def invalid(message: str) -> AwsError:
    """A request that makes no sense; no operation declares it, every one may answer it."""
    return AwsError("ValidationError", message, status=400)


def no_load_balancer() -> AwsError:
    return AwsError("LoadBalancerNotFound", "One or more load balancers not found")


def no_target_group() -> AwsError:
    return AwsError("TargetGroupNotFound", "One or more target groups not found")


def no_listener() -> AwsError:
    return AwsError("ListenerNotFound", "One or more listeners not found")


def no_rule() -> AwsError:
    return AwsError("RuleNotFound", "One or more rules not found")


def unavailable(reason: str) -> AwsError:
    return AwsError("ServiceUnavailable", f"The load balancer could not be changed: {reason}", status=503)
