"""Running functions: what is given to the engine, what it answers, and what it asks back.

Order: `start` (which removes what an earlier process left behind), then `invoke` as often as wanted, then `stop`.

Repeating: an invocation is run once per `invoke`; whoever wants it repeated after a crash says so by invoking again.

At once: any number of invocations, of one function too: each sandbox runs one at a time and more sandboxes are started
as needed, up to the engine's limit; what is beyond waits its turn. A sandbox that has ended its invocation is used
again for the same `FunctionSpec.key`, until it was idle for a while or `retire` was told of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class FunctionsUnavailable(Exception):
    """No sandbox could be started; the message is one sentence. Nothing of the function has run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One version of a function as it is run. Two with the same key may share a sandbox, so the key covers it all."""

    key: str
    family: str
    """What is retired together: the ARN of a function's version, whatever state $LATEST is in."""
    name: str
    version: str
    runtime: str
    """AWS's identifier, such as python3.12; empty for an image."""
    image: str
    """A reference that is on this machine."""
    handler: str
    code_dir: str = ""
    """On the host; becomes /var/task, read-only. Empty for an image."""
    layers_dir: str = ""
    """On the host; becomes /opt, read-only."""
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_dir: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int = 128
    timeout_s: float = 3.0
    log_format: str = "Text"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    request_id: str
    payload: bytes
    function_arn: str
    """As it was invoked, with the qualifier: the handler's context shows it."""
    trace_id: str = ""
    client_context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """payload: what the handler answered, or the error document. error: "" or "Unhandled"."""

    payload: bytes
    error: str
    duration_ms: float
    init_ms: float | None
    """How long the sandbox took to come up, if this invocation was its first."""
    tail: bytes
    """The last 4 KB of the log of this invocation; only when it was wanted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sandbox is, when that is not the container engine's own network.

    network: as a container joins it. api: host and port at which it reaches `Functions.answer`; source: the address
    that it has in the eyes of this host, which says who asks.
    """

    network: str
    api: str
    source: str


@dataclass(frozen=True, slots=True)
class RuntimeAnswer:
    """What the runtime API answers: status, headers, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Host(Protocol):
    """What the engine asks its user about, and tells, while a sandbox lives."""

    async def place(self, sandbox_id: str) -> Place | None:
        """A place of its own for a new sandbox, or None. Raises FunctionsUnavailable."""
        ...

    async def leave(self, sandbox_id: str) -> None:
        """The sandbox is gone: nothing of its place is needed any more. Must not raise."""
        ...

    async def environment(self, stream: str) -> Mapping[str, str]:
        """Variables of a new sandbox that writes to this log stream: credentials, where the endpoint is."""
        ...

    def log(self, stream: str, lines: Sequence[tuple[int, bytes]]) -> None:
        """Lines with the time in milliseconds of the epoch; must not block."""
        ...


class Functions(Protocol):
    """See the module's words on order, repetition and concurrency."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Ends all sandboxes; invocations under way end with FunctionsUnavailable."""
        ...

    async def invoke(
        self, spec: FunctionSpec, invocation: Invocation, host: Host, *, want_tail: bool = False
    ) -> Outcome:
        """Run it once. Raises FunctionsUnavailable; every failure of the code itself is an Outcome."""
        ...

    async def retire(self, family: str, keep: Sequence[str] = ()) -> None:
        """End the sandboxes of a function whose keys are not among `keep`: idle ones are gone afterwards, busy ones
        once they are done."""
        ...

    async def answer(
        self, source: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> RuntimeAnswer:
        """The runtime API for sandboxes with a place of their own; waits while there is nothing to do."""
        ...
