"""What drift detection finds: one resource's state against its template, and one run over a stack. Pure."""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.aws.service import Caller

Doc = dict[str, Any]


class Drift(enum.StrEnum):
    """Of a resource; a stack is DRIFTED when one of its resources is MODIFIED or DELETED."""

    IN_SYNC = "IN_SYNC"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    NOT_CHECKED = "NOT_CHECKED"


@dataclass(slots=True)
class PropertyDifference:
    """kind: ADD, REMOVE or NOT_EQUAL. Values are as AWS shows them: texts, JSON where they are not scalars."""

    path: str
    kind: str
    expected: str
    actual: str


@dataclass(slots=True)
class ResourceDrift:
    """A resource as it was found. expected and actual: the properties that the template gives."""

    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: Drift
    checked: datetime
    expected: Doc = field(default_factory=dict)
    actual: Doc = field(default_factory=dict)
    differences: list[PropertyDifference] = field(default_factory=list)
    context: list[Doc] = field(default_factory=list)
    reason: str = ""

    @property
    def drifted(self) -> bool:
        return self.status in (Drift.MODIFIED, Drift.DELETED)


@dataclass(slots=True)
class Detection:
    """One run over a stack. only: the logical ids to look at, all if empty."""

    account: str
    region: str
    id: str
    stack_id: str
    caller: Caller
    begun: datetime
    only: list[str] = field(default_factory=list)
    status: str = "DETECTION_IN_PROGRESS"
    reason: str = ""
    drift_status: str = ""
    drifted: int = 0
