"""Machines: there are none, and none can be started. Clients that ask which there are get a true answer."""

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.errors import failed


class Instances(Finding):
    """What is empty, and what is refused by name."""

    @operation()
    async def describe_instances(self, call: Call, req: Doc) -> Doc:
        await self.view(call, req)
        _none(req.get("InstanceIds"), "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist")
        return {"Reservations": []}

    @operation()
    async def describe_instance_status(self, call: Call, req: Doc) -> Doc:
        await self.view(call, req)
        _none(req.get("InstanceIds"), "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist")
        return {"InstanceStatuses": []}

    @operation()
    async def describe_images(self, call: Call, req: Doc) -> Doc:
        await self.view(call, req)
        _none(req.get("ImageIds"), "InvalidAMIID.NotFound", "The image id '[{}]' does not exist")
        return {"Images": []}

    @operation()
    async def describe_vpn_gateways(self, call: Call, req: Doc) -> Doc:
        """The CDK asks for them when it looks up a VPC."""
        await self.view(call, req)
        _none(req.get("VpnGatewayIds"), "InvalidVpnGatewayID.NotFound", "The vpnGateway ID '{}' does not exist")
        return {"VpnGateways": []}

    @operation()
    async def run_instances(self, call: Call, req: Doc) -> Doc:
        raise Refused("Trunkline runs no EC2 instances: run containers with ECS, or functions with Lambda.")

    @operation()
    async def attach_network_interface(self, call: Call, req: Doc) -> Doc:
        raise failed("InvalidInstanceID.NotFound", f"The instance ID '{req['InstanceId']}' does not exist")


def _none(ids: list[str] | None, code: str, words: str) -> None:
    for id in ids or ():
        raise failed(code, words.format(id))
