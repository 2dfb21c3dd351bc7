"""What the functions of lifecycle hooks answer."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, operation
from trunkline.core.db import Tx
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.model import Doc

ANY_GROUP = "arn:aws:codedeploy:{region}:{account}:deploymentgroup:*"


class Hooks(found.Operations):
    @operation(ANY_GROUP)
    async def put_lifecycle_event_hook_execution_status(self, call: Call, req: Doc) -> Doc:
        """The first answer counts."""
        hook_id, status = req.get("lifecycleEventHookExecutionId", ""), req.get("status", "")
        if status not in ("Succeeded", "Failed"):
            raise AwsError(
                "InvalidLifecycleEventHookExecutionStatusException", "The status of a hook is Succeeded or Failed."
            )

        def answer(tx: Tx) -> None:
            deployment = found.deployment(tx, call, req.get("deploymentId"))
            if hook_id not in deployment.hooks:
                raise AwsError(
                    "InvalidLifecycleEventHookExecutionIdException",
                    f"The deployment {deployment.id} has no hook execution {hook_id}.",
                )
            if not deployment.is_hooked(hook_id):
                raise AwsError(
                    "LifecycleEventAlreadyCompletedException",
                    f"The lifecycle event {deployment.hooks[hook_id]} of {deployment.id} is over.",
                )
            topic = f"hook-{hook_id}"
            self.engine.send_in(tx, deployment.id, topic, {"status": status}, topic)

        await self.kit.db.write(answer)
        return {"lifecycleEventHookExecutionId": hook_id}
