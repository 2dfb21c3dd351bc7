"""Jobs: what the functions of Invoke actions were handed, and say how it went."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.api.support import Group
from trunkline.services.codepipeline.model import ActionRun, workflow_id


class Jobs(Group):
    @operation()
    async def put_job_success_result(self, call: Call, req: Doc) -> Doc:
        details = req.get("executionDetails") or {}
        message = {
            "kind": "success",
            "continuation": req.get("continuationToken", ""),
            "summary": details.get("summary", ""),
            "external_id": details.get("externalExecutionId", ""),
            "variables": req.get("outputVariables") or {},
        }
        await self._db.write(lambda tx: self._answer(tx, call, req["jobId"], message))
        return {}

    @operation()
    async def put_job_failure_result(self, call: Call, req: Doc) -> Doc:
        details = req["failureDetails"]
        message = {"kind": "failure", "type": details["type"], "message": details["message"]}
        await self._db.write(lambda tx: self._answer(tx, call, req["jobId"], message))
        return {}

    def _answer(self, tx: Tx, call: Call, job: str, message: Doc) -> None:
        waiting = next((one for one in store.runs.find(tx, token=job) if _is_job(one, call)), None)
        if waiting is None:
            raise AwsError("JobNotFoundException", f"Job {job} not found")
        if waiting.status != "InProgress":
            raise AwsError("InvalidJobStateException", f"Job {job} is not in progress any more")
        run = self._progress.load(tx, waiting.execution)
        topic = f"job:{waiting.id}"
        self._workflows.send_in(tx, workflow_id(run.id, run.attempt), topic, message, f"{topic}:{ids.uuid()}")


def _is_job(one: ActionRun, call: Call) -> bool:
    return (one.account, one.region, one.type["category"]) == (call.account, call.region, "Invoke")
