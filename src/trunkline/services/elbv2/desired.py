"""What the proxy should be doing, worked out from the tables: all load balancers of all accounts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trunkline.core.db import Reader
from trunkline.engines.proxy import interface as proxy
from trunkline.services.elbv2 import actions, conditions, store
from trunkline.services.elbv2.model import Doc, Listener, TargetGroup
from trunkline.services.elbv2.reach import Reach
from trunkline.services.elbv2.sampling import samplings

_CONNECTIONS_S = 350  # AWS's idle time-out of TCP flows


def desired(reader: Reader, reach: Reach, sampling: Mapping[tuple[str, str], Sequence[Doc]]) -> proxy.Desired:
    """Every target group is given, so that a listener may turn to it without a reload; members only where one does,
    because AWS checks the health of no others. sampling: X-Ray's rules by account and region."""
    balancers = {each.arn: each for each in store.load_balancers.find(reader)}
    groups = store.target_groups.find(reader)
    ids = {group.arn: group.id for group in groups}
    used = store.forwards(reader)
    rules: dict[str, list[proxy.Rule]] = {}
    for rule in store.rules.find(reader):
        wanted = proxy.Rule(rule.id, conditions.for_proxy(rule.conditions), actions.for_proxy(rule.actions, ids))
        rules.setdefault(rule.listener_arn, []).append(wanted)

    def idle_timeout_s(balancer_arn: str) -> int:
        balancer = balancers[balancer_arn]
        return _CONNECTIONS_S if balancer.kind == "network" else int(balancer.attribute("idle_timeout.timeout_seconds"))

    def listening(listener: Listener) -> proxy.Listener:
        balancer = balancers[listener.load_balancer_arn]
        rules_here = sampling.get((balancer.account, balancer.region), ())
        return proxy.Listener(
            listener.id,
            balancer.address,
            listener.bound_port,
            actions.for_proxy(listener.actions, ids),
            tuple(rules.get(listener.arn, ())),
            public_port=listener.port,
            idle_timeout_s=idle_timeout_s(listener.load_balancer_arn),
            tcp=listener.protocol == "TCP",
            sampling=() if listener.protocol == "TCP" else samplings(rules_here, balancer),
        )

    def grouped(group: TargetGroup) -> proxy.TargetGroup:
        owners = used.get(group.arn, set())
        sticky = group.attribute("stickiness.enabled") == "true"
        return proxy.TargetGroup(
            group.id,
            _check(group),
            _members(reader, reach, group) if owners else (),
            group.attribute("load_balancing.algorithm.type"),
            int(group.attribute("stickiness.lb_cookie.duration_seconds")) if sticky else None,
            max((idle_timeout_s(owner) for owner in owners), default=60),
            reach.source(owners),
            tcp=group.protocol == "TCP",
        )

    return proxy.Desired(
        tuple(listening(listener) for listener in store.listeners.find(reader)),
        tuple(grouped(group) for group in groups),
    )


def _members(reader: Reader, reach: Reach, group: TargetGroup) -> tuple[proxy.Member, ...]:
    return tuple(
        reach.member(group.vpc, target, draining=target.drains_until is not None)
        for target in store.targets.find(reader, prefix=(group.arn,))
    )


def _check(group: TargetGroup) -> proxy.HealthCheck:
    check = group.check
    return proxy.HealthCheck(
        path=check.path,
        port=None if check.port == "traffic-port" else int(check.port),
        interval_s=check.interval_s,
        timeout_s=check.timeout_s,
        healthy_threshold=check.healthy,
        unhealthy_threshold=check.unhealthy,
        matcher=check.codes,
        tcp=check.protocol == "TCP",
    )
