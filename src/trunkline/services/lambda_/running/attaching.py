"""Functions in a VPC, where networks are real: each sandbox has an interface of one of the function's subnets.

A container that does nothing holds the interface before the function's own starts in its network: the code is not to
find itself without one. Its way to the runtime API is the AWS endpoint, which every VPC reaches; there, the address
that the interface has in the eyes of this host says whose sandbox asks.
"""

import random
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.gateway import request_of, send_response
from trunkline.aws.http import Response
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.engines import Engines
from trunkline.engines.containers import ContainersError, ContainerSpec
from trunkline.engines.functions import FunctionsUnavailable, Place
from trunkline.engines.networks import NetworksError
from trunkline.services.lambda_ import store
from trunkline.services.lambda_.model import Version

log = get(__name__)

PREFIX = "/2018-06-01/runtime/"
_IMAGE = "public.ecr.aws/docker/library/debian:12-slim"
_ABOUT = "AWS Lambda VPC ENI-"
_GONE = "InvalidNetworkInterfaceID.NotFound"


class Attaching:
    """The interfaces of sandboxes, from `attach` to `detach`."""

    def __init__(self, kit: Kit, engines: Engines) -> None:
        self._kit = kit
        self._engines = engines
        self._held: dict[str, tuple[Caller, str]] = {}

    async def attach(self, version: Version, sandbox_id: str) -> Place | None:
        """An interface for a sandbox; None where the function, or the machine, has no VPC."""
        config, networks = version.config.get("VpcConfig"), self._engines.networks
        if not config or not networks.real or networks.endpoint is None:
            return None
        as_ = Caller.service("lambda.amazonaws.com", version.account, version.region)
        wanted = {
            "SubnetId": random.choice(config["SubnetIds"]),  # noqa: S311 - a spread, no secret
            "Groups": config["SecurityGroupIds"],
            "Description": f"{_ABOUT}{version.name}-{sandbox_id}",
        }
        try:
            made = (await self._kit.call("ec2", "CreateNetworkInterface", wanted, as_=as_))["NetworkInterface"]
            self._held[sandbox_id] = (as_, made["NetworkInterfaceId"])
            holder = await self._engines.containers.run(
                ContainerSpec(
                    name=self._holder(sandbox_id),
                    image=_IMAGE,
                    command=("sleep", "infinity"),
                    labels={"trunkline.service": "lambda", "trunkline.function": version.function_arn},
                    network="none",
                    hostname=sandbox_id[:12],
                    extra_hosts={sandbox_id[:12]: made["PrivateIpAddress"]},
                    dns=networks.resolvers,
                    init=True,
                    stop_timeout_s=0,
                )
            )
            await networks.attach(made["VpcId"], made["NetworkInterfaceId"], holder)
            source = networks.reachable(made["VpcId"], made["PrivateIpAddress"])
        except (AwsError, ContainersError, NetworksError) as error:
            raise FunctionsUnavailable(f"the function cannot be put into its VPC: {error}") from error
        api = f"{networks.endpoint}:{self._kit.settings.port}"
        return Place(f"container:{self._holder(sandbox_id)}", api, source or "")

    async def detach(self, sandbox_id: str) -> None:
        """The interface and its holder are gone afterwards."""
        held = self._held.pop(sandbox_id, None)
        if held is None:
            return
        as_, interface = held
        try:
            await self._engines.containers.remove(self._holder(sandbox_id))
        except ContainersError as error:
            log.warning("the holder of an interface could not be removed", interface=interface, error=error)
        await self._delete(as_, interface)

    async def remove_orphans(self) -> None:
        """Delete the interfaces of an earlier process's sandboxes, which are gone."""
        places = {(one.account, one.region) for one in store.VERSIONS.find(self._kit.db) if one.config.get("VpcConfig")}
        filters = [{"Name": "description", "Values": [f"{_ABOUT}*"]}]
        for account, region in places:
            as_ = Caller.service("lambda.amazonaws.com", account, region)
            found = await self._kit.call("ec2", "DescribeNetworkInterfaces", {"Filters": filters}, as_=as_)
            held = {interface for _, interface in self._held.values()}
            for one in found["NetworkInterfaces"]:
                if one["NetworkInterfaceId"] not in held:
                    await self._delete(as_, one["NetworkInterfaceId"])

    async def _delete(self, as_: Caller, interface: str) -> None:
        try:
            await self._kit.call("ec2", "DeleteNetworkInterface", {"NetworkInterfaceId": interface}, as_=as_)
        except AwsError as error:
            if error.code != _GONE:
                log.warning("a function's interface could not be deleted", interface=interface, error=error)

    def _holder(self, sandbox_id: str) -> str:
        return f"trunkline-{self._kit.settings.instance_id[:8]}-lambda-net-{sandbox_id[:20]}"


class RuntimeDoor:
    """The ASGI application under PREFIX: the runtime API for sandboxes in VPCs."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = request_of(scope, receive)
        body = b"".join([chunk async for chunk in request.stream]) if request.stream is not None else b""
        answer = await self._engines.functions.answer(
            request.client, request.method, request.path, request.headers, body
        )
        headers = [(name.lower(), value) for name, value in answer.headers.items()]
        await send_response(Response(answer.status, headers, answer.body), send)
