"""A resource of a stack as it is now, and as it was when the stack was last whole."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]


@dataclass(slots=True)
class Snapshot:
    """What a rollback leads a resource back to."""

    physical_id: str
    properties: Doc
    attributes: Doc
    type: str
    deletion_policy: str = ""
    update_replace_policy: str = ""
    depends_on: list[str] = field(default_factory=list)
    metadata: Doc = field(default_factory=dict)


@dataclass(slots=True)
class Retired:
    """A physical resource that is to be deleted in the cleanup phase."""

    physical_id: str
    type: str
    properties: Doc
    policy: str = ""


@dataclass(slots=True)
class Resource:
    """One logical id of a stack.

    properties: resolved and typed, as last applied. attributes: what `read` told, for GetAtt. stable: None for what
    came into being with the operation under way. token: of the attempt that made the physical resource. made: its
    physical id is known, so that there may be something to delete. removed: the new template does not have it. hidden:
    secrets that dynamic references put into the properties: never shown.
    """

    stack_id: str
    logical_id: str
    type: str
    status: str
    updated: datetime
    physical_id: str = ""
    reason: str = ""
    properties: Doc = field(default_factory=dict)
    attributes: Doc = field(default_factory=dict)
    metadata: Doc = field(default_factory=dict)
    deletion_policy: str = ""
    update_replace_policy: str = ""
    depends_on: list[str] = field(default_factory=list)
    description: str = ""
    token: str = ""
    removed: bool = False
    replaced: bool = False
    imported: bool = False
    hidden: list[str] = field(default_factory=list)
    stable: Snapshot | None = None
    retired: list[Retired] = field(default_factory=list)
    drift_status: str = "NOT_CHECKED"
    drift_checked: datetime | None = None

    def snapshot(self) -> Snapshot:
        return Snapshot(
            self.physical_id,
            self.properties,
            self.attributes,
            self.type,
            self.deletion_policy,
            self.update_replace_policy,
            self.depends_on,
            self.metadata,
        )
