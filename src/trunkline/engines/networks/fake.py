"""Networks that only keep the state: for tests, and for machines that don't let us make real ones.

Containers are then in the container engine's own network, and nothing is kept from anything.
"""

from trunkline.engines.networks.addresses import spread
from trunkline.engines.networks.interface import Answers, Interface, NoSuchInterface, Vpc

_LOOPBACK = (127 << 24) + (64 << 16)
_BITS = 22


class FakeNetworks:
    """See interface.Networks. What was asked for can be looked at: `vpcs`, `attached`, `held`."""

    real = False
    endpoint: str | None = None
    resolvers: tuple[str, ...] = ()

    def __init__(self, why: str = "networks are records only") -> None:
        self.why = why
        self.vpcs: dict[str, Vpc] = {}
        self.attached: dict[tuple[str, str], str] = {}
        self.held: set[tuple[str, str]] = set()
        self._services: dict[str, str] = {}
        self.answers: Answers | None = None

    def answer_names(self, answers: Answers) -> None:
        self.answers = answers

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def apply(self, vpc: Vpc) -> None:
        self.vpcs[vpc.id] = vpc
        present = {(vpc.id, one.id) for one in vpc.interfaces}
        for key in [key for key in self.attached if key[0] == vpc.id and key not in present]:
            del self.attached[key]
        self.held = {key for key in self.held if key[0] != vpc.id or key in present}

    async def remove(self, vpc_id: str) -> None:
        self.vpcs.pop(vpc_id, None)
        self.attached = {key: container for key, container in self.attached.items() if key[0] != vpc_id}
        self.held = {key for key in self.held if key[0] != vpc_id}

    async def attach(self, vpc_id: str, interface_id: str, container: str) -> None:
        self._interface(vpc_id, interface_id)
        self.attached[vpc_id, interface_id] = container

    async def hold(self, vpc_id: str, interface_id: str) -> str:
        self._interface(vpc_id, interface_id)
        self.held.add((vpc_id, interface_id))
        return ""

    async def detach(self, vpc_id: str, interface_id: str) -> None:
        self.attached.pop((vpc_id, interface_id), None)
        self.held.discard((vpc_id, interface_id))

    def reachable(self, vpc_id: str, address: str) -> str | None:
        return None

    def whose(self, address: str) -> tuple[str, str] | None:
        return None

    def service_address(self, key: str) -> str:
        if key not in self._services:
            taken = set(self._services.values())
            self._services[key] = next(
                address for number in spread(key, 1 << _BITS) if (address := _loopback(number)) not in taken
            )
        return self._services[key]

    def release_address(self, key: str) -> None:
        self._services.pop(key, None)

    async def remove_all(self) -> None:
        self.vpcs.clear()
        self.attached.clear()
        self.held.clear()

    def _interface(self, vpc_id: str, interface_id: str) -> Interface:
        vpc = self.vpcs.get(vpc_id)
        found = next((one for one in vpc.interfaces if one.id == interface_id), None) if vpc else None
        if found is None:
            raise NoSuchInterface(f"{vpc_id} has no interface {interface_id}")
        return found


def _loopback(number: int) -> str:
    """127.64.0.1 and up: clear of 127.0.x.y, where other programs live."""
    number += _LOOPBACK
    return f"127.{number >> 16 & 255}.{number >> 8 & 255}.{1 + number % 254}"
