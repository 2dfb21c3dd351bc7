"""What every part of CloudFormation's API has at hand."""

import re
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Kit
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.engines.workflows import Workflows
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import ChangeSet, Operation, Stack, Status
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.workflow import NAME, Cancels
from trunkline.services.cloudformation.workflow.callers import to_doc
from trunkline.services.cloudformation.workflow.record import OPERATION_TYPES, Record

Doc = dict[str, Any]
_STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
STACK = "arn:aws:cloudformation:{region}:{account}:stack/{StackName}/*"


class Part:
    """Database, engine and the ways to stacks and operations."""

    def __init__(self, kit: Kit, engine: Workflows, cancels: Cancels) -> None:
        self._kit = kit
        self._db = kit.db
        self._engine = engine
        self._cancels = cancels

    def _stack(self, call: Call, name: str, *, reader: Reader | None = None, lives: bool = False) -> Stack:
        """A stack by name or id; `lives`: a deleted one is none."""
        found = store.stack(reader or self._db, call.account, call.region, name)
        if found is None or (lives and found.status is Status.DELETE_COMPLETE):
            raise bad(f"Stack with id {name} does not exist")
        return found

    def _existing(self, call: Call, name: str, *, reader: Reader | None = None) -> Stack:
        """For operations that change: AWS words a missing stack otherwise there."""
        found = store.stack(reader or self._db, call.account, call.region, name)
        if found is None or found.status is Status.DELETE_COMPLETE:
            raise bad(f"Stack [{name}] does not exist")
        return found

    def _named_set(self, reader: Reader, stack: Stack, name: str) -> ChangeSet | None:
        found = store.change_sets.find(reader, prefix=(stack.account, stack.region), stack_id=stack.id)
        return next((one for one in found if one.name == name and one.execution != "EXECUTE_COMPLETE"), None)

    def _change_set(self, call: Call, req: Doc, reader: Reader | None = None) -> ChangeSet:
        name, reader = req["ChangeSetName"], reader or self._db
        if name.startswith("arn:"):
            found = store.change_sets.get(reader, call.account, call.region, name)
        elif not req.get("StackName"):
            raise bad("StackName must be specified if ChangeSetName is not specified as an ARN.")
        else:
            stack = store.stack(reader, call.account, call.region, req["StackName"])
            if stack is None:
                raise bad(f"Stack [{req['StackName']}] does not exist")
            found = self._named_set(reader, stack, name)
        if found is None:
            raise AwsError("ChangeSetNotFoundException", f"ChangeSet [{name}] does not exist")
        return found

    def _operation(self, call: Call, stack: Stack, kind: str, req: Doc, **options: Any) -> Operation:
        """A new operation on a stack as this caller, or as the role that is given or kept."""
        return Operation(
            stack_id=stack.id,
            id=ids.uuid(),
            kind=kind,
            account=stack.account,
            region=stack.region,
            caller=to_doc(call.caller),
            begun=self._kit.clock.now(),
            role_arn=req.get("RoleARN") or stack.role_arn,
            token=req.get("ClientRequestToken") or "",
            previous=stack.status.value,
            options={name: value for name, value in options.items() if value},
        )

    def _begin(self, tx: Tx, stack: Stack, operation: Operation, status: Status, reason: str) -> None:
        """Write the operation, its first event, and start its workflow: one commit."""
        stack.operation, stack.cancel = operation.id, ""
        stack.role_arn = operation.role_arn
        kind = OPERATION_TYPES[operation.kind]
        stack.operations = [{"OperationType": kind, "OperationId": operation.id}]
        store.operations.insert(tx, operation)
        Record(self._kit, operation).enter(tx, stack, status, reason)
        self._engine.start_in(tx, NAME, operation.id, {"stack": stack.id, "operation": operation.id})

    def _seen(self, tx: Reader, stack: Stack, kind: str, token: str | None) -> Operation | None:
        """The operation that this client token has started already."""
        known = store.operation_by_token(tx, stack.id, token) if token else None
        if known is not None and known.kind != kind:
            raise AwsError("TokenAlreadyExistsException", "A client request token already exists.")
        return known


def check_name(name: str) -> None:
    if not _STACK_NAME.fullmatch(name) or len(name) > 128:
        raise bad(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
