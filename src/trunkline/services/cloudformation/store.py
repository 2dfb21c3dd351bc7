"""The tables of CloudFormation and the questions asked of them."""

from datetime import datetime

from trunkline.core import ids
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.cloudformation.model import (
    ChangeSet,
    Export,
    Import,
    Operation,
    Resource,
    Signal,
    Stack,
    StackEvent,
    Status,
    Version,
)

stacks = Table("cloudformation_stacks", Stack, key=("account", "region", "id"), index=("name", "parent_id"))
resources = Table("cloudformation_resources", Resource, key=("stack_id", "logical_id"), index=("physical_id",))
versions = Table("cloudformation_versions", Version, key=("stack_id", "number"))
operations = Table("cloudformation_operations", Operation, key=("stack_id", "id"), index=("token",))
stack_events = Table("cloudformation_events", StackEvent, key=("stack_id", "seq"), index=("operation",))
signals = Table("cloudformation_signals", Signal, key=("stack_id", "logical_id", "unique_id"))
exports = Table("cloudformation_exports", Export, key=("account", "region", "name"), index=("stack_id",))
imports = Table("cloudformation_imports", Import, key=("account", "region", "name", "stack_id"))
change_sets = Table(
    "cloudformation_change_sets", ChangeSet, key=("account", "region", "id"), index=("stack_id", "name")
)

MIGRATIONS = [
    stacks.ddl,
    resources.ddl,
    versions.ddl,
    operations.ddl,
    stack_events.ddl,
    signals.ddl,
    exports.ddl,
    imports.ddl,
    change_sets.ddl,
]


def stack(reader: Reader, account: str, region: str, name: str) -> Stack | None:
    """A stack by its id (deleted ones too) or by its name (the one that is not deleted)."""
    if name.startswith("arn:"):
        return stacks.get(reader, account, region, name)
    found = [one for one in stacks.find(reader, prefix=(account, region), name=name) if _lives(one)]
    return found[0] if found else None


def _lives(one: Stack) -> bool:
    return one.status is not Status.DELETE_COMPLETE


def of_stack(reader: Reader, stack_id: str) -> dict[str, Resource]:
    """A stack's resources by logical id."""
    return {one.logical_id: one for one in resources.find(reader, prefix=(stack_id,))}


def version(reader: Reader, stack: Stack, number: int | None = None) -> Version | None:
    """A template version of a stack: the one applied, if no number is given."""
    return versions.get(reader, stack.id, stack.version if number is None else number)


def next_version(reader: Reader, stack_id: str) -> int:
    row = reader.one("SELECT max(number) AS n FROM cloudformation_versions WHERE stack_id = ?", (stack_id,))
    return int(row["n"] or 0) + 1 if row else 1


def add_event(tx: Tx, event: StackEvent) -> None:
    """Append to a stack's history; `seq` is given here."""
    row = tx.one("SELECT max(seq) AS n FROM cloudformation_events WHERE stack_id = ?", (event.stack_id,))
    event.seq = int(row["n"] or 0) + 1 if row else 1
    stack_events.put(tx, event)


def newest_events(reader: Reader, stack_id: str, *, before: int | None, limit: int) -> list[StackEvent]:
    """A stack's history from the newest back; `before` is the seq of the last one seen."""
    rows = reader.all(
        "SELECT seq FROM cloudformation_events WHERE stack_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        (stack_id, before if before is not None else 1 << 60, limit),
    )
    if not rows:
        return []
    found = stack_events.find(reader, prefix=(stack_id,), after=(stack_id, rows[-1]["seq"] - 1), limit=len(rows))
    return found[::-1]


def operation_by_token(reader: Reader, stack_id: str, token: str) -> Operation | None:
    found = operations.find(reader, prefix=(stack_id,), token=token)
    return found[-1] if found else None


def new_stack_id(region: str, account: str, name: str) -> str:
    return f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{ids.uuid()}"


def signals_of(reader: Reader, stack_id: str, logical_id: str, since: datetime) -> list[Signal]:
    """Signals since a resource began to be made, oldest first."""
    found = signals.find(reader, prefix=(stack_id, logical_id))
    return sorted((one for one in found if one.at >= since), key=lambda one: one.at)
