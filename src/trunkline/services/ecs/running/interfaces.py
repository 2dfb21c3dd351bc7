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
        about = f"arn:aws:ecs:{task.region}:{task.account}:attachment/{task.attachment_id}"
        wanted = {
            "SubnetId": task.subnet,
            "Groups": task.launch.network.get("securityGroups", []),
            "Description": about,
        }
        if self._own_address:
            wanted["PrivateIpAddress"] = task.ip
        try:
            filters = [{"Name": "description", "Values": [about]}]
            known = (await self._call(task, "DescribeNetworkInterfaces", {"Filters": filters}))["NetworkInterfaces"]
            made = known[0] if known else (await self._call(task, "CreateNetworkInterface", wanted))["NetworkInterface"]
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
        if not task.interface_id:
            return
        try:
            await self._call(task, "DeleteNetworkInterface", {"NetworkInterfaceId": task.interface_id})
        except AwsError as error:
            if error.code != "InvalidNetworkInterfaceID.NotFound":
                raise

    async def _call(self, task: Task, operation: str, params: Doc) -> Doc:
        as_ = Caller.service(PRINCIPAL, task.account, task.region)
        return await self._kit.call("ec2", operation, params, as_=as_)
