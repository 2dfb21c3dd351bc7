"""A refactoring: the stacks it is about with their new templates, and which resource goes where. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]


@dataclass(slots=True)
class Part:
    """One stack with the template version it is to have."""

    stack_id: str
    stack_name: str
    version: int
    is_new: bool = False


@dataclass(slots=True)
class Move:
    """One resource's way; `manual`: given by a mapping, else found."""

    source: str
    source_logical_id: str
    destination: str
    logical_id: str
    physical_id: str
    type: str
    manual: bool = False


@dataclass(slots=True)
class Refactor:
    account: str
    region: str
    id: str
    created: datetime
    caller: Doc
    description: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    execution_reason: str = ""
    parts: list[Part] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
