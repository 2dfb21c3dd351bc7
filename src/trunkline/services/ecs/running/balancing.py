"""Tasks behind load balancers: registered once they run, and drained before their containers are stopped."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.services.ecs.model import Task
from trunkline.services.ecs.placement import PRINCIPAL
from trunkline.services.ecs.running.failure import StartFailure


class Balancing:
    """Everything may be repeated."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def register(self, task: Task) -> None:
        for one in task.launch.load_balancers:
            try:
                await self._call(
                    task, "RegisterTargets", {"TargetGroupArn": one["targetGroupArn"], "Targets": [_target(task, one)]}
                )
            except AwsError as error:
                raise StartFailure(
                    f"Failed to register targets in (target-group {one['targetGroupArn']}): {error.message}"
                ) from error

    async def deregister(self, task: Task) -> None:
        """No new requests from now on; those under way go on."""
        for one in task.launch.load_balancers:
            params = {"TargetGroupArn": one["targetGroupArn"], "Targets": [_target(task, one)]}
            try:
                await self._call(task, "DeregisterTargets", params)
            except AwsError as error:
                if error.code not in ("TargetGroupNotFound", "InvalidTarget"):
                    raise

    async def is_drained(self, task: Task) -> bool:
        """Whether no load balancer knows its targets any more."""
        for one in task.launch.load_balancers:
            try:
                answer = await self._call(task, "DescribeTargetHealth", {"TargetGroupArn": one["targetGroupArn"]})
            except AwsError:
                continue
            wanted = _target(task, one)
            for each in answer["TargetHealthDescriptions"]:
                target = each["Target"]
                if target["Id"] == wanted["Id"] and target.get("Port") == wanted["Port"]:
                    return False
        return True

    async def _call(self, task: Task, operation: str, params: Doc) -> Doc:
        as_ = Caller.service(PRINCIPAL, task.account, task.region)
        return await self._kit.call("elbv2", operation, params, as_=as_)


def target_groups(task: Task) -> list[str]:
    return [one["targetGroupArn"] for one in task.launch.load_balancers]


def _target(task: Task, balancer: Doc) -> Doc:
    return {"Id": task.ip, "Port": balancer["containerPort"]}
