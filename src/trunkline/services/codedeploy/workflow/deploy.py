"""A blue/green deployment from its AppSpec file to the removal of the old task set, as one durable workflow.

A stop or an alarm interrupts it wherever it waits; errors of steps end it. Either way undo.py decides what is put back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.engines.workflows import Interrupted, StepFailed, Workflow, Workflows
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.model import Deployment, Doc, Failure, Rollback, Status, parse
from trunkline.services.codedeploy.workflow import alarms, functions, hooks, outcomes, revision
from trunkline.services.codedeploy.workflow.callers import Callers
from trunkline.services.codedeploy.workflow.outcomes import ALARM, INTERRUPTS, STOP
from trunkline.services.codedeploy.workflow.record import Record
from trunkline.services.codedeploy.workflow.service import EcsService
from trunkline.services.codedeploy.workflow.traffic import Traffic
from trunkline.services.codedeploy.workflow.undo import undo

NAME = "codedeploy-deployment"
LOOK_EVERY_S = 0.5
INSTALL_TIMEOUT_MINUTES = 60  # as on AWS
INSTALL_TIMEOUT_LEAST_S = 120.0  # real time: an accelerated clock does not start containers faster
GONE_TIMEOUT_S = 600.0


@dataclass
class Progress:
    """How far a run came: what undo has to put back. Filled from the journal, so it is the same after a restart."""

    facts: Doc | None = None
    routes: Doc = field(default_factory=dict)
    created: bool = False
    green_pct: int = 0
    test_moved: bool = False
    promoted: bool = False


class Deployments:
    """Registers the workflow and holds what its steps call."""

    def __init__(self, kit: Kit, engine: Workflows) -> None:
        self.kit = kit
        self.callers = Callers(kit)
        self.service = EcsService(self.callers)
        self.traffic = Traffic(self.callers)
        engine.register(NAME, self.run, failed=self._died)

    def record(self, deployment: Deployment) -> Record:
        return Record(self.kit.ledger, self.kit.clock, (deployment.account, deployment.region, deployment.id))

    async def run(self, wf: Workflow, input: Doc) -> None:
        # Only what never changes after CreateDeployment is used of this copy: the workflow's code stays deterministic.
        deployment = store.deployments.get(self.kit.db, input["account"], input["region"], input["deployment"])
        if deployment is None:
            raise LookupError(f"deployment {input['deployment']} is gone")
        if deployment.platform == "Lambda":
            await functions.run(self, wf, deployment)
        else:
            await self._run(wf, deployment)
        self.callers.forget(deployment.id)

    async def _run(self, wf: Workflow, deployment: Deployment) -> None:
        progress = Progress()
        try:
            await self._deploy(wf, deployment, progress)
        except Interrupted as cut:
            await undo(self, wf, deployment, progress, outcomes.stopped(cut, deployment))
        except StepFailed as error:
            await undo(self, wf, deployment, progress, outcomes.failed(error, deployment))

    async def _deploy(self, wf: Workflow, deployment: Deployment, progress: Progress) -> None:
        record = self.record(deployment)
        await wf.commit("start", record.start)
        spec_text = await wf.step("read the AppSpec file", self._appspec, deployment)
        hook = partial(hooks.run, self, wf, deployment, parse(spec_text).hooks, interrupt=INTERRUPTS)
        await self.check_alarms(wf, deployment, "before the deployment")
        facts = progress.facts = await wf.step("find the original task set", self._find, deployment)
        progress.routes = facts["routes"]
        await wf.commit("note the original", lambda tx: record.found(tx, facts))
        # A target group behind no listener is not health-checked, so the replacement's is put there with no traffic.
        await wf.step(
            "put both target groups behind the listener",
            self.traffic.shift,
            deployment,
            progress.routes["production"],
            weights(facts, 0),
        )
        if facts["leftovers"]:
            await wf.step("remove what an earlier deployment left", self._reclaim, deployment, facts)
        await hook("BeforeInstall")
        await wf.commit("begin the installation", lambda tx: record.lifecycle(tx, over=("BeforeInstall",)))
        progress.created = True
        green_id = await wf.step(
            "create the replacement", self._create, deployment, spec_text, facts, wf.key("task set")
        )
        await wf.commit("note the replacement", lambda tx: record.created(tx, facts, green_id))
        counts = await self._until_steady(wf, deployment, facts, green_id)
        await wf.commit("installed", lambda tx: record.installed(tx, counts))
        await hook("AfterInstall")
        await self._test_traffic(wf, deployment, progress)
        await hook("AfterAllowTestTraffic")
        await self._until_continued(wf, deployment)
        await hook("BeforeAllowTraffic")
        await self._shift(wf, deployment, progress)
        progress.promoted = True
        await wf.step("make the replacement primary", self.service.promote, deployment, green_id)
        await wf.commit("promoted", record.promoted)
        await hook("AfterAllowTraffic")
        await self._terminate(wf, deployment, facts)

    # installing ------------------------------------------------------------------------------------------------------

    async def _appspec(self, deployment: Deployment) -> str:
        text = await revision.content(self.callers, deployment)
        await self.service.check_task_definition(deployment, parse(text))
        return text

    async def _find(self, deployment: Deployment) -> Doc:
        target_groups = await self.traffic.target_groups(deployment)
        facts = await self.service.original(deployment, target_groups)
        return {**facts, "routes": await self.traffic.routes(deployment, set(target_groups.values()))}

    async def _reclaim(self, deployment: Deployment, facts: Doc) -> None:
        for task_set_id in facts["leftovers"]:
            await self.service.delete(deployment, task_set_id)

    async def _create(self, deployment: Deployment, spec_text: str, facts: Doc, token: str) -> str:
        return await self.service.create(deployment, parse(spec_text), facts, token)

    async def _until_steady(self, wf: Workflow, deployment: Deployment, facts: Doc, green_id: str) -> Doc:
        clock = self.kit.clock
        timeout_s = max(INSTALL_TIMEOUT_LEAST_S, clock.due(INSTALL_TIMEOUT_MINUTES * 60) - clock.time())
        seen = await wf.poll(
            "the replacement is steady",
            lambda: self.service.look(deployment, green_id, facts["green"]["group_arn"]),
            every_s=LOOK_EVERY_S,
            timeout_s=timeout_s,
            interrupt=INTERRUPTS,
        )
        if seen is None:
            raise _failure(
                "TIMEOUT",
                "The deployment timed out while waiting for the replacement task set to become healthy."
                f" This time out period is {INSTALL_TIMEOUT_MINUTES} minutes.",
            )
        if "failed" in seen:
            raise _failure("ECS_UPDATE_ERROR", seen["failed"])
        counts: Doc = seen["counts"]
        return counts

    # traffic ---------------------------------------------------------------------------------------------------------

    async def _test_traffic(self, wf: Workflow, deployment: Deployment, progress: Progress) -> None:
        record, routes = self.record(deployment), progress.routes["test"]
        events = ("AllowTestTraffic", "AfterAllowTestTraffic")
        if routes:
            progress.test_moved = True
            assert progress.facts is not None
            green = {progress.facts["green"]["group_arn"]: 100}
            await wf.step("send test traffic to the replacement", self.traffic.shift, deployment, routes, green)
        await wf.commit(
            "test traffic",
            partial(record.lifecycle, over=events if routes else (), skipped=() if routes else events),
        )

    async def _until_continued(self, wf: Workflow, deployment: Deployment) -> None:
        option = (deployment.blue_green or {}).get("deploymentReadyOption") or {}
        if option.get("actionOnTimeout") != "STOP_DEPLOYMENT":
            return
        minutes = int(option.get("waitTimeInMinutes") or 0)
        record = self.record(deployment)
        await wf.commit("ready", lambda tx: record.ready(tx, minutes))
        if await wf.receive("continue-READY_WAIT", minutes * 60, interrupt=INTERRUPTS) is None:
            message = f"Nobody continued the deployment within {minutes} minutes, so it was stopped."
            raise Interrupted(STOP, {"code": "TIMEOUT", "message": message})
        await wf.commit("continued", record.go_on)

    async def _shift(self, wf: Workflow, deployment: Deployment, progress: Progress) -> None:
        record, facts = self.record(deployment), progress.facts
        assert facts is not None
        await wf.commit(
            "begin traffic", lambda tx: record.lifecycle(tx, over=("BeforeAllowTraffic",), begun="AllowTraffic")
        )
        for number, (pct, minutes) in enumerate(deployment.plan, start=1):
            await self.check_alarms(wf, deployment, f"before {pct} %")
            progress.green_pct = pct
            await wf.step(
                f"shift to {pct} %", self.traffic.shift, deployment, progress.routes["production"], weights(facts, pct)
            )
            await wf.commit(f"shifted to {pct} %", partial(record.shifted, green_pct=pct, step=number))
            if minutes:
                await wf.wait(minutes * 60, f"{minutes} minutes at {pct} %", interrupt=INTERRUPTS)

    async def _terminate(self, wf: Workflow, deployment: Deployment, facts: Doc) -> None:
        """Keep the original for a while, then let it go; until then everything can still be undone."""
        record = self.record(deployment)
        option = (deployment.blue_green or {}).get("terminateBlueInstancesOnDeploymentSuccess") or {}
        minutes = int(option.get("terminationWaitTimeInMinutes") or 0)
        await wf.receive("continue-TERMINATION_WAIT", minutes * 60, interrupt=INTERRUPTS)
        await self.check_alarms(wf, deployment, "before the original goes")
        blue_id = facts["blue"]["id"]
        note = await self.remove(wf, deployment, blue_id, "original")
        await wf.commit("succeed", lambda tx: record.succeed(tx, note))

    # shared with undo and functions ----------------------------------------------------------------------------------

    async def remove(self, wf: Workflow, deployment: Deployment, task_set_id: str, what: str) -> str:
        """Delete a task set and wait until its tasks have drained; what could not be done comes back as a note."""
        try:
            await wf.step(f"delete the {what}", self.service.delete, deployment, task_set_id)
            gone = await wf.poll(
                f"the {what} is gone",
                lambda: self.service.is_gone(deployment, task_set_id),
                every_s=LOOK_EVERY_S,
                timeout_s=GONE_TIMEOUT_S,
            )
        except StepFailed as error:
            return f"The {what} task set {task_set_id} could not be removed: {error.message}"
        return "" if gone else f"The {what} task set {task_set_id} still drains after {GONE_TIMEOUT_S:.0f} seconds."

    async def check_alarms(self, wf: Workflow, deployment: Deployment, when: str) -> None:
        if not deployment.alarm_names:
            return
        names = await wf.step(f"check alarms {when}", alarms.ringing, self.callers, deployment)
        if names:
            raise Interrupted(ALARM, {"names": names})

    def _died(self, tx: Tx, workflow_id: str, input: Doc, error: str) -> None:
        """The workflow itself broke: say so, and let the group take another deployment."""
        deployment = store.deployments.get(tx, input["account"], input["region"], input["deployment"])
        if deployment is None:
            return
        record = self.record(deployment)
        if deployment.is_active:
            outcome = {"status": Status.FAILED.value, "code": "INTERNAL_ERROR", "message": error}
            record.end(tx, outcome, restored=None, note="")
        rollback = deployment.rollback or Rollback()
        if rollback.rollback_id:
            record.rollback_failed(tx, rollback.rollback_id, error)


def weights(facts: Doc, green_pct: int) -> dict[str, int]:
    return {facts["blue"]["group_arn"]: 100 - green_pct, facts["green"]["group_arn"]: green_pct}


def _failure(code: str, message: str) -> StepFailed:
    """A failure found by the workflow's own code, in the form that failures of steps have."""
    return StepFailed("deployment", Failure.__name__, code, message)
