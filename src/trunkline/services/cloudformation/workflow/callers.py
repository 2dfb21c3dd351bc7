"""As whom CloudFormation calls: the principal who asked for the operation, or the stack's role.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from dataclasses import asdict
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit, Principal
from trunkline.services.cloudformation.model import Operation

SERVICE = "cloudformation.amazonaws.com"
_SESSION = "AWSCloudFormation"
_SESSION_S = 1800.0


def to_doc(caller: Caller) -> dict[str, Any]:
    """A caller as an operation keeps it over restarts."""
    return {"principal": asdict(caller.principal), "access_key_id": caller.access_key_id}


def from_doc(doc: dict[str, Any], account: str, region: str) -> Caller:
    given = dict(doc["principal"])
    given["session_policies"] = tuple(given.get("session_policies") or ())
    return Caller(
        account,
        region,
        Principal(**given),
        source_ip=SERVICE,
        user_agent=SERVICE,
        access_key_id=doc.get("access_key_id", ""),
    )


async def acting(kit: Kit, caller: Caller, role_arn: str) -> Caller:
    """Who looks things up for a template: the stack's role, where it has one; ValidationError when it cannot be had."""
    if not role_arn:
        return caller
    try:
        return await kit.call.assume(role_arn, service=SERVICE, region=caller.region, session=_SESSION)
    except AwsError as error:
        raise AwsError("ValidationError", f"Role {role_arn} is invalid or cannot be assumed") from error


class Callers:
    """Callers of operations; role sessions are renewed long before they end."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._sessions: dict[str, tuple[Caller, float]] = {}

    async def of(self, operation: Operation) -> Caller:
        """Raises AwsError when the role cannot be assumed."""
        if not operation.role_arn:
            return from_doc(operation.caller, operation.account, operation.region)
        now = self._kit.clock.monotonic()
        caller, until = self._sessions.get(operation.id, (None, 0.0))
        if caller is None or until < now:
            caller = await self._kit.call.assume(
                operation.role_arn, service=SERVICE, region=operation.region, session=_SESSION
            )
            self._sessions[operation.id] = caller, now + _SESSION_S
        return caller

    def forget(self, operation: Operation) -> None:
        self._sessions.pop(operation.id, None)
