"""One VPC: a network namespace that routes between the interfaces of containers, and filters what passes.

Each interface is a pair of virtual Ethernet devices, one end here, the other the container's eth0. There is no switch:
two containers of one subnet meet here too, so that security groups apply between them, as in a real VPC.
"""

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence

from trunkline.engines.networks.interface import Interface, NetworksError, NoSuchInterface, Vpc
from trunkline.engines.networks.linux import kernel, routes
from trunkline.engines.networks.linux.book import HOST, Book, Place
from trunkline.engines.networks.linux.names import UPLINK, Names, interface, peering
from trunkline.engines.networks.linux.rules import Outside, ruleset

_MAC = "0e:54:4c:00:00:01"
"""Of the router at every interface: containers are told and need not ask."""


class Router:
    """Its changes are made one after the other; of several states that wait to be applied only the last one is."""

    def __init__(self, vpc_id: str, names: Names, book: Book, place: Place, outside: Outside) -> None:
        self.place = place
        self.vpc = Vpc(vpc_id, ())
        self._namespace = names.namespace(vpc_id)
        self._near = names.uplink(vpc_id)
        self._book = book
        self._outside = outside
        self._one_at_a_time = asyncio.Lock()
        self._asked = self._done = 0
        self._rules = ""

    async def apply(self, vpc: Vpc, peers: Mapping[str, "Router"], members: Mapping[str, Sequence[str]]) -> None:
        self.vpc = vpc
        before = str(self.place)
        self.place.fit(vpc)
        if str(self.place) != before:
            self._book.write()
        self._asked += 1
        mine = self._asked
        async with self._one_at_a_time:
            if mine > self._done:  # otherwise who waited before us has applied our state, which was the newest
                newest = self._asked
                await self._apply(peers, members)
                self._done = newest

    async def _apply(self, peers: Mapping[str, "Router"], members: Mapping[str, Sequence[str]]) -> None:
        await self._filter(members)
        links = await self._links()
        expected = {interface(one.id) for one in self.vpc.interfaces if one.id not in self.place.held}
        expected |= {peering(peer) for peer in peers}
        gone = [name for name in links if name[0] in "ep" and name not in expected]
        gateways = [f"addr replace {_gateway(one.cidr)}/32 dev lo" for one in self.vpc.subnets]
        await kernel.ip(self._namespace, [*(f"link del {name}" for name in gone), *gateways], force=True)
        held = [self.place.mapped(address) for address in self.place.held.values()]
        await kernel.ip(None, [f"addr replace {one}/32 dev {self._near}" for one in held if one])
        try:
            await self._route(links - set(gone), peers)
        except NetworksError:  # a container ended meanwhile, and its interface with it
            await self._route(await self._links() - set(gone), peers)

    async def _filter(self, members: Mapping[str, Sequence[str]]) -> None:
        wanted = ruleset(self.vpc, self.place, self._outside, members)
        if wanted != self._rules:
            self._rules = ""
            await kernel.nft(self._namespace, wanted)
            self._rules = wanted

    async def _links(self) -> set[str]:
        return {str(one["ifname"]) for one in await kernel.show(self._namespace, "link show")}

    async def _route(self, links: set[str], peers: Mapping[str, "Router"]) -> None:
        linked = {peer: router.place for peer, router in peers.items() if peering(peer) in links}
        then = routes.wanted(self.vpc, self.place, self._outside.services, links, linked)
        now = routes.found(await kernel.show(self._namespace, "-4 route show table all"))
        lines = routes.changes(now, then)
        lines += routes.rules(await kernel.show(self._namespace, "rule show"), self.place)
        await kernel.ip(self._namespace, lines)

    async def link(self, other: "Router") -> None:
        """A line to a peer, unless it is there."""
        name = peering(other.vpc.id)
        if name in await self._links():
            return
        far = peering(self.vpc.id)
        await kernel.ip(other._namespace, [f"link del {far}"], force=True)
        await kernel.ip(
            self._namespace,
            [
                f"link add {name} type veth peer name {far} netns {other._namespace}",
                f"link set {name} up",
            ],
        )
        await kernel.ip(other._namespace, [f"link set {far} up"])

    async def attach(self, interface_id: str, pid: int) -> None:
        found = self._interface(interface_id)
        subnet = next(one for one in self.vpc.subnets if one.id == found.subnet)
        name, gateway, size = interface(found.id), _gateway(subnet.cidr), subnet.cidr.partition("/")[2]
        async with self._one_at_a_time:
            if await self._is_attached(found, name, pid):
                return
            await kernel.ip(self._namespace, [f"link del {name}"], force=True)
            await kernel.ip(
                self._namespace,
                [
                    f"link add {name} address {_MAC} type veth peer name eth0 address {found.mac} netns {pid}",
                    f"link set {name} up",
                    f"neigh replace {found.address} lladdr {found.mac} dev {name} nud permanent",
                    f"route replace {found.address} dev {name}",
                ],
            )
            await kernel.ip_of(
                pid,
                [
                    "link set lo up",
                    f"addr replace {found.address}/{size} dev eth0 noprefixroute",
                    "link set eth0 up",
                    f"neigh replace {gateway} lladdr {_MAC} dev eth0 nud permanent",
                    f"route replace {gateway} dev eth0 scope link",
                    f"route replace {subnet.cidr} via {gateway} dev eth0 src {found.address}",
                    f"route replace default via {gateway} dev eth0 src {found.address}",
                ],
            )

    async def _is_attached(self, found: Interface, name: str, pid: int) -> bool:
        if name not in await self._links():
            return False
        inside = await kernel.show(None, "-4 addr show", pid)
        return any(one["ifname"] == "eth0" and _has(one, found.address) for one in inside)

    async def hold(self, interface_id: str, members: Mapping[str, Sequence[str]]) -> str:
        if not self.vpc.interfaces and interface_id in self.place.held:
            # An earlier process held it, and this one has not been told of the VPC yet: nothing to do.
            return self.place.mapped(self.place.held[interface_id]) or ""
        found = self._interface(interface_id)
        mapped = self.place.mapped(found.address)
        if mapped is None:
            raise NetworksError(f"{interface_id} has no address on this host")
        async with self._one_at_a_time:
            if interface_id not in self.place.held:
                self.place.held[interface_id] = found.address
                self._book.write()
            await kernel.ip(None, [f"addr replace {mapped}/32 dev {self._near}"])
            await self._filter(members)
            host = self.place.at(HOST)
            await kernel.ip(self._namespace, [f"route replace {found.address} via {host} dev {UPLINK} onlink"])
        return mapped

    async def detach(self, interface_id: str, members: Mapping[str, Sequence[str]]) -> None:
        async with self._one_at_a_time:
            if interface_id in self.place.held:
                del self.place.held[interface_id]
                self._book.write()
                found = next((one for one in self.vpc.interfaces if one.id == interface_id), None)
                if found is not None:
                    mapped = self.place.mapped(found.address)
                    await kernel.ip(None, [f"addr del {mapped}/32 dev {self._near}"], force=True)
                    await kernel.ip(self._namespace, [f"route del {found.address}"], force=True)
                    await self._filter(members)
                return
            await kernel.ip(self._namespace, [f"link del {interface(interface_id)}"], force=True)

    def _interface(self, interface_id: str) -> Interface:
        found = next((one for one in self.vpc.interfaces if one.id == interface_id), None)
        if found is None:
            raise NoSuchInterface(f"{self.vpc.id} has no interface {interface_id}")
        return found


def _gateway(cidr: str) -> str:
    """The first address of a subnet is its router's."""
    return str(ipaddress.IPv4Network(cidr)[1])


def _has(link: Mapping[str, object], address: str) -> bool:
    found = link.get("addr_info")
    return isinstance(found, list) and any(one.get("local") == address for one in found)
