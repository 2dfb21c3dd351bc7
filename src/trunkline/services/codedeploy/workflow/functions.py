"""A Lambda deployment: an alias goes from one version to another, step by step, as one durable workflow.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from trunkline.core.log import get
from trunkline.engines.workflows import Interrupted, StepFailed, Workflow
from trunkline.services.codedeploy.model import (
    Deployment,
    Doc,
    Failure,
    FunctionSpec,
    FunctionTarget,
    checked_revision,
    parse_function,
)
from trunkline.services.codedeploy.workflow import hooks, outcomes, revision
from trunkline.services.codedeploy.workflow.outcomes import INTERRUPTS

if TYPE_CHECKING:
    from trunkline.services.codedeploy.workflow.deploy import Deployments

log = get(__name__)
_CODE = "INVALID_LAMBDA_CONFIGURATION"
RETURN_EVERY_S = 0.5
RETURN_TIMEOUT_S = 1800.0


@dataclass
class _Progress:
    """How far a run came; filled from the journal, so it is the same after a restart."""

    spec: FunctionSpec | None = None
    target_pct: int = 0


async def run(of: Deployments, wf: Workflow, deployment: Deployment) -> None:
    progress = _Progress()
    try:
        await _deploy(of, wf, deployment, progress)
    except Interrupted as cut:
        await _undo(of, wf, deployment, progress, outcomes.stopped(cut, deployment))
    except StepFailed as error:
        await _undo(of, wf, deployment, progress, outcomes.failed(error, deployment))


async def _deploy(of: Deployments, wf: Workflow, deployment: Deployment, progress: _Progress) -> None:
    record = of.record(deployment)
    await wf.commit("start", record.start)
    spec = progress.spec = parse_function(await wf.step("read the AppSpec file", _appspec, of, deployment))
    target = FunctionTarget(spec.function, spec.alias, spec.current, spec.target)
    await wf.commit("note the versions", lambda tx: record.aliased(tx, target))
    hook = partial(hooks.run, of, wf, deployment, spec.hooks, interrupt=INTERRUPTS)
    await of.check_alarms(wf, deployment, "before the deployment")
    await hook("BeforeAllowTraffic")
    await wf.commit(
        "begin traffic", lambda tx: record.lifecycle(tx, over=("BeforeAllowTraffic",), begun="AllowTraffic")
    )
    for number, (pct, minutes) in enumerate(deployment.plan, start=1):
        await of.check_alarms(wf, deployment, f"before {pct} %")
        progress.target_pct = pct
        await wf.step(f"shift to {pct} %", _point, of, deployment, spec, pct)
        await wf.commit(f"shifted to {pct} %", partial(record.alias_shifted, target_pct=pct, step=number))
        if minutes:
            await wf.wait(minutes * 60, f"{minutes} minutes at {pct} %", interrupt=INTERRUPTS)
    await wf.commit("all traffic", partial(record.lifecycle, over=("AllowTraffic", "AfterAllowTraffic")))
    await hook("AfterAllowTraffic")
    await wf.commit("succeed", record.succeed)


async def _appspec(of: Deployments, deployment: Deployment) -> str:
    text = await revision.content(of.callers, deployment)
    spec = parse_function(text)
    alias = await _lambda(of, deployment, "GetAlias", spec, {})
    if alias["FunctionVersion"] != spec.current:
        raise Failure(
            _CODE,
            f"The alias {spec.alias} of {spec.function} points to version {alias['FunctionVersion']}, not to the"
            f" CurrentVersion {spec.current} of the AppSpec file.",
        )
    return text


async def _point(of: Deployments, deployment: Deployment, spec: FunctionSpec, target_pct: int) -> None:
    """Give the target version its share of the alias's traffic. Repeating it changes nothing."""
    shared = 0 < target_pct < 100
    version = spec.target if target_pct == 100 else spec.current
    weights = {spec.target: target_pct / 100} if shared else {}
    routing = {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": weights}}
    await _lambda(of, deployment, "UpdateAlias", spec, routing)


async def _lambda(of: Deployments, deployment: Deployment, operation: str, spec: FunctionSpec, params: Doc) -> Doc:
    request = {"FunctionName": spec.function, "Name": spec.alias, **params}
    return await of.callers.call(deployment, "lambda", operation, request, code=_CODE)


async def _undo(of: Deployments, wf: Workflow, deployment: Deployment, progress: _Progress, outcome: Doc) -> None:
    """End the deployment as `outcome` says. Without rollback the alias stays as it is, for whoever stopped it."""
    record, spec, moved = of.record(deployment), progress.spec, progress.target_pct > 0
    if spec is None or not (moved and outcome["rollback"]):
        note = f"Not rolled back: version {spec.target} keeps {progress.target_pct} %." if spec and moved else ""
        await wf.commit("end", lambda tx: record.end(tx, outcome, restored=None, note=note))
        return
    returned = await wf.poll(
        "return the traffic",
        lambda: _return(of, deployment, spec),
        every_s=RETURN_EVERY_S,
        timeout_s=RETURN_TIMEOUT_S,
    )
    note = "" if returned else f"The alias {spec.alias} could not be given back to version {spec.current}."
    if returned:
        await wf.commit("returned the traffic", lambda tx: record.alias_shifted(tx, 0, 0, "rollback"))
    restored = _swapped(spec)
    rollback_id = await wf.commit("end", lambda tx: record.end(tx, outcome, restored=restored, note=note))
    if note:
        await wf.commit("rollback failed", lambda tx: record.rollback_failed(tx, rollback_id, note))
    elif rollback_id:
        await wf.commit("rolled back", lambda tx: record.rolled_back(tx, rollback_id))


async def _return(of: Deployments, deployment: Deployment, spec: FunctionSpec) -> bool | None:
    """True once done; None to be tried again."""
    try:
        await _point(of, deployment, spec, 0)
    except Failure as error:
        log.warning("alias not yet returned", deployment=deployment.id, why=error.message)
        return None
    return True


def _swapped(spec: FunctionSpec) -> Doc:
    """The revision that a rollback deploys: the same alias, the other way round."""
    properties = {
        "Name": spec.function,
        "Alias": spec.alias,
        "CurrentVersion": spec.target,
        "TargetVersion": spec.current,
    }
    resource = {spec.function: {"Type": "AWS::Lambda::Function", "Properties": properties}}
    content = json.dumps({"version": 0.0, "Resources": [resource]})
    return checked_revision({"revisionType": "AppSpecContent", "appSpecContent": {"content": content}})
