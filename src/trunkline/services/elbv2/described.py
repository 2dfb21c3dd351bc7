"""How load balancers, target groups, listeners, rules and the health of targets are described."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.engines.proxy.interface import Failure, HealthState, MemberHealth
from trunkline.services.elbv2.model import Doc, Listener, LoadBalancer, Rule, Target, TargetGroup


def load_balancer(item: LoadBalancer, listeners: list[Listener], trouble: str) -> Doc:
    moved = [listener for listener in listeners if listener.bound_port != listener.port]
    state = {"Code": "active_impaired" if trouble and listeners else "active"}
    if trouble and listeners:
        state["Reason"] = trouble
    elif moved:
        # The only place where AWS's API has room to say it.
        ports = ", ".join(f"{listener.port} answers on {listener.bound_port}" for listener in moved)
        state["Reason"] = f"Ports below 1024 need more rights than this user has: {ports}."
    return {
        "LoadBalancerArn": item.arn,
        "DNSName": item.address,
        "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
        "CreatedTime": datetime.fromtimestamp(item.created, UTC),
        "LoadBalancerName": item.name,
        "Scheme": item.scheme,
        "VpcId": item.vpc,
        "State": state,
        "Type": item.kind,
        "AvailabilityZones": zones(item),
        "SecurityGroups": item.security_groups,
        "IpAddressType": "ipv4",
    }


def zones(item: LoadBalancer) -> list[Doc]:
    return [{"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": []} for subnet, zone in item.zones.items()]


def target_group(item: TargetGroup, load_balancers: set[str]) -> Doc:
    check = item.check
    return {
        "TargetGroupArn": item.arn,
        "TargetGroupName": item.name,
        "Protocol": item.protocol,
        "Port": item.port,
        "VpcId": item.vpc,
        "HealthCheckProtocol": check.protocol,
        "HealthCheckPort": check.port,
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": check.interval_s,
        "HealthCheckTimeoutSeconds": check.timeout_s,
        "HealthyThresholdCount": check.healthy,
        "UnhealthyThresholdCount": check.unhealthy,
        "HealthCheckPath": check.path if check.protocol == "HTTP" else None,
        "Matcher": {"HttpCode": check.codes} if check.protocol == "HTTP" else None,
        "LoadBalancerArns": sorted(load_balancers),
        "TargetType": item.target_type,
        "ProtocolVersion": "HTTP1" if item.protocol == "HTTP" else None,
        "IpAddressType": "ipv4",
    }


def listener(item: Listener) -> Doc:
    return {
        "ListenerArn": item.arn,
        "LoadBalancerArn": item.load_balancer_arn,
        "Port": item.port,
        "Protocol": item.protocol,
        "DefaultActions": item.actions,
    }


def rule(item: Rule) -> Doc:
    return {
        "RuleArn": item.arn,
        "Priority": str(item.priority),
        "Conditions": item.conditions,
        "Actions": item.actions,
        "IsDefault": False,
    }


def default_rule(item: Listener) -> Doc:
    return {
        "RuleArn": item.default_rule_arn,
        "Priority": "default",
        "Conditions": [],
        "Actions": item.actions,
        "IsDefault": True,
    }


def target_health(target: Target, group: TargetGroup, known: MemberHealth | None, *, used: bool, trouble: str) -> Doc:
    port = group.check.port
    return {
        "Target": description(target),
        "HealthCheckPort": str(target.port) if port == "traffic-port" else port,
        "TargetHealth": _health(target, known, used=used, trouble=trouble),
    }


def description(target: Target) -> Doc:
    return {"Id": target.ip, "Port": target.port, "AvailabilityZone": target.zone or None}


def not_registered(ip: str, port: int) -> Doc:
    return {
        "Target": {"Id": ip, "Port": port},
        "TargetHealth": _said("unused", "Target.NotRegistered", "Target is not registered to the target group"),
    }


def _health(target: Target, known: MemberHealth | None, *, used: bool, trouble: str) -> Doc:
    if target.drains_until is not None:
        reason, text = "Target.DeregistrationInProgress", "Target deregistration is in progress"
        return _said("draining", reason, text)
    if not used:
        text = "Target group is not configured to receive traffic from the load balancer"
        return _said("unused", "Target.NotInUse", text)
    if trouble and known is None:
        return _said("unhealthy", "Elb.InternalError", f"Health checks failed due to an internal error: {trouble}")
    if known is None:
        return _said("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
    if known.state is HealthState.HEALTHY:
        return {"State": "healthy"}
    if known.state is HealthState.INITIAL:
        return _said("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
    if known.failure is Failure.STATUS:
        text = f"Health checks failed with these codes: [{known.code}]"
        return _said("unhealthy", "Target.ResponseCodeMismatch", text)
    if known.failure is Failure.TIMEOUT:
        return _said("unhealthy", "Target.Timeout", "Request timed out")
    return _said("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


def _said(state: str, reason: str, text: str) -> Doc:
    return {"State": state, "Reason": reason, "Description": text}
