"""The network interface of a task, as EC2 tells of it."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.services.ecs.model import Task
from trunkline.services.ecs.placement import PRINCIPAL
from trunkline.services.ecs.running.failure import StartFailure
from trunkline.services.ecs.running.record import Record, TaskKey


class Interfaces:
    """Everything may be repeated."""

    def __init__(self, kit: Kit, record: Record, *, own_address: bool) -> None:
        """own_address: the task says where it is; otherwise EC2 chooses an address of the subnet."""
        self._kit = kit
        self._own_address = own_address
        self._record = record

    async def attach(self, key: TaskKey, task: Task) -> None:
        """Make it unless it is there; a lost answer is found again by the description."""
        if task.interface_id or not task.subnet:
            return
        wanted = {
            "SubnetId": task.subnet,
            "Groups": task.launch.network.get("securityGroups", []),
            "Description": _about(task),
        }
        if self._own_address:
            wanted["PrivateIpAddress"] = task.ip
        try:
            made = await self._made(task)
            if made is None:
                made = (await self._call(task, "CreateNetworkInterface", wanted))["NetworkInterface"]
            if task.launch.network.get("assignPublicIp") == "ENABLED" and not made.get("Association"):
                public = {"NetworkInterfaceId": made["NetworkInterfaceId"], "AssociatePublicIpAddress": True}
                await self._call(task, "ModifyNetworkInterfaceAttribute", public)
        except AwsError as error:
            raise StartFailure(
                f"ResourceInitializationError: unable to create the task's network interface: {error.message}"
            ) from error

        def attached(fresh: Task) -> None:
            fresh.interface_id = made["NetworkInterfaceId"]
            fresh.mac = made.get("MacAddress", "")
            fresh.vpc = made["VpcId"]
            fresh.ip = fresh.ip or made["PrivateIpAddress"]

        await self._record.change(key, attached, silent=True)

    async def detach(self, task: Task) -> None:
        id = task.interface_id
        if not id and task.subnet and (made := await self._made(task)) is not None:
            id = made["NetworkInterfaceId"]  # the answer that told it was lost
        if not id:
            return
        try:
            await self._call(task, "DeleteNetworkInterface", {"NetworkInterfaceId": id})
        except AwsError as error:
            if error.code != "InvalidNetworkInterfaceID.NotFound":
                raise

    async def _made(self, task: Task) -> Doc | None:
        """The interface that was made for this task, whether or not its id is known."""
        filters = [{"Name": "description", "Values": [_about(task)]}]
        found: list[Doc] = (await self._call(task, "DescribeNetworkInterfaces", {"Filters": filters}))[
            "NetworkInterfaces"
        ]
        return found[0] if found else None

    async def _call(self, task: Task, operation: str, params: Doc) -> Doc:
        as_ = Caller.service(PRINCIPAL, task.account, task.region)
        return await self._kit.call("ec2", operation, params, as_=as_)


def _about(task: Task) -> str:
    """What EC2 keeps as the description: the attachment's ARN, which no other interface has."""
    return f"arn:aws:ecs:{task.region}:{task.account}:attachment/{task.attachment_id}"
