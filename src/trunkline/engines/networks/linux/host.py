"""This host's side: the addresses of load balancers, the way out for VPCs, and what must not pass between them."""

import asyncio
import contextlib
from pathlib import Path

from trunkline.core.log import get
from trunkline.engines.networks.interface import NetworksError
from trunkline.engines.networks.linux import kernel
from trunkline.engines.networks.linux.book import HOST, NAT, ROUTER, Book, Place
from trunkline.engines.networks.linux.kernel import KernelRefused
from trunkline.engines.networks.linux.names import UPLINK, Names

log = get(__name__)

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


class Host:
    """Everything may be repeated."""

    def __init__(self, names: Names, book: Book) -> None:
        self._names = names
        self._book = book
        self._claiming = asyncio.Lock()

    async def start(self) -> None:
        links = {str(one["ifname"]) for one in await kernel.show(None, "link show")}
        if self._names.services not in links or not self._book.services_slice:
            await self._services()
        if _FORWARDING.read_text().strip() != "1":
            await kernel.sysctl(None, "net.ipv4.ip_forward=1")
        await self._filter()

    async def _services(self) -> None:
        """Every address of the slice is this host's: anything may listen there, with nothing more to be done."""
        device = self._names.services
        await kernel.ip(None, [f"link del {device}"], force=True)
        await kernel.ip(None, [f"link add {device} type bridge", f"link set {device} addrgenmode none up"])
        known = self._book.services_slice
        self._book.services_slice = ""
        taken = await self._routed()
        for candidate in [known] if known else self._book.free_slices(self._names.instance_id, taken):
            try:
                await kernel.ip(None, [f"route add local {candidate} dev {device}"])
            except KernelRefused:
                continue  # another instance took it in this moment
            self._book.services_slice = candidate
            self._book.write()
            return
        raise NetworksError("no free addresses for load balancers in 100.64.0.0/10")

    async def _filter(self) -> None:
        mine, table = f'"{self._names.uplinks}*"', self._names.table
        await kernel.nft(
            None,
            f"""table ip {table}
delete table ip {table}
table ip {table} {{
 chain forward {{
  type filter hook forward priority -10;
  iifname {mine} oifname {mine} drop
  iifname {mine} oifname {{ "docker0", "br-*" }} drop
  oifname {mine} ct state vmap {{ established : accept, related : accept }}
  oifname {mine} drop
 }}
 chain out {{
  type nat hook postrouting priority 100;
  iifname {mine} oifname != {mine} masquerade
 }}
}}
""",
        )
        # A container engine may have closed forwarding for all but its own networks.
        for rule in self._exceptions():
            with contextlib.suppress(KernelRefused, FileNotFoundError):
                try:
                    await kernel.run("iptables", "-w", "-C", *rule)
                except KernelRefused:
                    await kernel.run("iptables", "-w", "-A", *rule)

    def _exceptions(self) -> list[list[str]]:
        mine = f"{self._names.uplinks}+"
        answered = ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"]
        return [["FORWARD", "-i", mine, "-j", "ACCEPT"], ["FORWARD", "-o", mine, *answered, "-j", "ACCEPT"]]

    async def join(self, vpc_id: str) -> Place:
        """A new VPC's place, its namespace and the uplink between."""
        namespace, near = self._names.namespace(vpc_id), self._names.uplink(vpc_id)
        known = self._book.places.get(vpc_id)
        async with self._claiming:
            await self._namespace(namespace)
            mtu = await self._mtu()
            await kernel.ip(None, [f"link del {near}"], force=True)
            await kernel.ip(
                None,
                [
                    f"link add {near} mtu {mtu} type veth peer name {UPLINK} mtu {mtu} netns {namespace}",
                    f"link set {near} addrgenmode none up",
                ],
            )
            place = await self._claim(vpc_id, near, known)
        host = place.at(HOST)
        await kernel.ip(
            namespace,
            [
                "link set lo up",
                f"link set {UPLINK} addrgenmode none up",
                f"addr replace {place.at(ROUTER)}/32 dev {UPLINK}",
                f"route replace {host} dev {UPLINK}",
            ],
        )
        return place

    async def _namespace(self, name: str) -> None:
        if name not in await kernel.namespaces():
            await kernel.run("ip", "netns", "add", name)
        await kernel.sysctl(
            name,
            "net.ipv4.ip_forward=1",
            "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.default.rp_filter=0",
            "net.ipv4.conf.all.send_redirects=0",
            "net.ipv4.conf.default.send_redirects=0",
            "net.ipv6.conf.all.disable_ipv6=1",
            "net.ipv6.conf.default.disable_ipv6=1",
        )

    async def _claim(self, vpc_id: str, near: str, known: Place | None) -> Place:
        taken = await self._routed()
        candidates = [known.slice] if known else self._book.free_slices(self._names.namespace(vpc_id), taken)
        for candidate in candidates:
            place = known or Place(candidate)
            try:
                await kernel.ip(
                    None,
                    [
                        f"addr replace {place.at(HOST)}/32 dev {near}",
                        f"addr replace {place.at(NAT)}/32 dev {near}",
                        f"route add {place.at(ROUTER)} dev {near} src {place.at(HOST)}",
                        f"route add {candidate} via {place.at(ROUTER)} dev {near} src {place.at(HOST)}",
                    ],
                )
            except KernelRefused:
                await kernel.ip(None, [f"addr flush dev {near}", f"route flush dev {near}"], force=True)
                continue
            self._book.places[vpc_id] = place
            self._book.write()
            return place
        raise NetworksError(f"no free addresses for {vpc_id} in 100.64.0.0/10")

    async def _routed(self) -> list[str]:
        """What this machine has a way to. Docker's, a VPN's, other instances'."""
        found = []
        for one in await kernel.show(None, "-4 route show table all"):
            to = str(one["dst"])
            if to != "default" and one.get("type") != "broadcast":
                found.append(to)
        return found

    async def _mtu(self) -> int:
        """Of the way out: what leaves a VPC fits through, and who sends more is told inside of the VPC."""
        links = {str(one["ifname"]): int(one["mtu"]) for one in await kernel.show(None, "link show")}
        ways = [str(one.get("dev", "")) for one in await kernel.show(None, "-4 route show default")]
        return min([1500, *(links[device] for device in ways if device in links)])

    async def leave(self, vpc_id: str) -> None:
        namespace, near = self._names.namespace(vpc_id), self._names.uplink(vpc_id)
        await kernel.ip(None, [f"link del {near}"], force=True)
        if namespace in await kernel.namespaces():
            with contextlib.suppress(KernelRefused):
                await kernel.run("ip", "netns", "del", namespace)
        if self._book.places.pop(vpc_id, None) is not None:
            self._book.write()

    async def remove_all(self) -> None:
        """By what is on the machine, whatever the book says."""
        for name in await kernel.namespaces():
            if name.startswith(self._names.namespaces):
                with contextlib.suppress(KernelRefused):
                    await kernel.run("ip", "netns", "del", name)
        links = [str(one["ifname"]) for one in await kernel.show(None, "link show")]
        mine = [name for name in links if name == self._names.services or name.startswith(self._names.uplinks)]
        await kernel.ip(None, [f"link del {name}" for name in mine], force=True)
        table = self._names.table
        await kernel.nft(None, f"table ip {table}\ndelete table ip {table}\n")
        for rule in self._exceptions():
            with contextlib.suppress(KernelRefused, FileNotFoundError):
                await kernel.run("iptables", "-w", "-D", *rule)
        self._book.forget()
