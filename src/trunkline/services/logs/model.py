"""Log groups, streams and metric filters, and the limits that AWS documents for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws import arn

RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
DAY_MS = 86_400_000
MAX_BATCH_BYTES = 1_048_576
MAX_EVENT_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
MAX_AGE_MS = 14 * DAY_MS
MAX_AHEAD_MS = 2 * 3_600_000
MAX_PAGE_EVENTS = 10_000
MAX_PAGE_BYTES = 1_048_576
MAX_METRIC_FILTERS = 100
MAX_SUBSCRIPTION_FILTERS = 2
MAX_REGEX_FILTERS = 5
MAX_RESOURCE_POLICIES = 10


@dataclass
class LogGroup:
    """`id` names the group to the telemetry engine; a group made anew under an old name gets another."""

    account: str
    region: str
    name: str
    id: str
    created_ms: int
    retention_days: int | None = None
    kms_key_id: str | None = None
    log_class: str = "STANDARD"
    deletion_protection: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn.arn("logs", self.region, self.account, f"log-group:{self.name}")

    def kept_from_ms(self, now_ms: int) -> int:
        """Events before this instant have expired."""
        return 0 if self.retention_days is None else now_ms - self.retention_days * DAY_MS


@dataclass
class LogStream:
    group_id: str
    name: str
    id: str
    created_ms: int


@dataclass
class MetricFilter:
    group_id: str
    name: str
    pattern: str
    namespace: str
    metric: str
    value: str
    created_ms: int
    default: float | None = None
    unit: str = "None"
    dimensions: dict[str, str] = field(default_factory=dict)
    system_dimensions: list[str] = field(default_factory=list)
    on_transformed: bool = False


@dataclass
class SubscriptionFilter:
    group_id: str
    name: str
    pattern: str
    destination: str
    created_ms: int
    role_arn: str = ""
    distribution: str = "ByLogStream"
    on_transformed: bool = False


@dataclass
class GroupTransformer:
    group_id: str
    config: list[dict[str, Any]]
    created_ms: int
    updated_ms: int


@dataclass
class AccountPolicy:
    """`selection`: the criteria by which it chooses log groups, as they were given."""

    account: str
    region: str
    type: str
    name: str
    document: str
    updated_ms: int
    selection: str = ""

    def applies_to(self, group: LogGroup) -> bool:
        """Criteria are `LogGroupNamePrefix = "x"` or `LogGroupName NOT IN ["x", "y"]`."""
        named = re.findall(r'"([^"]*)"', self.selection)
        if self.selection.startswith("LogGroupNamePrefix"):
            return group.name.startswith(tuple(named))
        return group.name not in named


@dataclass
class Destination:
    account: str
    region: str
    name: str
    target: str
    role_arn: str
    created_ms: int
    access_policy: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn.arn("logs", self.region, self.account, f"destination:{self.name}")


@dataclass
class DeliveryDestination:
    """Where vended logs may go. `kind` is S3 or CWL."""

    account: str
    region: str
    name: str
    kind: str
    target: str
    output_format: str | None = None
    policy: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn.arn("logs", self.region, self.account, f"delivery-destination:{self.name}")


@dataclass
class ResourcePolicy:
    """`group`: the log group that it is attached to, or empty for the account's; `given_name` is such a one's own."""

    account: str
    region: str
    name: str
    text: str
    updated_ms: int
    revision: str = ""
    group: str = ""
    given_name: str = ""


@dataclass
class QueryDefinition:
    account: str
    region: str
    id: str
    name: str
    text: str
    updated_ms: int
    groups: list[str] = field(default_factory=list)
    parameters: list[dict[str, str]] = field(default_factory=list)
