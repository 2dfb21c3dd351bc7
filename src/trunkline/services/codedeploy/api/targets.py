"""Deployment targets: a deployment has one, its service with two task sets, or its alias with two versions."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, operation
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.model import Deployment, Doc

ANY_GROUP = "arn:aws:codedeploy:{region}:{account}:deploymentgroup:*"
_FILTERS = ("TargetStatus", "ServerInstanceLabel")


class Targets(found.Operations):
    @operation(ANY_GROUP)
    async def list_deployment_targets(self, call: Call, req: Doc) -> Doc:
        deployment = found.deployment(self.kit.db, call, req["deploymentId"])
        filters = req.get("targetFilters") or {}
        unknown = [name for name in filters if name not in _FILTERS]
        if unknown:
            raise AwsError("InvalidTargetFilterNameException", f"{unknown[0]} is not a target filter name.")
        statuses = filters.get("TargetStatus")
        shown = deployment.target_id and (not statuses or deployment.target_status in statuses)
        return {"targetIds": [deployment.target_id] if shown else []}

    @operation(ANY_GROUP)
    async def get_deployment_target(self, call: Call, req: Doc) -> Doc:
        deployment = found.deployment(self.kit.db, call, req["deploymentId"])
        return {"deploymentTarget": _target(deployment, req["targetId"])}

    @operation(ANY_GROUP)
    async def batch_get_deployment_targets(self, call: Call, req: Doc) -> Doc:
        deployment = found.deployment(self.kit.db, call, req["deploymentId"])
        wanted = found.limited(req["targetIds"], "DeploymentTargetListSizeExceededException", 25)
        return {"deploymentTargets": [_target(deployment, one) for one in wanted]}


def _target(deployment: Deployment, target_id: str) -> Doc:
    if target_id != deployment.target_id:
        raise AwsError(
            "DeploymentTargetDoesNotExistException",
            f"The deployment {deployment.id} has no target {target_id}; its target is {deployment.target_id}.",
        )
    return deployment.described_target()
