"""How load balancers and their targets meet where networks are real.

A load balancer has an interface in each of its subnets, as on AWS; what it sends enters the VPC as from there, so the
security groups of targets see its own. A target is registered by its private address, which this host meets elsewhere.
Where networks are records only, all of this comes to nothing: targets are met where they say.
"""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get
from trunkline.engines.networks import Networks, NetworksError, NoSuchInterface
from trunkline.engines.proxy.interface import Member
from trunkline.services.elbv2 import store
from trunkline.services.elbv2.model import PRINCIPAL, LoadBalancer, Target

log = get(__name__)

_PATIENCE_S = 10.0
_LOOK_S = 0.1


class Reach:
    """Everything may be repeated."""

    def __init__(self, kit: Kit, networks: Networks) -> None:
        self._kit = kit
        self._networks = networks
        self._sources: dict[str, str] = {}
        """By load balancer: the address that its connections are bound to."""

    async def start(self) -> None:
        if self._networks.real:
            for balancer in store.load_balancers.find(self._kit.db):
                await self.open(balancer)

    def address(self, balancer: LoadBalancer) -> str:
        """Where a new load balancer answers; "" when any loopback address will do."""
        return self._networks.service_address(balancer.arn) if self._networks.real else ""

    def forget(self, balancer: LoadBalancer) -> None:
        """It came to nothing."""
        if self._networks.real:
            self._networks.release_address(balancer.arn)

    def member(self, vpc: str, target: Target, *, draining: bool = False) -> Member:
        return Member(self._networks.reachable(vpc, target.ip) or target.ip, target.port, draining=draining)

    def source(self, owners: set[str]) -> str:
        """What connections for target groups of these load balancers are bound to; "" for nothing in particular."""
        return next((self._sources[owner] for owner in sorted(owners) if owner in self._sources), "")

    async def open(self, balancer: LoadBalancer) -> None:
        """Its interfaces are as its subnets and security groups say."""
        if not self._networks.real:
            return
        try:
            found = {one["SubnetId"]: one for one in await self._interfaces(balancer)}
            for subnet in [subnet for subnet in found if subnet not in balancer.zones]:
                await self._delete(balancer, found.pop(subnet))
            for subnet in balancer.zones:
                if subnet not in found:
                    found[subnet] = await self._create(balancer, subnet)
                elif sorted(each["GroupId"] for each in found[subnet]["Groups"]) != sorted(balancer.security_groups):
                    wanted = {"NetworkInterfaceId": found[subnet]["NetworkInterfaceId"]}
                    await self._ec2(
                        balancer, "ModifyNetworkInterfaceAttribute", {**wanted, "Groups": balancer.security_groups}
                    )
            held = [await self._hold(balancer, found[subnet]["NetworkInterfaceId"]) for subnet in sorted(found)]
        except (AwsError, NetworksError) as error:
            log.warning("a load balancer has no interfaces in its subnets", arn=balancer.arn, error=error)
            return
        self._sources[balancer.arn] = held[0]

    async def close(self, balancer: LoadBalancer) -> None:
        if not self._networks.real:
            return
        self._sources.pop(balancer.arn, None)
        self._networks.release_address(balancer.arn)
        try:
            for one in await self._interfaces(balancer):
                await self._delete(balancer, one)
        except AwsError as error:
            log.warning("interfaces of a load balancer were left", arn=balancer.arn, error=error)

    async def _hold(self, balancer: LoadBalancer, interface_id: str) -> str:
        """The networks may not have been told of it yet."""
        deadline = self._kit.clock.monotonic() + _PATIENCE_S
        while True:
            try:
                return await self._networks.hold(balancer.vpc, interface_id)
            except NoSuchInterface:
                if self._kit.clock.monotonic() > deadline:
                    raise
                await self._kit.clock.sleep(_LOOK_S)

    async def _interfaces(self, balancer: LoadBalancer) -> list[Doc]:
        filters = [
            {"Name": "description", "Values": [_about(balancer)]},
            {"Name": "vpc-id", "Values": [balancer.vpc]},
        ]
        answer = await self._ec2(balancer, "DescribeNetworkInterfaces", {"Filters": filters})
        found: list[Doc] = answer["NetworkInterfaces"]
        return found

    async def _create(self, balancer: LoadBalancer, subnet: str) -> Doc:
        wanted = {"SubnetId": subnet, "Groups": balancer.security_groups, "Description": _about(balancer)}
        made: Doc = (await self._ec2(balancer, "CreateNetworkInterface", wanted))["NetworkInterface"]
        return made

    async def _delete(self, balancer: LoadBalancer, interface: Doc) -> None:
        await self._networks.detach(balancer.vpc, interface["NetworkInterfaceId"])
        await self._ec2(balancer, "DeleteNetworkInterface", {"NetworkInterfaceId": interface["NetworkInterfaceId"]})

    async def _ec2(self, balancer: LoadBalancer, operation: str, params: Doc) -> Doc:
        as_ = Caller.service(PRINCIPAL, balancer.account, balancer.region)
        return await self._kit.call("ec2", operation, params, as_=as_)


def _about(balancer: LoadBalancer) -> str:
    """As AWS describes the interfaces of a load balancer."""
    return f"ELB app/{balancer.name}/{balancer.id}"
