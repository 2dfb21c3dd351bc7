"""As whom CodeDeploy calls other services.

What changes something, and what AWS's managed policy AWSCodeDeployRoleForECS lists, is done as the deployment group's
service role. What CodeDeploy merely observes and that policy does not list (target health, why a task stopped, whether
a task definition exists) it sees as the service itself, as it must on AWS too.
"""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.services.codedeploy.model import Deployment, Doc, Failure

PRINCIPAL = "codedeploy.amazonaws.com"
_SESSION_S = 1800.0
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


@dataclass
class _Session:
    caller: Caller
    until: float


class Callers:
    """Role sessions, one per deployment, renewed long before they expire."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._sessions: dict[str, _Session] = {}

    async def role(self, deployment: Deployment) -> Caller:
        now = self._kit.clock.monotonic()
        session = self._sessions.get(deployment.id)
        if session is None or session.until < now:
            try:
                caller = await self._kit.call.assume(
                    deployment.role_arn, service=PRINCIPAL, region=deployment.region, session=deployment.id
                )
            except AwsError as error:
                raise Failure(
                    "IAM_ROLE_MISSING",
                    f"CodeDeploy cannot assume the role {deployment.role_arn}: {error.message or error.code}",
                ) from error
            session = self._sessions[deployment.id] = _Session(caller, now + _SESSION_S)
        return session.caller

    def forget(self, deployment_id: str) -> None:
        self._sessions.pop(deployment_id, None)

    async def call(self, deployment: Deployment, service: str, operation: str, params: Doc, *, code: str) -> Doc:
        """As the role. An AWS error becomes a Failure with `code`, or the one that says that permission is missing."""
        caller = await self.role(deployment)
        try:
            return await self._kit.call(service, operation, params, as_=caller)
        except AwsError as error:
            raise failure(error, service, operation, code) from error

    async def call_as(self, caller: Caller, service: str, operation: str, params: Doc) -> Doc:
        """With AWS's own error, for those who look at its code."""
        return await self._kit.call(service, operation, params, as_=caller)

    async def observe(self, deployment: Deployment, service: str, operation: str, params: Doc) -> Doc:
        """As CodeDeploy itself; AwsError goes to the caller."""
        caller = Caller.service(PRINCIPAL, deployment.account, deployment.region)
        return await self._kit.call(service, operation, params, as_=caller)


def failure(error: AwsError, service: str, operation: str, code: str) -> Failure:
    if error.code in _DENIED:
        return Failure(
            "IAM_ROLE_PERMISSIONS",
            f"The service role is not allowed to call {service}:{operation}: {error.message}",
        )
    return Failure(code, f"{service} {operation} failed: {error.message or error.code} ({error.code})")
