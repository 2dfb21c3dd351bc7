"""elbv2's tables, and the questions that several operations ask of them."""

from __future__ import annotations

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.elbv2.model import Listener, LoadBalancer, Rule, Target, TargetGroup, groups_of

load_balancers = Table("elbv2_load_balancers", LoadBalancer, key=("account", "region", "name"), index=("arn",))
target_groups = Table("elbv2_target_groups", TargetGroup, key=("account", "region", "name"), index=("arn",))
targets = Table("elbv2_targets", Target, key=("group_arn", "ip", "port"))
listeners = Table("elbv2_listeners", Listener, key=("load_balancer_arn", "port"), index=("arn", "default_rule_arn"))
rules = Table("elbv2_rules", Rule, key=("listener_arn", "priority"), index=("arn",))

MIGRATIONS = tuple(table.ddl for table in (load_balancers, target_groups, targets, listeners, rules))


def load_balancer(reader: Reader, arn: str) -> LoadBalancer | None:
    return next(iter(load_balancers.find(reader, arn=arn)), None)


def target_group(reader: Reader, arn: str) -> TargetGroup | None:
    return next(iter(target_groups.find(reader, arn=arn)), None)


def listener(reader: Reader, arn: str) -> Listener | None:
    return next(iter(listeners.find(reader, arn=arn)), None)


def rule(reader: Reader, arn: str) -> Rule | None:
    return next(iter(rules.find(reader, arn=arn)), None)


def forwards(reader: Reader) -> dict[str, set[str]]:
    """Target group ARN → ARNs of the load balancers whose listeners and rules forward to it."""
    owners: dict[str, str] = {}
    found: dict[str, set[str]] = {}
    for each in listeners.find(reader):
        owners[each.arn] = each.load_balancer_arn
        for group in groups_of(each.actions):
            found.setdefault(group, set()).add(each.load_balancer_arn)
    for one in rules.find(reader):
        for group in groups_of(one.actions):
            found.setdefault(group, set()).add(owners[one.listener_arn])
    return found


def delete_listener(tx: Tx, gone: Listener) -> None:
    for one in rules.find(tx, prefix=(gone.arn,)):
        rules.delete(tx, one.listener_arn, one.priority)
    listeners.delete(tx, gone.load_balancer_arn, gone.port)
