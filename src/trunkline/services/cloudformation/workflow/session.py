"""What one run of an operation works with: the stack, the template it applies, and what its resources have become."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.service import Kit
from trunkline.core.db import Reader
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.model import Operation, Resource, Stack, Version
from trunkline.services.cloudformation.preparing.scope import Known, StackScope
from trunkline.services.cloudformation.workflow.callers import Callers
from trunkline.services.cloudformation.workflow.handling import Handlers
from trunkline.services.cloudformation.workflow.record import Record

Doc = dict[str, Any]


@dataclass(slots=True)
class Session:
    """`known`: every resource as Ref and GetAtt see it now, filled from journalled results. `failing`: set as soon as
    the operation cannot succeed; what has not begun then does not begin. `stable`: the version that the stack had
    when it was last whole."""

    kit: Kit
    operation: Operation
    stack: Stack
    version: Version
    template: "template.Template"
    record: Record
    handlers: Handlers
    callers: Callers
    failing: asyncio.Event
    stable: Version | None
    known: dict[str, Known] = field(default_factory=dict)

    @property
    def reader(self) -> Reader:
        return self.kit.db

    @property
    def stable_tags(self) -> dict[str, str]:
        """Of the stack when it was last whole."""
        return self.stack.tags if self.stable is None else self.stable.tags

    def row(self, logical_id: str) -> Resource | None:
        """A row as committed: for steps, and for what this operation does not change."""
        return store.resources.get(self.kit.db, self.stack.id, logical_id)

    async def scope(self) -> StackScope:
        return StackScope(
            kit=self.kit,
            caller=await self.callers.of(self.operation),
            stack_id=self.stack.id,
            stack_name=self.stack.name,
            notification_arns=tuple(self.stack.notification_arns),
            template=self.template,
            values=self.version.values,
            conditions=self.version.conditions,
            known=self.known,
            imports_for=self.stack,
        )


def session(
    kit: Kit, operation: Operation, handlers: Handlers, callers: Callers, failing: asyncio.Event, number: int
) -> Session:
    """For the template version with this number."""
    stack = store.stacks.get(kit.db, operation.account, operation.region, operation.stack_id)
    if stack is None:
        raise LookupError(f"stack {operation.stack_id} is gone")
    version = store.version(kit.db, stack, number)
    if version is None:
        raise LookupError(f"stack {stack.id} has no template version {number}")
    secrets = tuple(str(version.values[name]) for name in version.no_echo if version.values.get(name))
    record = Record(kit, operation, secrets=secrets)
    parsed = template.Template(version.processed)
    stable = store.version(kit.db, stack, stack.stable)
    return Session(kit, operation, stack, version, parsed, record, handlers, callers, failing, stable)
