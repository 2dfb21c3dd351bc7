"""Load balancers, target groups, targets, listeners and rules as they are stored, and the settings that each may
have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Doc = dict[str, Any]

PRINCIPAL = "elasticloadbalancing.amazonaws.com"


@dataclass
class LoadBalancer:
    account: str
    region: str
    name: str
    arn: str
    id: str
    address: str
    """Its own address on this machine, which is its DNS name too."""
    scheme: str
    vpc: str
    zones: dict[str, str]
    """Subnet → Availability Zone."""
    security_groups: list[str]
    created: float
    attributes: dict[str, str] = field(default_factory=dict)
    """Only those that differ from the default."""
    tags: dict[str, str] = field(default_factory=dict)
    kind: str = "application"
    """application, or network: connections are handed on as they are."""

    @property
    def dimension(self) -> str:
        """Its name in CloudWatch."""
        return self.arn.split(":loadbalancer/", 1)[1]

    @property
    def zone(self) -> str:
        """Where its one node counts as standing, for metrics by zone."""
        return min(self.zones.values())

    def attribute(self, key: str) -> str:
        return self.attributes.get(key) or LOAD_BALANCER_ATTRIBUTES[key].default


@dataclass
class TargetGroup:
    account: str
    region: str
    name: str
    arn: str
    id: str
    port: int
    vpc: str
    check: HealthCheck
    created: float
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    protocol: str = "HTTP"
    target_type: str = "ip"

    @property
    def dimension(self) -> str:
        return self.arn.rsplit(":", 1)[1]

    def attribute(self, key: str) -> str:
        return self.attributes.get(key) or TARGET_GROUP_ATTRIBUTES[key].default


@dataclass
class HealthCheck:
    port: str = "traffic-port"
    path: str = "/"
    interval_s: int = 30
    timeout_s: int = 5
    healthy: int = 5
    unhealthy: int = 2
    codes: str = "200"
    protocol: str = "HTTP"


@dataclass
class Target:
    group_arn: str
    ip: str
    port: int
    zone: str = ""
    drains_until: float | None = None
    """Epoch seconds at which its deregistration ends whatever is still open; None: registered."""


@dataclass
class Listener:
    arn: str
    id: str
    load_balancer_arn: str
    port: int
    bound_port: int
    """Where it really listens: see addresses.py."""
    actions: list[Doc]
    default_rule_arn: str
    tags: dict[str, str] = field(default_factory=dict)
    protocol: str = "HTTP"


@dataclass
class Rule:
    arn: str
    id: str
    listener_arn: str
    priority: int
    conditions: list[Doc]
    actions: list[Doc]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attribute:
    """A setting: what it is when not set, and what Trunkline can honour."""

    default: str
    allowed: tuple[str, ...] = ()
    range: tuple[int, int] | None = None

    def fault(self, value: str) -> str | None:
        """Why this value cannot be; None when it can."""
        if self.range is not None:
            low, high = self.range
            if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
                return f"must be a number between {low} and {high}"
            return None
        if value != self.default and value not in self.allowed:
            return "is not supported by Trunkline: leave it at " + " or ".join(
                repr(each) for each in dict.fromkeys((self.default, *self.allowed))
            )
        return None


_BOOL = ("true", "false")

LOAD_BALANCER_ATTRIBUTES = {
    "access_logs.s3.enabled": Attribute("false"),
    "access_logs.s3.bucket": Attribute(""),
    "access_logs.s3.prefix": Attribute(""),
    "client_keep_alive.seconds": Attribute("3600"),
    "connection_logs.s3.enabled": Attribute("false"),
    "connection_logs.s3.bucket": Attribute(""),
    "connection_logs.s3.prefix": Attribute(""),
    "deletion_protection.enabled": Attribute("false", _BOOL),
    "health_check_logs.s3.enabled": Attribute("false"),
    "health_check_logs.s3.bucket": Attribute(""),
    "health_check_logs.s3.prefix": Attribute(""),
    "idle_timeout.timeout_seconds": Attribute("60", range=(1, 4000)),
    "ipv6.deny_all_igw_traffic": Attribute("false"),
    "load_balancing.cross_zone.enabled": Attribute("true", _BOOL),  # one node: no zones
    "routing.http.desync_mitigation_mode": Attribute("defensive"),
    "routing.http.drop_invalid_header_fields.enabled": Attribute("false"),
    "routing.http.preserve_host_header.enabled": Attribute("false", _BOOL),  # HAProxy always preserves it
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": Attribute("false"),
    "routing.http.xff_client_port.enabled": Attribute("false"),
    "routing.http.xff_header_processing.mode": Attribute("append"),
    "routing.http2.enabled": Attribute("true", _BOOL),  # only HTTPS listeners speak it
    "waf.fail_open.enabled": Attribute("false", _BOOL),  # there is no WAF to fail
    "zonal_shift.config.enabled": Attribute("false"),
}

TARGET_GROUP_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": Attribute("300", range=(0, 3600)),
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off"),
    "load_balancing.algorithm.type": Attribute("round_robin", ("least_outstanding_requests",)),
    "load_balancing.cross_zone.enabled": Attribute("use_load_balancer_configuration", _BOOL),  # one node: no zones
    "slow_start.duration_seconds": Attribute("0"),
    "stickiness.app_cookie.cookie_name": Attribute(""),
    "stickiness.app_cookie.duration_seconds": Attribute("86400"),
    "stickiness.enabled": Attribute("false", _BOOL),
    "stickiness.lb_cookie.duration_seconds": Attribute("86400", range=(1, 604800)),
    "stickiness.type": Attribute("lb_cookie"),
    "target_group_health.dns_failover.minimum_healthy_targets.count": Attribute("1"),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": Attribute("off"),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute("1"),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": Attribute("off"),
}


def groups_of(actions: list[Doc]) -> list[str]:
    """The ARNs of the target groups that actions forward to."""
    return [
        group["TargetGroupArn"]
        for action in actions
        if action["Type"] == "forward"
        for group in action["ForwardConfig"]["TargetGroups"]
    ]
