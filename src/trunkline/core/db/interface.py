"""What the rest of Trunkline may ask of its database.

Reads see committed state and are cheap enough to be made on the event loop. Writes are functions over a `Tx`; they
return once they are durable. Nothing here is tied to SQLite but the dialect of the SQL, which is kept plain.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

Row = sqlite3.Row
Params = Sequence[Any] | Mapping[str, Any]


class AlreadyExists(Exception):
    """An insert met a row with the same key."""


class Reader(Protocol):
    """Something that can be queried: the database itself (committed state), or a transaction (its own writes too)."""

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row, or None."""

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row."""


class Tx(Reader, Protocol):
    """One unit of work on the writer thread; all of it is committed, or none. Not usable after the work returns."""

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement; returns the number of rows it changed."""

    def executemany(self, sql: str, rows: Sequence[Params]) -> None:
        """Run one statement for each of `rows`."""

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have `call` run (on the writer thread, quickly, without raising) once this work is durable."""
