"""How a sandbox's process is brought up and watched: the part that differs between drivers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from trunkline.engines.functions.interface import FunctionSpec

OnLine = Callable[[int, bytes], None]
"""Called with the time in milliseconds of the epoch and the line without its break."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; a negative code is a signal's number."""

    code: int
    out_of_memory: bool = False

    @property
    def words(self) -> str:
        """As AWS words it after "Runtime exited"."""
        if self.out_of_memory or self.code in (-9, 137):
            return "Runtime exited with error: signal: killed"
        if self.code == 0:
            return "Runtime exited without providing a reason"
        if self.code < 0 or self.code > 128:
            names = {6: "aborted", 11: "segmentation fault", 15: "terminated"}
            number = -self.code if self.code < 0 else self.code - 128
            return f"Runtime exited with error: signal: {names.get(number, number)}"
        return f"Runtime exited with error: exit status {self.code}"


class Launched(Protocol):
    """One process that runs a function's code."""

    async def wait(self) -> Ended:
        """Return when it has ended and everything it wrote was told to `on_line`."""
        ...

    async def kill(self) -> None:
        """Gone afterwards with everything it had; no error if it was."""
        ...

    async def memory_mb(self) -> int:
        """What it uses now; 0 when that cannot be told."""
        ...


class Launcher(Protocol):
    """Starts processes. Raises FunctionsUnavailable when it cannot."""

    async def address(self) -> str:
        """The address of this host that the processes reach: the runtime API listens there."""
        ...

    async def launch(
        self, spec: FunctionSpec, sandbox_id: str, environment: Mapping[str, str], on_line: OnLine, network: str
    ) -> Launched:
        """network: of a sandbox with a place of its own; "" for the usual one."""
        ...

    async def remove_orphans(self) -> None:
        """Remove what an earlier process of this instance left behind."""
        ...
