"""Asking the hooks that apply, all of them, before a change.

https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks.html
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.cloudformation.hooks import store
from trunkline.services.cloudformation.hooks.model import FAILED, Hook, HookResult

Doc = dict[str, Any]
SERVICE = "hooks.cloudformation.amazonaws.com"
_ROUNDS = 40


@dataclass(slots=True)
class Question:
    """What is about to be done. target_id: the stack's or change set's id."""

    target: str
    action: str
    account: str
    region: str
    target_id: str
    stack_id: str
    stack_name: str
    token: str
    role: str = ""
    type: str = ""
    logical_id: str = ""
    data: Doc = field(default_factory=dict)


async def ask(kit: Kit, question: Question) -> list[HookResult]:
    """What each hook said; empty where none applies (the usual case costs one query)."""
    there = store.hooks.find(kit.db, prefix=(question.account, question.region))
    applying = [
        hook
        for hook in there
        if hook.stack_id != question.stack_id
        and hook.applies(question.target, question.action, question.type, question.stack_name, question.role)
    ]
    if not applying:
        return []
    found = list(await asyncio.gather(*(_ask(kit, hook, question) for hook in applying)))

    def write(tx: Tx) -> None:
        for one in found:
            store.results.put(tx, one)

    await kit.db.write(write)
    return found


def refusing(results: list[HookResult]) -> str:
    """The reason with which a change fails; nothing if no hook that may refuse did."""
    names = [one.alias for one in results if one.status == FAILED and one.mode == "FAIL"]
    return f"The following hook(s) failed: [{', '.join(names)}]" if names else ""


async def _ask(kit: Kit, hook: Hook, question: Question) -> HookResult:
    result = HookResult(
        question.account,
        question.region,
        ids.uuid(),
        hook.alias,
        hook.arn,
        question.target,
        question.type or question.target,
        question.target_id,
        question.logical_id,
        question.action,
        kit.clock.now(),
        FAILED,
        mode=hook.config.get("FailureMode", "FAIL"),
    )
    try:
        answer = await _answer(kit, hook, question)
    except AwsError as error:
        result.reason = f"Hook failed with message: {error.message or error.code}"
        return result
    if str(answer.get("hookStatus", "")).upper() == "SUCCESS":
        result.status = "HOOK_COMPLETE_SUCCEEDED"
    result.reason = str(answer.get("message", ""))
    return result


async def _answer(kit: Kit, hook: Hook, question: Question) -> Doc:
    role = hook.config.get("ExecutionRole")
    if role:
        caller = await kit.call.assume(role, service=SERVICE, region=question.region, session="Hook")
    else:
        caller = Caller.service(SERVICE, question.account, question.region)
    context: Any = None
    for invocation in range(1, _ROUNDS):
        event = _event(hook, question, invocation, context)
        given = {"FunctionName": hook.config["LambdaFunction"], "Payload": json.dumps(event, default=str).encode()}
        answer = await kit.call("lambda", "Invoke", given, as_=caller)
        payload = answer["Payload"]
        data = payload if isinstance(payload, bytes) else b"".join([chunk async for chunk in payload])
        try:
            found = json.loads(data or b"null")
        except ValueError:
            found = None
        if answer.get("FunctionError") or not isinstance(found, dict):
            message = found.get("errorMessage") if isinstance(found, dict) else None
            return {"hookStatus": "FAILED", "message": message or "The hook's answer is not an object."}
        if str(found.get("hookStatus", "")).upper() != "IN_PROGRESS":
            return found
        context = found.get("callbackContext")
        await kit.clock.sleep(min(float(found.get("callbackDelaySeconds") or 1), 60.0))
    return {"hookStatus": "FAILED", "message": "The hook did not come to an end."}


def _event(hook: Hook, question: Question, invocation: int, context: Any) -> Doc:
    return {
        "clientRequestToken": question.token,
        "awsAccountId": question.account,
        "stackId": question.stack_id,
        "changeSetId": question.target_id if question.target == "CHANGE_SET" else None,
        "hookTypeName": hook.alias,
        "hookTypeVersion": "00000001",
        "hookModel": {"LambdaFunction": hook.config["LambdaFunction"]},
        "actionInvocationPoint": f"{question.action}_PRE_PROVISION",
        "requestData": {
            "targetName": question.type or question.target,
            "targetType": question.type or question.target,
            "targetLogicalId": question.logical_id or question.stack_id,
            "targetModel": question.data,
        },
        "requestContext": {"invocation": invocation, "callbackContext": context},
    }
