"""A stack as it is now."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.services.cloudformation.model.statuses import Status

Doc = dict[str, Any]


@dataclass(slots=True)
class Output:
    """One output with its value; `export` is the name under which other stacks import it."""

    key: str
    value: str
    description: str = ""
    export: str = ""


@dataclass(slots=True)
class Stack:
    """One stack, deleted ones too. `id` is its ARN.

    version: the template version that is applied or being applied (0: none yet, in review). stable: the last one that
    was applied whole, where a rollback leads. cancel: the running operation is asked to end ("", "rollback", "delete").
    failing: why the running operation will not succeed, set by the first failure. lost: what to tell of it.
    """

    account: str
    region: str
    id: str
    name: str
    status: Status
    created: datetime
    reason: str = ""
    detailed: str = ""
    description: str = ""
    updated: datetime | None = None
    deleted: datetime | None = None
    version: int = 0
    stable: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    notification_arns: list[str] = field(default_factory=list)
    role_arn: str = ""
    timeout_min: int | None = None
    disable_rollback: bool = False
    on_failure: str = ""
    retain_except_on_create: bool = False
    protected: bool = False
    parent_id: str = ""
    root_id: str = ""
    outputs: list[Output] = field(default_factory=list)
    policy: str = ""
    change_set_id: str = ""
    operation: str = ""
    operations: list[Doc] = field(default_factory=list)
    token: str = ""
    cancel: str = ""
    rollback: Doc = field(default_factory=dict)
    deletion_mode: str = ""
    deployment: Doc = field(default_factory=dict)
    drift_status: str = "NOT_CHECKED"
    drift_checked: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.account, self.region, self.id
