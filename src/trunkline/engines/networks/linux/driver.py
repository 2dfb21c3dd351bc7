"""VPCs of one instance as Linux network namespaces. See README.md for the picture, interface.Networks for the rules."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from trunkline.core.log import get
from trunkline.engines.networks.interface import (
    Answers,
    NetworksError,
    NetworksUnavailable,
    NoSuchInterface,
    Vpc,
)
from trunkline.engines.networks.linux import kernel
from trunkline.engines.networks.linux.book import Book
from trunkline.engines.networks.linux.host import Host
from trunkline.engines.networks.linux.names import Names
from trunkline.engines.networks.linux.resolver import Resolver
from trunkline.engines.networks.linux.router import Router
from trunkline.engines.networks.linux.rules import RESOLVER, Outside

log = get(__name__)

PidOf = Callable[[str], Awaitable[int]]
"""The process whose network a container's is."""


class LinuxNetworks:
    """See interface.Networks."""

    real = True
    why = "one network namespace per VPC"
    resolvers: tuple[str, ...] = (RESOLVER,)

    def __init__(self, instance_id: str, directory: Path, port: int, xray_port: int, pid_of: PidOf) -> None:
        """port, xray_port: of the AWS endpoint and of the X-Ray daemon, which containers of every VPC reach."""
        self._names = Names(instance_id)
        self._book = Book.read(directory / "networks.json")
        self._host = Host(self._names, self._book)
        self._answers: Answers | None = None
        self._resolver = Resolver(self._answer)
        self._port = port
        self._xray_port = xray_port
        self._pid_of = pid_of
        self._routers: dict[str, Router] = {}
        self._joining: dict[str, asyncio.Lock] = {}

    @property
    def endpoint(self) -> str | None:
        return self._book.endpoint if self._book.services_slice else None

    def answer_names(self, answers: Answers) -> None:
        self._answers = answers

    def _answer(self, client: str, name: str) -> Sequence[str] | None:
        asking = self._book.whose(client)
        return self._answers(asking[0], name) if asking is not None and self._answers is not None else None

    async def start(self) -> None:
        lacking = await asyncio.to_thread(kernel.missing)
        if lacking:
            raise NetworksUnavailable(lacking)
        await self._host.start()
        try:
            await self._resolver.start(self._book.endpoint)
        except OSError as error:
            log.warning("containers in VPCs resolve no names", error=str(error))
        # What an earlier process made carries packets on; only what is gone (the machine was restarted) is made again.
        present = set(await kernel.namespaces())
        links = {str(one["ifname"]) for one in await kernel.show(None, "link show")}
        for vpc_id, place in self._book.places.items():
            if self._names.namespace(vpc_id) in present and self._names.uplink(vpc_id) in links:
                self._routers[vpc_id] = Router(vpc_id, self._names, self._book, place, self._outside())

    async def stop(self) -> None:
        await self._resolver.stop()

    async def apply(self, vpc: Vpc) -> None:
        if not vpc.interfaces and vpc.id not in self._book.places:
            return  # nothing to carry: most VPCs of a region or a template never get an interface
        router = await self._router(vpc.id)
        before = router.vpc
        router.vpc = vpc
        peers = self._peers(vpc)
        for peer in peers.values():
            await router.link(peer)
        await router.apply(vpc, peers, self._members(vpc))
        # The other side may have waited for this one, or names its security groups.
        for other in self._routers.values():
            concerned = vpc.id in other.vpc.peers or other.vpc.id in vpc.peers or other.vpc.id in before.peers
            if concerned and other is not router:
                await other.apply(other.vpc, self._peers(other.vpc), self._members(other.vpc))

    async def _router(self, vpc_id: str) -> Router:
        async with self._joining.setdefault(vpc_id, asyncio.Lock()):
            if vpc_id not in self._routers:
                place = await self._host.join(vpc_id)
                self._routers[vpc_id] = Router(vpc_id, self._names, self._book, place, self._outside())
            return self._routers[vpc_id]

    def _outside(self) -> Outside:
        return Outside(self._book.services_slice, self._book.endpoint, self._port, self._xray_port)

    def _peers(self, vpc: Vpc) -> dict[str, Router]:
        """Those that peer from both sides: a peering that one side has not been told of carries nothing."""
        return {
            peer: self._routers[peer]
            for peer in vpc.peers
            if peer in self._routers and vpc.id in self._routers[peer].vpc.peers
        }

    def _members(self, vpc: Vpc) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in (vpc, *(router.vpc for router in self._peers(vpc).values())):
            for interface in one.interfaces:
                for group in interface.groups:
                    found.setdefault(group, []).append(interface.address)
        return found

    async def remove(self, vpc_id: str) -> None:
        async with self._joining.setdefault(vpc_id, asyncio.Lock()):
            self._routers.pop(vpc_id, None)
            if vpc_id in self._book.places:
                await self._host.leave(vpc_id)
        self._joining.pop(vpc_id, None)

    async def attach(self, vpc_id: str, interface_id: str, container: str) -> None:
        router = self._known(vpc_id, interface_id)
        await router.attach(interface_id, await self._pid_of(container))

    async def hold(self, vpc_id: str, interface_id: str) -> str:
        router = self._known(vpc_id, interface_id)
        return await router.hold(interface_id, self._members(router.vpc))

    async def detach(self, vpc_id: str, interface_id: str) -> None:
        router = self._routers.get(vpc_id)
        if router is not None:
            await router.detach(interface_id, self._members(router.vpc))

    def _known(self, vpc_id: str, interface_id: str) -> Router:
        if vpc_id not in self._routers:
            raise NoSuchInterface(f"no VPC {vpc_id} with interface {interface_id} has been applied")
        return self._routers[vpc_id]

    def reachable(self, vpc_id: str, address: str) -> str | None:
        place = self._book.places.get(vpc_id)
        return place.mapped(address) if place else None

    def whose(self, address: str) -> tuple[str, str] | None:
        return self._book.whose(address)

    def service_address(self, key: str) -> str:
        if not self._book.services_slice:
            raise NetworksError("networks have not been started")
        return self._book.service(key)

    def release_address(self, key: str) -> None:
        if self._book.services.pop(key, None) is not None:
            self._book.write()

    async def remove_all(self) -> None:
        await self._resolver.stop()
        self._routers.clear()
        await self._host.remove_all()
