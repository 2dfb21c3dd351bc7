"""Notification rules."""

from dataclasses import dataclass, field
from datetime import datetime

BASIC, FULL = "BASIC", "FULL"
ENABLED, DISABLED = "ENABLED", "DISABLED"


@dataclass(slots=True)
class Rule:
    """What of a resource is told to whom. `targets` are ARNs of SNS topics."""

    account: str
    region: str
    id: str
    name: str
    resource: str
    events: list[str]
    detail: str
    created: datetime
    modified: datetime
    created_by: str
    targets: list[str] = field(default_factory=list)
    status: str = ENABLED
    token: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:codestar-notifications:{self.region}:{self.account}:notificationrule/{self.id}"
