"""Values that stacks offer one another by name."""

from dataclasses import dataclass


@dataclass(slots=True)
class Export:
    account: str
    region: str
    name: str
    value: str
    stack_id: str


@dataclass(slots=True)
class Import:
    """A stack uses an export."""

    account: str
    region: str
    name: str
    stack_id: str
    stack_name: str
