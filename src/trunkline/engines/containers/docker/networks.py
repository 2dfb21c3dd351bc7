"""Networks with small subnets, chosen here: the engine's own address pools are gone after some thirty networks."""

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path

from trunkline.engines.containers.docker import encoding
from trunkline.engines.containers.docker.connection import Connection, EngineRefusal
from trunkline.engines.containers.docker.filters import labels_filter
from trunkline.engines.containers.errors import ContainersError, NameConflict, NoSuchNetwork
from trunkline.engines.containers.model import INSTANCE_LABEL, Network

# Private, and seldom used by offices, VPNs or cloud defaults. 256 networks of 1,021 addresses.
_POOL = ipaddress.IPv4Network("10.212.0.0/14")
_PREFIX = 22


class Networks:
    """The part of the driver that deals with networks."""

    def __init__(self, http: Connection, instance_id: str) -> None:
        self._http = http
        self._instance_id = instance_id

    async def home_network(self) -> Network:
        return await self.ensure_network(f"trunkline-{self._instance_id}")

    async def ensure_network(
        self, name: str, *, labels: Mapping[str, str] | None = None, subnet: str | None = None
    ) -> Network:
        found = await self._find(name)
        if found is None:
            await self._create(name, labels or {}, subnet)
            found = await self._find(name)
        if found is None:
            raise ContainersError(f"network {name} vanished while it was made")
        if subnet is not None and found.subnet != subnet:
            raise NameConflict(f"network {name} exists with subnet {found.subnet}, not {subnet}")
        return found

    async def networks(self, labels: Mapping[str, str] | None = None) -> list[Network]:
        docs = await self._http.json("GET", "/networks", params=labels_filter(self._instance_id, labels))
        return [encoding.network(doc) for doc in docs]

    async def remove_network(self, name: str) -> None:
        try:
            await self._http.json("DELETE", f"/networks/{name}")
        except EngineRefusal as refusal:
            if refusal.status != 404:
                raise ContainersError(refusal.message) from refusal

    async def _find(self, name: str) -> Network | None:
        try:
            return encoding.network(await self._http.json("GET", f"/networks/{name}"))
        except EngineRefusal as refusal:
            if refusal.status == 404:
                return None
            raise NoSuchNetwork(refusal.message) from refusal

    async def _create(self, name: str, labels: Mapping[str, str], subnet: str | None) -> None:
        wanted = [subnet] if subnet else _candidates(name)
        for candidate in wanted:
            gateway = str(next(ipaddress.IPv4Network(candidate).hosts()))
            body = {
                "Name": name,
                "CheckDuplicate": True,
                "Driver": "bridge",
                "Labels": {**labels, INSTANCE_LABEL: self._instance_id},
                "IPAM": {"Config": [{"Subnet": candidate, "Gateway": gateway, "IPRange": _lower_half(candidate)}]},
            }
            try:
                await self._http.json("POST", "/networks/create", body=body)
            except EngineRefusal as refusal:
                if refusal.status == 409:  # somebody else made it meanwhile
                    return
                if subnet is None and "overlap" in refusal.message.lower():
                    continue
                raise ContainersError(refusal.message) from refusal
            return
        raise ContainersError(f"no free subnet in {_POOL} for network {name}")


def _candidates(name: str, routes: str | None = None) -> Iterator[str]:
    """Subnets not routed elsewhere; where the search starts depends on the name, so that instances don't collide."""
    taken = list(_routed(routes if routes is not None else _routes()))
    count = 1 << (_PREFIX - _POOL.prefixlen)
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % count
    for step in range(count):
        base = int(_POOL.network_address) + ((first + step) % count << (32 - _PREFIX))
        subnet = ipaddress.IPv4Network((base, _PREFIX))
        if not any(subnet.overlaps(other) for other in taken):
            yield str(subnet)


def _lower_half(subnet: str) -> str:
    """What the engine gives out by itself; the upper half is for addresses that callers choose."""
    lower, _ = ipaddress.IPv4Network(subnet).subnets()
    return str(lower)


def _routes() -> str:
    try:
        return Path("/proc/net/route").read_text()
    except OSError:
        return ""


def _routed(table: str) -> Iterator[ipaddress.IPv4Network]:
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[7] != "00000000":
            address, mask = (int.from_bytes(bytes.fromhex(fields[i]), "little") for i in (1, 7))
            yield ipaddress.IPv4Network((address, mask.bit_count()))
