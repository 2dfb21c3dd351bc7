"""The states in which an operation leaves a stack."""

from trunkline.core.db import Tx
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Stack, Status
from trunkline.services.cloudformation.workflow import outputs
from trunkline.services.cloudformation.workflow.session import Session


def settle(tx: Tx, session: Session, stack: Stack) -> None:
    """The stack is whole: what stands now is where a later rollback leads."""
    stack.stable = session.operation.version
    stack.version = session.operation.version
    for row in store.of_stack(tx, stack.id).values():
        now = row.snapshot()
        if row.stable != now or row.replaced:
            row.stable, row.replaced, row.imported = now, False, False
            store.resources.put(tx, row)
    version = store.versions.get(tx, stack.id, stack.version)
    if version is not None:
        version.outcome = "applied"
        store.versions.put(tx, version)


def restored(tx: Tx, stack: Stack) -> None:
    """A stack that was rolled back has its old template, parameters and tags again."""
    stack.version = stack.stable
    version = store.versions.get(tx, stack.id, stack.stable)
    if version is not None:
        stack.tags = version.tags
        stack.description = str(version.processed.get("Description") or "")
    store.stacks.put(tx, stack)


def deleted(tx: Tx, session: Session) -> None:
    """The end of a stack: its rows stay for those who ask by its id."""
    record = session.record
    stack = record.stack(tx)
    outputs.forget(tx, stack)
    stack.deleted = session.kit.clock.now()
    record.enter(tx, stack, Status.DELETE_COMPLETE)
