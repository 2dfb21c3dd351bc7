"""What is done to a stack: operations, the template versions they apply, the events they leave, signals received."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]


@dataclass(slots=True)
class Operation:
    """One run of work on a stack. Only `status` and `ended` change after it is written: its workflow reads the rest.

    kind: CREATE, UPDATE, IMPORT, DELETE, ROLLBACK or CONTINUE_ROLLBACK. version: the template version it applies.
    caller: the principal it acts as (unless there is a role). previous: the stack's status before.
    """

    stack_id: str
    id: str
    kind: str
    account: str
    region: str
    caller: Doc
    begun: datetime
    version: int = 0
    role_arn: str = ""
    token: str = ""
    previous: str = ""
    options: Doc = field(default_factory=dict)
    status: str = "IN_PROGRESS"
    ended: datetime | None = None


@dataclass(slots=True)
class Version:
    """A template with everything that fixes its meaning, kept for good: infrastructure as it was at any time.

    body: as given. processed: with transforms applied. given: parameters as given. values: as resolved. commit: of the
    pipeline's source that applied it.
    """

    stack_id: str
    number: int
    body: str
    processed: Doc
    at: datetime
    given: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    resolved: dict[str, str] = field(default_factory=dict)
    no_echo: list[str] = field(default_factory=list)
    conditions: dict[str, bool] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    principal: str = ""
    source_ip: str = ""
    commit: str = ""
    operation: str = ""
    outcome: str = ""


@dataclass(slots=True)
class StackEvent:
    """One line of a stack's history; `seq` counts in the order of commits."""

    stack_id: str
    seq: int
    id: str
    stack_name: str
    operation: str
    operation_type: str
    logical_id: str
    physical_id: str
    type: str
    at: datetime
    status: str
    reason: str = ""
    properties: str = ""
    token: str = ""
    detailed: str = ""
    kind: str = "STACK_EVENT"
    hook: Doc = field(default_factory=dict)
    ledger_id: str = ""


@dataclass(slots=True)
class Signal:
    """A success or failure told about a resource (SignalResource, a wait condition's handle)."""

    stack_id: str
    logical_id: str
    unique_id: str
    status: str
    at: datetime
    data: str = ""
    reason: str = ""
