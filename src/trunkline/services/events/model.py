"""Event buses, rules and what is still to be delivered. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DEFAULT_BUS = "default"
ENABLED = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


@dataclass(slots=True)
class EventBus:
    """A custom event bus. The default one exists in every account and region without a row."""

    account: str
    region: str
    name: str
    created: datetime
    modified: datetime
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class BusPolicy:
    """The resource policy of a bus, the default one's too."""

    account: str
    region: str
    bus: str
    text: str


@dataclass(slots=True)
class Rule:
    """A rule with its targets, each as PutTargets gave it.

    `anchor` is the epoch from which a rate counts: when the schedule was put, or the rule was enabled.
    """

    account: str
    region: str
    bus: str
    name: str
    state: str = "ENABLED"
    pattern: str = ""
    schedule: str = ""
    description: str = ""
    role_arn: str = ""
    anchor: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)
    targets: list[dict[str, Any]] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return rule_arn(self.account, self.region, self.bus, self.name)

    @property
    def enabled(self) -> bool:
        return self.state in ENABLED


@dataclass(slots=True)
class Delivery:
    """One event on its way to one target of one rule: (event_id, rule_arn, target_id) happens once.

    `state`: waiting, done or failed. `due` is when it is tried next. Done and failed ones are kept for a day, so that
    an event the bus delivers again is known.
    """

    event_id: str
    rule_arn: str
    target_id: str
    account: str
    region: str
    state: str
    due: float
    since: float
    event: dict[str, Any]
    target: dict[str, Any]
    attempts: int = 0
    error: str = ""


def rule_arn(account: str, region: str, bus: str, name: str) -> str:
    """A rule's ARN; on a custom bus it names the bus."""
    path = name if bus == DEFAULT_BUS else f"{bus}/{name}"
    return f"arn:aws:events:{region}:{account}:rule/{path}"


def bus_arn(account: str, region: str, name: str) -> str:
    """An event bus's ARN."""
    return f"arn:aws:events:{region}:{account}:event-bus/{name}"
