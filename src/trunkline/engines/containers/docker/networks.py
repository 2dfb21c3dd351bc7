"""Networks with small subnets, chosen here: the engine's own address pools are gone after some thirty networks."""

import asyncio
import hashlib
import ipaddress
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from trunkline.engines.containers.docker import encoding
from trunkline.engines.containers.docker.connection import Connection, EngineRefusal
from trunkline.engines.containers.docker.filters import labels_filter
from trunkline.engines.containers.errors import ContainersError, NameConflict
from trunkline.engines.containers.model import INSTANCE_LABEL, Network

# Private, and seldom used by offices, VPNs or cloud defaults. 256 networks of 1,021 addresses.
_POOL = ipaddress.IPv4Network("10.212.0.0/14")
_PREFIX = 22


class Networks:
    """The part of the driver that deals with networks."""

    def __init__(self, http: Connection, instance_id: str) -> None:
        self._http = http
        self._instance_id = instance_id
        self._making = asyncio.Lock()

    async def home_network(self) -> Network:
        return await self.ensure_network(f"trunkline-{self._instance_id}")

    async def ensure_network(
        self, name: str, *, labels: Mapping[str, str] | None = None, subnet: str | None = None
    ) -> Network:
        async with self._making:
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
        """The network of this name. The engine does not keep names apart: a server that was killed while it made the
        network and the one after it can each have made one, and then none is found by name. The oldest stays."""
        found = await self._http.json("GET", "/networks", params={"filters": json.dumps({"name": [name]})})
        first, *others = sorted((one for one in found if one["Name"] == name), key=_age) or [None]
        for other in others:
            with suppress(ContainersError):  # in use: whoever uses it is being replaced
                await self.remove_network(other["Id"])
        return encoding.network(first) if first else None

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
                    if await self._find(name):  # made by a server that was killed while it asked for it
                        return
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


def _age(network: dict[str, Any]) -> tuple[str, str]:
    return network["Created"], network["Id"]


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
