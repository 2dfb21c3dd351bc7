"""Which numbers were given to what: the only thing that a new process cannot read from the kernel.

Addresses at which this host meets a VPC's interfaces come from 100.64.0.0/10 (shared address space, RFC 6598: seldom a
VPC's own). A VPC has a /20 of it, an instance one more for load balancers and the endpoint.
"""

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from trunkline.engines.networks.addresses import spread
from trunkline.engines.networks.interface import NetworksError, Vpc

POOL = ipaddress.IPv4Network("100.64.0.0/10")
_PREFIX = 20
_FIRST = 16
"""Numbers below are the uplink's own."""
HOST, ROUTER, NAT = 1, 2, 3


@dataclass(slots=True)
class Place:
    """What one VPC was given. `slice` is its part of the pool."""

    slice: str
    numbers: dict[str, int] = field(default_factory=dict)
    """By private address."""
    next: int = _FIRST
    marks: dict[str, int] = field(default_factory=dict)
    """By subnet: its mark on packets, and its routing table less 1000."""
    held: dict[str, str] = field(default_factory=dict)
    """Interfaces that the host itself has, with their private addresses."""

    def at(self, number: int) -> str:
        return str(ipaddress.IPv4Network(self.slice)[number])

    def mapped(self, address: str) -> str | None:
        """Where the host meets that private address."""
        number = self.numbers.get(address)
        return None if number is None else self.at(number)

    def fit(self, vpc: Vpc) -> None:
        """Numbers for what is new, none for what is gone."""
        addresses = {one.address for one in vpc.interfaces}
        self.numbers = {address: number for address, number in self.numbers.items() if address in addresses}
        used = set(self.numbers.values())
        count = ipaddress.IPv4Network(self.slice).num_addresses - 1
        for address in sorted(addresses - set(self.numbers), key=ipaddress.IPv4Address):
            if len(used) >= count - _FIRST:
                raise NetworksError(f"{vpc.id} has more than {count - _FIRST} interfaces")
            # Round and round, not the lowest: a number should rest before it is another interface's.
            while self.next in used or self.next >= count:
                self.next = self.next + 1 if self.next < count else _FIRST
            self.numbers[address] = self.next
            used.add(self.next)
            self.next += 1
        subnets = {one.id for one in vpc.subnets}
        self.marks = {subnet: mark for subnet, mark in self.marks.items() if subnet in subnets}
        free = (mark for mark in range(1, 10_000) if mark not in self.marks.values())
        for one in vpc.subnets:
            if one.id not in self.marks:
                self.marks[one.id] = next(free)
        present = {one.id: one.address for one in vpc.interfaces}
        self.held = {one: present[one] for one in self.held if one in present}


@dataclass(slots=True)
class Book:
    """Written whole at each change; a few kilobytes. Lost together with the machine's networks, so not synced."""

    path: Path
    services_slice: str = ""
    services: dict[str, int] = field(default_factory=dict)
    """The number of each load balancer, by key."""
    places: dict[str, Place] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Book":
        if not path.exists():
            return cls(path)
        doc = json.loads(path.read_text())
        places = {vpc_id: Place(**place) for vpc_id, place in doc["places"].items()}
        return cls(path, doc["services_slice"], doc["services"], places)

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        doc = {key: value for key, value in asdict(self).items() if key != "path"}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(doc))
        new.replace(self.path)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.services_slice, self.services, self.places = "", {}, {}

    def service(self, key: str) -> str:
        """The address of a load balancer."""
        network = ipaddress.IPv4Network(self.services_slice)
        if key not in self.services:
            taken = set(self.services.values())
            number = next(n for n in spread(key, network.num_addresses - _FIRST - 1) if n + _FIRST not in taken)
            self.services[key] = number + _FIRST
            self.write()
        return str(network[self.services[key]])

    @property
    def endpoint(self) -> str:
        return str(ipaddress.IPv4Network(self.services_slice)[HOST])

    def whose(self, address: str) -> tuple[str, str] | None:
        where = ipaddress.IPv4Address(address)
        for vpc_id, place in self.places.items():
            network = ipaddress.IPv4Network(place.slice)
            if where in network:
                number = int(where) - int(network.network_address)
                for private, one in place.numbers.items():
                    if one == number:
                        return vpc_id, private
        return None

    def free_slices(self, key: str, routed: Iterable[str]) -> Iterable[str]:
        """Slices that nothing on this machine is routed to; where the search starts depends on the key, so that
        instances side by side seldom meet."""
        taken = [ipaddress.IPv4Network(one) for one in routed]
        taken += [ipaddress.IPv4Network(one.slice) for one in self.places.values()]
        if self.services_slice:
            taken.append(ipaddress.IPv4Network(self.services_slice))
        taken = [one for one in taken if one.prefixlen > 0 and one.overlaps(POOL)]
        for number in spread(key, 1 << (_PREFIX - POOL.prefixlen)):
            candidate = ipaddress.IPv4Network((int(POOL.network_address) + (number << (32 - _PREFIX)), _PREFIX))
            if not any(candidate.overlaps(one) for one in taken):
                yield str(candidate)
