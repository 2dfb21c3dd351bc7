"""What an operation writes down: each function is one commit's change of state with its events."""

from typing import Any

import orjson

from trunkline.aws.service import Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.cloudformation import events, store
from trunkline.services.cloudformation.model import Operation, Resource, Stack, StackEvent, Status

Doc = dict[str, Any]
OPERATION_TYPES = {
    "CREATE": "CREATE_STACK",
    "UPDATE": "UPDATE_STACK",
    "IMPORT": "UPDATE_STACK",
    "DELETE": "DELETE_STACK",
    "ROLLBACK": "ROLLBACK",
    "CONTINUE_ROLLBACK": "CONTINUE_ROLLBACK",
}
_HIDDEN = "****"


class Record:
    """The stack and the operation that its changes are written for."""

    def __init__(self, kit: Kit, operation: Operation, *, secrets: tuple[str, ...] = ()) -> None:
        self._kit = kit
        self.operation = operation
        self._secrets = secrets

    def stack(self, tx: Tx) -> Stack:
        op = self.operation
        found = store.stacks.get(tx, op.account, op.region, op.stack_id)
        if found is None:
            raise LookupError(f"stack {op.stack_id} is gone")
        return found

    def row(self, tx: Tx, logical_id: str) -> Resource | None:
        return store.resources.get(tx, self.operation.stack_id, logical_id)

    def enter(self, tx: Tx, stack: Stack, status: Status, reason: str = "", *, detailed: str = "") -> None:
        """The stack's next state."""
        stack.status, stack.reason, stack.detailed = status, reason, detailed
        store.stacks.put(tx, stack)
        self._tell(tx, stack, stack.name, stack.id, events.STACK_TYPE, status.value, reason, detailed=detailed)

    def resource(
        self, tx: Tx, stack: Stack, row: Resource, status: str, reason: str = "", *, physical_id: str | None = None
    ) -> None:
        """A resource's next state; `physical_id` where the event tells of another than the row's."""
        row.status, row.reason, row.updated = status, reason, self._kit.clock.now()
        store.resources.put(tx, row)
        shown = row.physical_id if physical_id is None else physical_id
        self._tell(tx, stack, row.logical_id, shown, row.type, status, reason, properties=self._shown(row))

    def note(
        self,
        tx: Tx,
        stack: Stack,
        row: Resource,
        status: str,
        reason: str,
        physical_id: str,
        type: str,
        *,
        hook: Doc | None = None,
    ) -> None:
        """An event that is no new state of the row's resource: of what is cleaned up, or of a hook."""
        self._tell(tx, stack, row.logical_id, physical_id, type, status, reason, hook=hook)

    def _shown(self, row: Resource) -> str:
        if not row.properties:
            return ""
        text = orjson.dumps(row.properties, default=str).decode()
        for secret in (*self._secrets, *row.hidden):
            if secret:
                text = text.replace(orjson.dumps(secret).decode()[1:-1], _HIDDEN)
        return text

    def _tell(
        self,
        tx: Tx,
        stack: Stack,
        logical_id: str,
        physical_id: str,
        type: str,
        status: str,
        reason: str,
        *,
        properties: str = "",
        detailed: str = "",
        hook: Doc | None = None,
    ) -> None:
        now = self._kit.clock.now()
        event = StackEvent(
            stack_id=stack.id,
            seq=0,
            id=ids.uuid() if type == events.STACK_TYPE and physical_id == stack.id else _event_id(logical_id, status),
            stack_name=stack.name,
            operation=self.operation.id,
            operation_type=OPERATION_TYPES[self.operation.kind],
            logical_id=logical_id,
            physical_id=physical_id,
            type=type,
            at=now,
            status=status,
            reason=reason,
            properties=properties,
            token=self.operation.token,
            detailed=detailed,
            ledger_id=ids.event_id(),
            hook=hook or {},
        )
        store.add_event(tx, event)
        self._kit.ledger.append(tx, events.told(stack, event, now))


def _event_id(logical_id: str, status: str) -> str:
    return f"{logical_id}-{status}-{ids.event_id()}"
