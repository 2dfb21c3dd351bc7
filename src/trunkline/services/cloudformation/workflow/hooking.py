"""Hooks within an operation: asked before a resource is touched, and once before the stack is."""

from typing import Any

from trunkline.core.db import Tx
from trunkline.services.cloudformation.hooks.asking import Question, ask, refusing
from trunkline.services.cloudformation.hooks.model import HookResult
from trunkline.services.cloudformation.model import Resource
from trunkline.services.cloudformation.workflow.refusal import Refusal
from trunkline.services.cloudformation.workflow.session import Session

Doc = dict[str, Any]


async def before(session: Session, row: Resource, action: str, token: str, wanted: Doc, old: Doc | None = None) -> None:
    """Raises Refusal when a hook does not want this resource to be made, changed or deleted so."""
    data: Doc = {"resourceProperties": wanted}
    if old is not None:
        data["previousResourceProperties"] = old
    question = Question(
        "RESOURCE",
        action,
        session.stack.account,
        session.stack.region,
        session.stack.id,
        session.stack.id,
        session.stack.name,
        token,
        session.operation.role_arn,
        row.type,
        row.logical_id,
        data,
    )
    results = await ask(session.kit, question)
    if results:
        await session.kit.db.write(lambda tx: _tell(tx, session, row.logical_id, action, results))
    if reason := refusing(results):
        raise Refusal(reason)


def _tell(tx: Tx, session: Session, logical_id: str, action: str, results: list[HookResult]) -> None:
    record = session.record
    row = record.row(tx, logical_id)
    if row is None:
        return
    for one in results:
        hook = {
            "HookType": one.alias,
            "HookStatus": one.status,
            "HookStatusReason": one.reason or None,
            "HookInvocationPoint": "PRE_PROVISION",
            "HookInvocationId": one.id,
            "HookFailureMode": one.mode,
        }
        status = f"{action}_IN_PROGRESS"
        record.note(tx, record.stack(tx), row, status, "", row.physical_id, row.type, hook=hook)


async def before_stack(session: Session) -> str:
    """Why hooks refuse the whole operation; nothing if they do not."""
    action = {"IMPORT": "CREATE"}.get(session.operation.kind, session.operation.kind)
    stack = session.stack
    question = Question(
        "STACK",
        action,
        stack.account,
        stack.region,
        stack.id,
        stack.id,
        stack.name,
        session.operation.id,
        session.operation.role_arn,
        data={"template": session.version.processed},
    )
    return refusing(await ask(session.kit, question))
