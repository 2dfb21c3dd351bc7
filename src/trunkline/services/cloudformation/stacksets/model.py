"""Stack sets, their instances and what is done to them. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]
ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"


@dataclass(slots=True)
class StackSet:
    """`name` is unique among those that are ACTIVE; `id` is name:uuid."""

    account: str
    region: str
    id: str
    name: str
    body: str
    created: datetime
    status: str = "ACTIVE"
    description: str = ""
    parameters: list[Doc] = field(default_factory=list)
    capabilities: list[str] = field(default_factory=list)
    tags: list[Doc] = field(default_factory=list)
    administration_role: str = ""
    execution_role: str = EXECUTION_ROLE
    managed_execution: bool = False
    token: str = ""
    drift: Doc = field(default_factory=dict)


@dataclass(slots=True)
class Instance:
    """The stack set in one account and region. status: CURRENT, OUTDATED or INOPERABLE; detailed: how it fares."""

    set_id: str
    account: str
    region: str
    stack_id: str = ""
    status: str = "OUTDATED"
    detailed: str = "PENDING"
    reason: str = ""
    overrides: list[Doc] = field(default_factory=list)
    operation: str = ""
    drift: str = "NOT_CHECKED"
    drift_checked: datetime | None = None


@dataclass(slots=True)
class SetOperation:
    """One operation on the instances named in `targets` (account, region), in the order they are taken."""

    set_id: str
    id: str
    action: str
    created: datetime
    account: str
    region: str
    status: str = "RUNNING"
    ended: datetime | None = None
    preferences: Doc = field(default_factory=dict)
    retain: bool = False
    targets: list[tuple[str, str]] = field(default_factory=list)
    results: list[Doc] = field(default_factory=list)
    reason: str = ""
    number: int = 0


def waves(operation: SetOperation) -> list[list[tuple[str, str]]]:
    """The targets in the order of the preferences: all of a wave may run at once."""
    preferences = operation.preferences
    order = list(preferences.get("RegionOrder") or ())
    regions = order + [region for _, region in operation.targets if region not in order]
    by_region = {
        region: [target for target in operation.targets if target[1] == region] for region in dict.fromkeys(regions)
    }
    if preferences.get("RegionConcurrencyType") == "PARALLEL":
        return _chunks([target for found in by_region.values() for target in found], preferences)
    return [chunk for found in by_region.values() for chunk in _chunks(found, preferences)]


def _chunks(targets: list[tuple[str, str]], preferences: Doc) -> list[list[tuple[str, str]]]:
    size = preferences.get("MaxConcurrentCount") or 0
    if not size:
        size = max(1, len(targets) * int(preferences.get("MaxConcurrentPercentage") or 0) // 100)
    return [targets[start : start + size] for start in range(0, len(targets), size)]


def tolerated(operation: SetOperation) -> int:
    """How many failures in one region do not stop the operation."""
    preferences = operation.preferences
    if "FailureToleranceCount" in preferences:
        return int(preferences["FailureToleranceCount"])
    accounts = len({account for account, _ in operation.targets})
    return accounts * int(preferences.get("FailureTolerancePercentage") or 0) // 100
