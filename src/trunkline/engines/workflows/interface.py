"""Long work as straight-line Python that a crash at any line resumes at that line.

A workflow function is ordinary `async` code whose every effect goes through its `Workflow`. Each of those operations
takes the next position of the workflow's journal; after a restart the function runs again from the top and the
operations that are in the journal answer from it, so the code arrives where it was without doing anything twice.

What the code must keep to
* Between two operations it is deterministic: no clock, no random numbers, no reads of tables that change. Such things
  belong inside a `step` or a `commit`.
* One operation at a time. Parallel work goes through `gather`, which gives every branch its own positions.
* Values that go in and come out are JSON. What a step returns live is the same as what it returns on replay.

What runs how often
* `commit`: exactly once. The state change, its events and the journal entry are one durable commit.
* `step`: once per journal entry; again when the process died between the work and the entry. So the work must be
  idempotent: pass `key(name)` as AWS's client token, or look first whether it is done.
* `poll`: the function runs many times; only the final value is kept. It must only look.

An error from a step or a commit is journalled too and raised as `StepFailed`, live and on replay alike, so code that
handles it takes the same path both times. An exception that escapes the function ends the workflow FAILED; `failed`
given at registration then lets the service say so in its own state, in the same commit.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from trunkline.core.db import Tx

Doc = dict[str, Any]
T = TypeVar("T")


class WorkflowStatus(enum.StrEnum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class StepFailed(Exception):
    """A step or commit raised. `kind` is the exception's class name, `code` its AWS error code when it has one."""

    def __init__(self, step: str, kind: str, code: str, message: str) -> None:
        super().__init__(message or code or kind)
        self.step = step
        self.kind = kind
        self.code = code
        self.message = message


class Interrupted(Exception):
    """A message on one of the `interrupt` topics ended a wait, receive or poll. The message is consumed."""

    def __init__(self, topic: str, message: Doc) -> None:
        super().__init__(topic)
        self.topic = topic
        self.message = message


class NondeterminismError(Exception):
    """The code did not do what its journal says: it was changed under a running workflow, or reads what changes."""


class WorkflowFailed(Exception):
    """What `result` raises for a workflow that ended FAILED."""


class Workflow(Protocol):
    """What a workflow function is given. Names appear in the journal, in errors and in `key`."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> int:
        """The version of the code this workflow was started with: branch on it where behaviour changed."""
        ...

    def key(self, name: str) -> str:
        """A token that is the same on every run of this workflow: for client tokens (36 characters, a UUID)."""
        ...

    async def step(self, name: str, fn: Callable[..., Awaitable[T]], *args: Any) -> T: ...

    async def commit(self, name: str, fn: Callable[[Tx], T]) -> T: ...

    async def wait(self, seconds: float, name: str = "wait", *, interrupt: tuple[str, ...] = ()) -> None:
        """A wait that users rehearse: the clock may accelerate it. The deadline survives restarts."""
        ...

    async def receive(
        self, topic: str, timeout_s: float | None = None, *, interrupt: tuple[str, ...] = ()
    ) -> Doc | None:
        """The oldest unread message of the topic, in the order sent; None after the (accelerated) time-out."""
        ...

    async def poll(
        self,
        name: str,
        fn: Callable[[], Awaitable[T | None]],
        *,
        every_s: float,
        timeout_s: float | None = None,
        interrupt: tuple[str, ...] = (),
    ) -> T | None:
        """Call `fn` every `every_s` real seconds until it gives something; None after `timeout_s` real seconds.

        An exception from `fn` is tried again at the next round, and given up as `StepFailed` after five in a row."""
        ...

    async def gather(self, name: str, branches: Mapping[str, Callable[[Workflow], Awaitable[T]]]) -> dict[str, T]:
        """Run the branches at once, each with a Workflow of its own positions; returns when all have ended.

        If branches raised, the exception of the first of them (in the mapping's order) is raised then."""
        ...


WorkflowFunction = Callable[[Workflow, Doc], Awaitable[Doc | None]]
FailedHook = Callable[[Tx, str, Doc, str], None]
"""(tx, workflow_id, input, one sentence) → record in the service's state that its workflow died. Must be idempotent."""


class Workflows(Protocol):
    """The engine. Order of calls: `register` everything, then `resume` once, then `close` once.

    `start`, `send` and `status` may be called at any time from the event loop; `start_in` and `send_in` inside a write.
    What is started before `resume` begins to run at `resume`."""

    def register(
        self,
        name: str,
        fn: WorkflowFunction,
        *,
        version: int = 1,
        since: int = 1,
        at_once: int | None = None,
        failed: FailedHook | None = None,
    ) -> None:
        """`fn` runs workflows started at versions `since`..`version`; new ones start at the highest version registered.

        Changed the order or names of operations? Raise `version`, and either branch on `wf.version` or register the old
        function for the old range beside it. `at_once` bounds how many of this name run together; others queue."""
        ...

    async def resume(self) -> None:
        """Go on with everything unfinished. Returns when all of it is under way, not when it is done."""
        ...

    async def close(self) -> None:
        """Stop where we are, keeping everything resumable."""
        ...

    async def start(self, name: str, workflow_id: str, input: Doc) -> bool:
        """Durable when it returns. False (and nothing done) if this id was started before."""
        ...

    def start_in(self, tx: Tx, name: str, workflow_id: str, input: Doc) -> bool: ...

    async def send(self, workflow_id: str, topic: str, message: Doc, message_id: str | None = None) -> bool:
        """Durable when it returns; a `message_id` seen before is dropped. False if unknown or finished."""
        ...

    def send_in(self, tx: Tx, workflow_id: str, topic: str, message: Doc, message_id: str | None = None) -> bool: ...

    def status(self, workflow_id: str) -> WorkflowStatus | None: ...

    async def result(self, workflow_id: str) -> Doc | None:
        """Wait for the end; raises WorkflowFailed, or KeyError for an unknown id."""
        ...
