"""SQLite behind one writer thread that groups commits.

Whatever waits in the queue when the writer gets to it shares one fsync: each piece of work runs in a savepoint of its
own, so a failing one takes nothing else with it, and everybody is answered after the common commit
(WAL, synchronous=FULL: an acknowledged write survives power loss).
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from trunkline.core.db.crash import crash_points
from trunkline.core.db.interface import Params, Row, Tx
from trunkline.core.db.rider import current_rider

T = TypeVar("T")

_GROUP_LIMIT = 500
_SCHEMA_STEPS = "CREATE TABLE IF NOT EXISTS schema_steps (component TEXT, step INTEGER, PRIMARY KEY (component, step))"


class _Job:
    """Work waiting for the writer, and whom to tell: a future of `loop`, or of a thread that waits."""

    __slots__ = ("durable", "error", "future", "loop", "result", "work")

    def __init__(
        self,
        work: Callable[[Tx], Any],
        future: "asyncio.Future[Any] | Future[Any]",
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        durable: bool = True,
    ) -> None:
        self.work = work
        self.durable = durable
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        """Give the outcome to whoever waits; on the future's own loop."""
        if self.future.cancelled():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class _Transaction:
    """The `Tx` handed to a piece of work."""

    __slots__ = ("_connection", "after")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.after: list[Callable[[], None]] = []

    def one(self, sql: str, params: Params = ()) -> Row | None:
        row: Row | None = self._connection.execute(sql, params).fetchone()
        return row

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        return self._connection.execute(sql, params).fetchall()

    def execute(self, sql: str, params: Params = ()) -> int:
        return self._connection.execute(sql, params).rowcount

    def executemany(self, sql: str, rows: Sequence[Params]) -> None:
        self._connection.executemany(sql, rows)

    def after_commit(self, call: Callable[[], None]) -> None:
        self.after.append(call)


class Database:
    """One SQLite file. Safe from any thread; give long queries their own thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._readers = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._crash = crash_points()
        self._writer = threading.Thread(target=self._write_loop, name=f"db-{path.stem}", daemon=True)
        # It holds secret keys: for its owner only. SQLite gives the journal files the same mode.
        path.touch(mode=0o600)
        self._connection = self._connect()
        self._connection.execute(_SCHEMA_STEPS)
        self._connection.commit()
        self._writer.start()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=512)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("PRAGMA wal_autocheckpoint=2000")
        self._open.append(connection)
        return connection

    # reading ---------------------------------------------------------------------------------------------------------

    def _reader(self) -> sqlite3.Connection:
        try:
            connection: sqlite3.Connection = self._readers.connection
        except AttributeError:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
            self._readers.connection = connection
        return connection

    def one(self, sql: str, params: Params = ()) -> Row | None:
        row: Row | None = self._reader().execute(sql, params).fetchone()
        return row

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        return self._reader().execute(sql, params).fetchall()

    # writing ---------------------------------------------------------------------------------------------------------

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on the writer thread; returns its value after the durable commit.

        An exception in `work` undoes that work alone and is raised here. `work` must not do I/O or wait. A `Rider` of
        this context goes along.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        rider = current_rider()
        if rider is None:
            self._put(_Job(work, future, loop))
            return await future
        self._put(_Job(rider.along(work), future, loop))
        result = await future
        rider.aboard = True
        return result

    def write_blocking(self, work: Callable[[Tx], T]) -> T:
        """`write` for threads other than the event loop's."""
        future: Future[T] = Future()
        self._put(_Job(work, future))
        return future.result()

    def migrate(self, component: str, steps: Sequence[str]) -> None:
        """Bring `component`'s tables up to date: step i (a script of statements) is run once, ever. Append only."""

        def work(tx: Tx) -> None:
            row = tx.one("SELECT count(*) AS n FROM schema_steps WHERE component = ?", (component,))
            done = row["n"] if row else 0
            for number, step in enumerate(steps[done:], start=done):
                for statement in _statements(step):
                    tx.execute(statement)
                tx.execute("INSERT INTO schema_steps VALUES (?, ?)", (component, number))

        row = self.one("SELECT count(*) AS n FROM schema_steps WHERE component = ?", (component,))
        if row is None or row["n"] < len(steps):
            # Not synced by itself: the first commit that is makes everything before it durable too.
            future: Future[None] = Future()
            self._put(_Job(work, future, durable=False))
            future.result()

    def close(self) -> None:
        """Finish what was queued and close. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._writer.join()
        for connection in self._open:
            connection.close()

    def _put(self, job: _Job) -> None:
        if self._closed:
            raise RuntimeError(f"the database {self.path.name} is closed")
        self._queue.put(job)

    # the writer thread -----------------------------------------------------------------------------------------------

    def _write_loop(self) -> None:
        while True:
            job = self._queue.get()
            if job is None:
                return
            group = [job]
            last = False
            while len(group) < _GROUP_LIMIT:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                    break
                group.append(more)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Job]) -> None:
        connection = self._connection
        after: list[Callable[[], None]] = []
        durable = any(job.durable for job in group)
        try:
            if not durable:
                connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            for job in group:
                tx = _Transaction(connection)
                if len(group) > 1:
                    connection.execute("SAVEPOINT job")
                try:
                    job.result = job.work(tx)
                    after.extend(tx.after)
                except BaseException as error:
                    job.error = error
                    connection.execute("ROLLBACK TO job" if len(group) > 1 else "ROLLBACK")
                if len(group) > 1:
                    connection.execute("RELEASE job")
            if connection.in_transaction:
                self._crash.before()
                connection.execute("COMMIT")
                self._crash.after()
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            after.clear()
            for job in group:
                job.error = job.error or error
        if not durable:
            connection.execute("PRAGMA synchronous=FULL")
        for call in after:
            call()
        _tell(group)


def _tell(group: list[_Job]) -> None:
    """Tell everybody of a group its outcome, waking each event loop once."""
    waiting: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        if job.loop is None:
            job.tell()
        else:
            waiting.setdefault(job.loop, []).append(job)
    for loop, jobs in waiting.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed under us: nobody waits any more
            loop.call_soon_threadsafe(_tell_here, jobs)


def _tell_here(jobs: list[_Job]) -> None:
    for job in jobs:
        job.tell()


def _statements(script: str) -> list[str]:
    """Split a migration into statements (`executescript` would commit the transaction it runs in)."""
    found, current = [], ""
    for piece in script.split(";"):
        current += piece + ";"
        if sqlite3.complete_statement(current):
            if current.strip(" \n\t;"):
                found.append(current)
            current = ""
    return found
