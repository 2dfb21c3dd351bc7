"""Deployments as the ledger tells of them, and the figures over them; pure."""

from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from trunkline.core.events import Event


@dataclass
class Deployment:
    """One deployment to production, with the events that make up its story."""

    id: str
    started: datetime
    state: str = "START"
    ended: datetime | None = None
    rolls_back: bool = False
    """It is a rollback, made to restore service, not a change of its own."""
    served: bool = False
    """Production traffic was shifted to it."""
    commit: str = ""
    pushed: datetime | None = None
    alarmed: datetime | None = None
    restored: datetime | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        return self.state == "SUCCESS" and not self.rolls_back

    @property
    def failed_in_production(self) -> bool:
        """Users met it, and it had to be taken back."""
        return self.state in ("FAILURE", "STOP") and self.served and not self.rolls_back

    @property
    def lead_time_s(self) -> float | None:
        """From the push of its commit to its success."""
        if not self.succeeded or self.pushed is None or self.ended is None:
            return None
        return (self.ended - self.pushed).total_seconds()

    @property
    def recovery_s(self) -> float | None:
        """From the alarm (without one: from its failure) until the version before served everything again."""
        began = self.alarmed or self.ended
        if not self.failed_in_production or began is None or self.restored is None:
            return None
        return max(0.0, (self.restored - began).total_seconds())


def middle(values: list[float]) -> float | None:
    """The median, None of nothing."""
    return median(values) if values else None
