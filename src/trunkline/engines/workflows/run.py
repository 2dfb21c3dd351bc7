"""One workflow being run: answers its operations from the journal, or does them and writes the journal."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.core.log import get
from trunkline.engines.workflows import store
from trunkline.engines.workflows.interface import Doc, Interrupted, NondeterminismError, StepFailed, Workflow

log = get(__name__)
T = TypeVar("T")

POLL_ERRORS_IN_A_ROW = 5
_KEYS = uuid.UUID("6a3f2c52-5b0e-5d0c-9a55-6d0f7f1f8f11")


class Unwritable(Exception):
    """The database refused a journal entry (a full disk): not the workflow's doing, so it is run again later."""


@dataclass(slots=True)
class Run:
    """What the scopes of one workflow share. `poison` ends the run with that error even if the code swallows it."""

    db: Database
    clock: Clock
    id: str
    version: int
    journal: dict[str, store.Entry]
    sleepers: set[asyncio.Event] = field(default_factory=set)
    poison: NondeterminismError | Unwritable | None = None

    def wake(self) -> None:
        for sleeper in self.sleepers:
            sleeper.set()

    async def write(self, work: Callable[[Tx], T]) -> T:
        """A write of the journal's own: only the database can make it fail."""
        try:
            return await self.db.write(work)
        except Exception as exc:
            self.poison = Unwritable(f"workflow {self.id}: {exc!r}")
            raise self.poison from exc

    def diverged(self, text: str) -> NoReturn:
        self.poison = NondeterminismError(f"workflow {self.id}: {text}")
        raise self.poison

    def check_all_replayed(self) -> None:
        if self.poison:
            raise self.poison
        if self.journal:
            position, entry = next(iter(self.journal.items()))
            self.diverged(f"the code ended, but the journal goes on with {entry.name!r} at position {position}")


class Scope:
    """The Workflow given to a function or to one branch of a gather: a run of positions under a prefix."""

    def __init__(self, run: Run, prefix: str = "") -> None:
        self._run = run
        self._prefix = prefix
        self._next = 0
        self._busy = ""

    @property
    def id(self) -> str:
        return self._run.id

    @property
    def version(self) -> int:
        return self._run.version

    def key(self, name: str) -> str:
        return str(uuid.uuid5(_KEYS, f"{self._run.id}\n{self._prefix}\n{name}"))

    async def step(self, name: str, fn: Callable[..., Awaitable[T]], *args: Any) -> T:
        with self._operation(f"step:{name}") as op:
            if op.entry:
                return op.answer()  # type: ignore[no-any-return]
            try:
                encoded = store.encode(await fn(*args))
            except asyncio.CancelledError as exc:
                if _cancelled_by_us():
                    raise
                await op.fail(name, exc)
            except Exception as exc:
                await op.fail(name, exc)
            return await op.done(encoded)  # type: ignore[no-any-return]

    async def commit(self, name: str, fn: Callable[[Tx], T]) -> T:
        with self._operation(f"commit:{name}") as op:
            if op.entry:
                return op.answer()  # type: ignore[no-any-return]

            raised: list[Exception] = []

            def work(tx: Tx) -> bytes:
                try:
                    encoded = store.encode(fn(tx))
                except Exception as exc:
                    raised.append(exc)
                    raise
                store.record(tx, self.id, op.position, op.label, value=encoded)
                return encoded

            try:
                return store.decode(await self._run.write(work))  # type: ignore[no-any-return]
            except Unwritable:
                if not raised:
                    raise
                self._run.poison = None
                await op.fail(name, raised[0])

    async def wait(self, seconds: float, name: str = "wait", *, interrupt: tuple[str, ...] = ()) -> None:
        with self._operation(f"wait:{name}") as op:
            await op.first_of("", self._run.clock.due(seconds), interrupt)

    async def receive(
        self, topic: str, timeout_s: float | None = None, *, interrupt: tuple[str, ...] = ()
    ) -> Doc | None:
        with self._operation(f"receive:{topic}") as op:
            return await op.first_of(topic, None if timeout_s is None else self._run.clock.due(timeout_s), interrupt)

    async def poll(
        self,
        name: str,
        fn: Callable[[], Awaitable[T | None]],
        *,
        every_s: float,
        timeout_s: float | None = None,
        interrupt: tuple[str, ...] = (),
    ) -> T | None:
        with self._operation(f"poll:{name}") as op:
            if op.entry and op.entry.done:
                return op.told(op.answer())  # type: ignore[no-any-return]
            clock, errors = self._run.clock, 0
            due = await op.begun(None if timeout_s is None else clock.time() + timeout_s)
            while True:
                if interrupt:
                    await op.take("", interrupt, due=None)
                try:
                    value = await fn()
                    errors = 0
                except Exception as exc:
                    value, errors = None, errors + 1
                    log.warning("poll failed", workflow=self.id, poll=name, attempt=errors, error=repr(exc))
                    if errors >= POLL_ERRORS_IN_A_ROW:
                        await op.fail(name, exc)
                if value is not None or (due is not None and clock.time() >= due):
                    return op.told(await op.done(store.encode({"got": value})))  # type: ignore[no-any-return]
                pause = every_s if due is None else max(0.0, min(every_s, due - clock.time()))
                await op.sleep(clock.sleep(pause), interrupt)

    async def gather(self, name: str, branches: Mapping[str, Callable[[Workflow], Awaitable[T]]]) -> dict[str, T]:
        with self._operation(f"gather:{name}") as op:
            if op.entry is None:
                await op.done(store.encode(list(branches)))
            elif op.answer() != list(branches):
                self._run.diverged(f"gather {name!r} has branches {list(branches)}, the journal {op.entry.value}")
            results = await asyncio.gather(
                *(branch(Scope(self._run, f"{op.position}/{key}/")) for key, branch in branches.items()),
                return_exceptions=True,
            )
        ended: dict[str, T] = {}
        for key, result in zip(branches, results, strict=True):
            if isinstance(result, BaseException):
                raise result
            ended[key] = result
        return ended

    @contextmanager
    def _operation(self, label: str) -> Iterator[Operation]:
        run = self._run
        if run.poison:
            raise run.poison
        if self._busy:
            run.diverged(f"{label!r} began while {self._busy!r} was under way: use gather for parallel work")
        position = f"{self._prefix}{self._next}"
        entry = run.journal.pop(position, None)
        if entry and entry.name != label:
            run.diverged(f"at position {position} the code does {label!r}, the journal has {entry.name!r}")
        self._next += 1
        self._busy = label
        try:
            yield Operation(run, position, label, entry)
        finally:
            self._busy = ""


