"""Export tasks: create, describe, cancel."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context, group_resource
from trunkline.services.logs.exports import bucket
from trunkline.services.logs.exports.model import ACTIVE, DEFAULT_PREFIX, TASKS, ExportTask
from trunkline.services.logs.exports.workflow import NAME


class Exports(Context):
    @operation(group_resource)
    async def create_export_task(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        self._standard_only(group, "CreateExportTask")
        if req["from"] > req["to"]:
            raise AwsError("InvalidParameterException", "The from time must not be later than the to time.")
        prefix = req.get("destinationPrefix", DEFAULT_PREFIX).strip("/")
        task = ExportTask(
            call.account,
            call.region,
            ids.uuid(),
            group.id,
            group.name,
            req["from"],
            req["to"],
            req["destination"],
            prefix,
            self._now_ms(),
            req.get("taskName"),
            req.get("logStreamNamePrefix", ""),
        )
        await bucket.check(self._kit, group, task.bucket)

        def work(tx: Tx) -> None:
            if any(one.status in ACTIVE for one in TASKS.find(tx, prefix=(call.account, call.region))):
                raise AwsError("LimitExceededException", "Resource limit exceeded.")
            TASKS.insert(tx, task)
            self._workflows.start_in(tx, NAME, task.id, {"account": call.account, "region": call.region})

        await self._store.write(work)
        return {"taskId": task.id}

    @operation()
    async def describe_export_tasks(self, call: Call, req: Doc) -> Doc:
        task_id, status = req.get("taskId"), req.get("statusCode")
        found = TASKS.find(self._store.db, prefix=(call.account, call.region))
        if task_id is not None and not any(one.id == task_id for one in found):
            raise AwsError("ResourceNotFoundException", "The specified export task does not exist.", status=400)
        shown, token = paging.page(
            [one for one in found if task_id in (None, one.id) and status in (None, one.status)],
            req.get("limit", DEFAULT_PAGE),
            req.get("nextToken"),
            key=lambda one: f"{one.created_ms:016d}/{one.id}",
            reverse=True,
            error="InvalidParameterException",
        )
        return {"exportTasks": [_described(one) for one in shown], "nextToken": token}

    @operation()
    async def cancel_export_task(self, call: Call, req: Doc) -> Doc:
        def work(tx: Tx) -> None:
            task = TASKS.get(tx, call.account, call.region, req["taskId"])
            if task is None:
                raise AwsError("ResourceNotFoundException", "The specified export task does not exist.")
            if task.status not in ACTIVE:
                raise AwsError("InvalidOperationException", "The specified export task has already finished")
            task.status = "PENDING_CANCEL"
            TASKS.put(tx, task)

        await self._store.write(work)
        return {}


def _described(task: ExportTask) -> Doc:
    return {
        "taskId": task.id,
        "taskName": task.name,
        "logGroupName": task.group,
        "from": task.from_ms,
        "to": task.to_ms,
        "destination": task.bucket,
        "destinationPrefix": task.prefix,
        "status": {"code": task.status, "message": task.message},
        "executionInfo": {"creationTime": task.created_ms, "completionTime": task.completed_ms},
    }
