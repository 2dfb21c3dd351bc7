"""The tables of groups, streams and metric filters; events are the telemetry engine's.

PutLogEvents is by far the most frequent call, so what it looks up is remembered; any write here forgets all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import DENY, Ask, compiled, verdict
from trunkline.aws.policy import Policy as IamPolicy
from trunkline.core.db import AlreadyExists, Database, Table, Tx
from trunkline.services.logs.model import (
    AccountPolicy,
    DeliveryDestination,
    Destination,
    GroupTransformer,
    LogGroup,
    LogStream,
    MetricFilter,
    QueryDefinition,
    ResourcePolicy,
    SubscriptionFilter,
)
from trunkline.services.logs.protection import Masks, Policy
from trunkline.services.logs.protection import store as protection
from trunkline.services.logs.transform import Transformer, compile_transformer

T = TypeVar("T")

GROUPS = Table("logs_groups", LogGroup, key=("account", "region", "name"))
STREAMS = Table("logs_streams", LogStream, key=("group_id", "name"))
FILTERS = Table("logs_metric_filters", MetricFilter, key=("group_id", "name"))

SUBSCRIPTIONS = Table("logs_subscription_filters", SubscriptionFilter, key=("group_id", "name"))
POLICIES = Table("logs_resource_policies", ResourcePolicy, key=("account", "region", "name"))
TRANSFORMERS = Table("logs_transformers", GroupTransformer, key=("group_id",))
ACCOUNT_POLICIES = Table("logs_account_policies", AccountPolicy, key=("account", "region", "type", "name"))
DELIVERY_DESTINATIONS = Table("logs_delivery_destinations", DeliveryDestination, key=("account", "region", "name"))
DESTINATIONS = Table("logs_destinations", Destination, key=("account", "region", "name"))
QUERIES = Table("logs_query_definitions", QueryDefinition, key=("account", "region", "id"))


@dataclass(frozen=True, slots=True)
class Target:
    """Where a PutLogEvents goes: all that it needs to know."""

    group: LogGroup
    stream: LogStream
    filters: tuple[MetricFilter, ...]
    subscriptions: tuple[SubscriptionFilter, ...]
    masks: Masks
    audits: tuple[Policy, ...]
    transformer: Transformer | None


class Store:
    def __init__(self, db: Database) -> None:
        self._db = self.db = db
        self._targets: dict[tuple[str, str, str, str], Target] = {}
        self._denying: dict[tuple[str, str], list[tuple[str, IamPolicy]]] = {}
        policies = TRANSFORMERS.ddl + ACCOUNT_POLICIES.ddl + DESTINATIONS.ddl
        db.migrate("logs-policies", [policies, DELIVERY_DESTINATIONS.ddl])
        db.migrate("logs-protection", [protection.PROTECTIONS.ddl])
        db.migrate("logs", [GROUPS.ddl + STREAMS.ddl + FILTERS.ddl, SUBSCRIPTIONS.ddl + POLICIES.ddl + QUERIES.ddl])

    async def write(self, work: Callable[[Tx], T]) -> T:
        result = await self._db.write(work)
        self._targets.clear()
        self._denying.clear()
        return result

    # -- groups

    def group(self, account: str, region: str, name: str) -> LogGroup:
        found = GROUPS.get(self._db, account, region, name)
        if found is None:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return found

    def groups(self, account: str, region: str, begins: str = "") -> list[LogGroup]:
        return GROUPS.find(self._db, prefix=(account, region), begins=begins)

    def all_groups(self) -> list[LogGroup]:
        return GROUPS.find(self._db)

    async def add_group(self, group: LogGroup) -> None:
        try:
            await self.write(lambda tx: GROUPS.insert(tx, group))
        except AlreadyExists:
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists") from None

    async def change_group(self, group: LogGroup, change: Callable[[LogGroup], None]) -> None:
        """Change the stored group, which may have changed since `group` was read."""

        def work(tx: Tx) -> None:
            stored = GROUPS.get(tx, group.account, group.region, group.name)
            if stored is None or stored.id != group.id:
                raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
            change(stored)
            GROUPS.put(tx, stored)

        await self.write(work)

    async def delete_group(self, group: LogGroup) -> None:
        def work(tx: Tx) -> None:
            GROUPS.delete(tx, group.account, group.region, group.name)
            POLICIES.delete(tx, group.account, group.region, f"log-group:{group.name}")
            TRANSFORMERS.delete(tx, group.id)
            protection.PROTECTIONS.delete(tx, group.account, group.region, group.id)
            tx.execute(f"DELETE FROM {STREAMS.name} WHERE group_id = ?", (group.id,))
            tx.execute(f"DELETE FROM {FILTERS.name} WHERE group_id = ?", (group.id,))
            tx.execute(f"DELETE FROM {SUBSCRIPTIONS.name} WHERE group_id = ?", (group.id,))

        await self.write(work)

    # -- streams

    def stream(self, group: LogGroup, name: str) -> LogStream:
        found = STREAMS.get(self._db, group.id, name)
        if found is None:
            raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
        return found

    def streams(self, group: LogGroup) -> list[LogStream]:
        return STREAMS.find(self._db, prefix=(group.id,))

    async def add_stream(self, group: LogGroup, stream: LogStream) -> None:
        def work(tx: Tx) -> None:
            stored = GROUPS.get(tx, group.account, group.region, group.name)
            if stored is None or stored.id != group.id:
                raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
            STREAMS.insert(tx, stream)

        try:
            await self.write(work)
        except AlreadyExists:
            raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists") from None

    async def delete_stream(self, stream: LogStream) -> None:
        await self.write(lambda tx: STREAMS.delete(tx, stream.group_id, stream.name))

    def target(self, account: str, region: str, group_name: str, stream_name: str) -> Target:
        key = (account, region, group_name, stream_name)
        found = self._targets.get(key)
        if found is None:
            group = self.group(account, region, group_name)
            stream = self.stream(group, stream_name)
            found = self._targets[key] = Target(
                group,
                stream,
                tuple(self.filters(group)),
                (*self.subscriptions(group), *self._account_subscriptions(group)),
                protection.masks(self._db, group),
                protection.policies(self._db, group),
                self.transformer(group),
            )
        return found

    def masks(self, group: LogGroup) -> Masks:
        """What hides sensitive data of the group's events from readers."""
        return protection.masks(self._db, group)

    # -- metric filters

    def filters(self, group: LogGroup) -> list[MetricFilter]:
        return FILTERS.find(self._db, prefix=(group.id,))

    def subscriptions(self, group: LogGroup) -> list[SubscriptionFilter]:
        return SUBSCRIPTIONS.find(self._db, prefix=(group.id,))

    def denies(self, target: Target, service: str) -> bool:
        """Whether a resource policy forbids a service to put events."""
        policies = self._denying.get((target.group.account, target.group.region))
        if policies is None:
            found = POLICIES.find(self._db, prefix=(target.group.account, target.group.region))
            policies = [(one.group, compiled(one.text)) for one in found if "Deny" in one.text]
            self._denying[target.group.account, target.group.region] = policies
        arn = f"{target.group.arn}:log-stream:{target.stream.name}"
        ask = Ask("logs:PutLogEvents", arn, lambda key: None, {"Service": [service]})
        return any(verdict([policy], ask) is DENY for group, policy in policies if group in ("", target.group.name))

    # -- policies of the account

    def account_policies(self, group: LogGroup, kind: str) -> list[AccountPolicy]:
        """Those that apply to the group."""
        found = ACCOUNT_POLICIES.find(self._db, prefix=(group.account, group.region, kind))
        return [policy for policy in found if policy.applies_to(group)]

    def account_policy(self, group: LogGroup, kind: str) -> AccountPolicy | None:
        """Of those that apply, the one with the longest prefix of the group's name."""
        found = self.account_policies(group, kind) if group.log_class == "STANDARD" else []
        return max(found, key=lambda policy: len(policy.selection), default=None)

    def _account_subscriptions(self, group: LogGroup) -> list[SubscriptionFilter]:
        if group.log_class != "STANDARD":
            return []
        found = []
        for policy in self.account_policies(group, "SUBSCRIPTION_FILTER_POLICY"):
            wanted = orjson.loads(policy.document)
            found.append(
                SubscriptionFilter(
                    group.id,
                    policy.name,
                    str(wanted.get("FilterPattern", "")),
                    wanted["DestinationArn"],
                    policy.updated_ms,
                )
            )
        return found

    def transformer(self, group: LogGroup) -> Transformer | None:
        """The group's own, or else the account's."""
        own = TRANSFORMERS.get(self._db, group.id)
        if own is not None:
            return compile_transformer(own.config)
        policy = self.account_policy(group, "TRANSFORMER_POLICY")
        return compile_transformer(orjson.loads(policy.document)) if policy else None
