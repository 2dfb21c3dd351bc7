"""The way back: traffic to the original first and at once, the records next, then what the deployment had made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trunkline.core.log import get
from trunkline.engines.workflows import Workflow
from trunkline.services.codedeploy.model import Deployment, Doc, Failure, checked_revision

if TYPE_CHECKING:
    from trunkline.services.codedeploy.workflow.deploy import Deployments, Progress

log = get(__name__)
RETURN_EVERY_S = 0.5
RETURN_TIMEOUT_S = 1800.0


async def undo(of: Deployments, wf: Workflow, deployment: Deployment, progress: Progress, outcome: Doc) -> None:
    """End the deployment as `outcome` says.

    Without rollback, traffic that has already moved stays where it is, for whoever stopped it to look at; a replacement
    that serves nobody is removed in any case. The group's next deployment starts by cleaning up what was kept.
    """
    record = of.record(deployment)
    facts = progress.facts
    if facts is None or not progress.created:
        await wf.commit("end", lambda tx: record.end(tx, outcome, restored=None, note=""))
        return
    if not outcome["rollback"] and progress.green_pct > 0:
        note = f"Not rolled back: the replacement task set keeps {progress.green_pct} % of the traffic."
        await wf.commit("end", lambda tx: record.end(tx, outcome, restored=None, note=note))
        return

    note = ""
    if progress.green_pct or progress.test_moved:
        returned = await wf.poll(
            "return the traffic",
            lambda: _return_traffic(of, deployment, progress, facts),
            every_s=RETURN_EVERY_S,
            timeout_s=RETURN_TIMEOUT_S,
        )
        note = "" if returned else "The load balancer did not take the original weights back."
        if returned and progress.green_pct:
            await wf.commit("returned the traffic", lambda tx: record.shifted(tx, 0, 0, "rollback"))
    restored = (deployment.previous_revision or _revision_of(facts)) if outcome["rollback"] else None
    rollback_id = await wf.commit("end", lambda tx: record.end(tx, outcome, restored=restored, note=note))
    if note:
        # Removing the replacement now would cut off whoever is still sent to it.
        await wf.commit("rollback failed", lambda tx: record.rollback_failed(tx, rollback_id, note))
        return
    if progress.promoted:
        await wf.step("make the original primary again", of.service.promote, deployment, facts["blue"]["id"])
    found = await wf.step("find the replacement", of.service.made_by, deployment)
    for task_set_id in found:
        note = await of.remove(wf, deployment, task_set_id, "replacement")
    if rollback_id:
        await wf.commit("rolled back", lambda tx: record.rolled_back(tx, rollback_id, note))


async def _return_traffic(of: Deployments, deployment: Deployment, progress: Progress, facts: Doc) -> bool | None:
    """True once done; None to be tried again, for as long as a load balancer may take to come back."""
    try:
        weights = {facts["blue"]["group_arn"]: 100, facts["green"]["group_arn"]: 0}
        await of.traffic.shift(deployment, progress.routes["production"], weights)
        await of.traffic.restore(deployment, progress.routes["test"] if progress.test_moved else [])
    except Failure as error:
        log.warning("traffic not yet returned", deployment=deployment.id, why=error.message)
        return None
    return True


def _revision_of(facts: Doc) -> Doc:
    """What serves again after the first deployment of a group failed: the original task set, as an AppSpec file."""
    name, port = facts["container"]
    properties = {
        "TaskDefinition": facts["task_definition"],
        "LoadBalancerInfo": {"ContainerName": name, "ContainerPort": port},
    }
    resource = {"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}
    content = json.dumps({"version": 1, "Resources": [resource]})
    return checked_revision({"revisionType": "AppSpecContent", "appSpecContent": {"content": content}})
