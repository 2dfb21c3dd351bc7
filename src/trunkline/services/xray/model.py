"""What X-Ray keeps besides traces: groups, sampling rules, settings, resource policies. Pure.

https://docs.aws.amazon.com/xray/latest/devguide/xray-console-groups.html and xray-console-sampling.html
"""

from dataclasses import dataclass, field
from typing import Any

from trunkline.aws import arn as arns

MAX_RULES = 25
DEFAULT = "Default"


@dataclass(slots=True)
class Group:
    account: str
    region: str
    name: str
    id: str
    expression: str = ""
    insights: dict[str, bool] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arns.arn("xray", self.region, self.account, f"group/{self.name}/{self.id}".rstrip("/"))


@dataclass(slots=True)
class SamplingRule:
    """A rule as CreateSamplingRule gave it, `rule` without its name and ARN."""

    account: str
    region: str
    name: str
    rule: dict[str, Any]
    created: float
    modified: float
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arns.arn("xray", self.region, self.account, f"sampling-rule/{self.name}")


@dataclass(slots=True)
class Config:
    """The settings of an account in a region. Times are seconds since the epoch; 0: never changed."""

    account: str
    region: str
    rules_changed: float = 0.0
    encryption_key: str = ""
    encryption_ready: float = 0.0
    destination: str = "XRay"
    destination_ready: float = 0.0
    indexing_pct: float = 1.0
    indexing_changed: float = 0.0


@dataclass(slots=True)
class ResourcePolicy:
    account: str
    region: str
    name: str
    document: str
    revision: int
    updated: float


@dataclass(slots=True)
class Impact:
    """Requests and how many of them failed."""

    faults: int = 0
    total: int = 0


@dataclass(slots=True)
class InsightEvent:
    """How an insight stood when it was looked at."""

    time: float
    summary: str
    client: Impact
    root_cause: Impact
    anomalous: list[tuple[str, str, str]]
    """Nodes: name, type, account."""


@dataclass(slots=True)
class Insight:
    """An incident of a group: faults above what is usual. Times are seconds since the epoch."""

    account: str
    region: str
    group: str
    id: str
    group_arn: str
    root_cause: tuple[str, str, str]
    start: float
    end: float
    """While it lasts, the end of the last minute that was anomalous."""
    events: list[InsightEvent]
    active: bool = True


def default_group(account: str, region: str) -> Group:
    """The group of all traces, which every account has."""
    return Group(account, region, DEFAULT, "")


def default_rule(account: str, region: str) -> SamplingRule:
    """The rule of last resort, which every account has: one request a second, and five percent of the others."""
    rule = {
        "ResourceARN": "*",
        "Priority": 10_000,
        "FixedRate": 0.05,
        "ReservoirSize": 1,
        "ServiceName": "*",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "Version": 1,
        "Attributes": {},
    }
    return SamplingRule(account, region, DEFAULT, rule, 0.0, 0.0)