@dataclass(slots=True)
class Operation:
    """One operation at one position: its journal entry, if any, and the ways it can end."""

    run: Run
    position: str
    label: str
    entry: store.Entry | None

    def answer(self) -> Any:
        assert self.entry is not None
        failure = self.entry.failure
        if failure:
            raise StepFailed(failure["step"], failure["kind"], failure["code"], failure["message"])
        return self.entry.value

    async def done(self, encoded: bytes) -> Any:
        await self.run.write(lambda tx: store.record(tx, self.run.id, self.position, self.label, value=encoded))
        return store.decode(encoded)

    async def fail(self, step: str, exc: BaseException) -> NoReturn:
        failed = StepFailed(step, type(exc).__name__, str(getattr(exc, "code", "")), str(exc))
        failure = {"step": step, "kind": failed.kind, "code": failed.code, "message": failed.message}
        log.info("step failed", workflow=self.run.id, step=step, error=repr(exc))
        await self.run.write(lambda tx: store.record(tx, self.run.id, self.position, self.label, failure=failure))
        raise failed from exc

    async def begun(self, due: float | None) -> float | None:
        """Make the deadline durable the first time; after a restart the first one holds."""
        if self.entry is not None:
            return self.entry.due
        if due is not None:
            await self.run.write(
                lambda tx: store.record(tx, self.run.id, self.position, self.label, done=False, due=due)
            )
        return due

    async def first_of(self, topic: str, due: float | None, interrupt: tuple[str, ...]) -> Doc | None:
        """Until a message of `topic` (returned), one of `interrupt` (raised) or the deadline (None)."""
        if self.entry and self.entry.done:
            return self.told(self.answer(), topic)  # type: ignore[no-any-return]
        due = await self.begun(due)
        topics = (topic, *interrupt) if topic else interrupt
        clock = self.run.clock
        while True:
            ended, message = await self.take(topic, interrupt, due)
            if ended:
                return message
            await self.sleep(None if due is None else clock.wait_until(due), topics)

    async def take(self, topic: str, interrupt: tuple[str, ...], due: float | None) -> tuple[bool, Doc | None]:
        """End by a message or the passed deadline, read and journalled in one commit; (False, None) if neither."""
        run = self.run
        topics = (topic, *interrupt) if topic else interrupt

        def over() -> bool:
            return due is not None and run.clock.time() >= due

        def work(tx: Tx) -> Doc | None:
            taken = store.take_message(tx, run.id, topics) if topics else None
            if taken is None and not over():
                return None  # another branch was quicker
            told = {"topic": taken[0], "got": taken[1]} if taken else {"got": None}
            store.record(tx, run.id, self.position, self.label, value=store.encode(told))
            return told

        if over() or (topics and store.has_message(run.db, run.id, topics)):
            told = await run.write(work)
            if told is not None:
                return True, self.told(told, topic)
        return False, None

    async def sleep(self, pause: Awaitable[None] | None, topics: tuple[str, ...]) -> None:
        """Until `pause` is over or a message of `topics` is there."""
        run = self.run
        if not topics:
            assert pause is not None, "a wait without topics has a deadline"
            await pause
            return
        sleeper = asyncio.Event()
        run.sleepers.add(sleeper)
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(sleeper.wait())]
        if pause is not None:
            waits.append(asyncio.ensure_future(pause))
        try:
            # Only after the sleeper is registered can a message no longer slip by unseen.
            if not store.has_message(run.db, run.id, topics):
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            run.sleepers.discard(sleeper)
            for wait in waits:
                wait.cancel()

    def told(self, told: Doc, topic: str = "") -> Any:
        """What an operation that may be interrupted answers, from what it journalled."""
        if told.get("topic", topic) != topic:
            raise Interrupted(told["topic"], told["got"])
        return told["got"]


def _cancelled_by_us() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
