"""Which ref updates have been told of: the recorded refs, and who is changing a repository at this moment.

The refs on disk minus the recorded refs are what happened and has not been told of. The difference is recorded, and
the recorder called, in one transaction: exactly once, however often the process dies in between.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from trunkline.core.db import Database, Tx
from trunkline.engines.git.interface import Recorded, Recorder, RefUpdate

_STEPS = [
    """
    CREATE TABLE git_repositories (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE git_refs (
      repository TEXT NOT NULL, name TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY (repository, name)
    ) WITHOUT ROWID;
    CREATE TABLE git_changing (repository TEXT PRIMARY KEY, context BLOB NOT NULL) WITHOUT ROWID;
    """,
]


class Journal:
    """The engine's tables."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.recorder: Recorder = lambda tx, recorded: None
        db.migrate("git", _STEPS)

    def adopt(self, tx: Tx, repository: str) -> None:
        """Know a repository."""
        tx.execute("INSERT OR IGNORE INTO git_repositories VALUES (?)", (repository,))

    def drop(self, tx: Tx, repository: str) -> None:
        """Forget a repository and its refs."""
        tx.execute("DELETE FROM git_repositories WHERE id = ?", (repository,))
        tx.execute("DELETE FROM git_refs WHERE repository = ?", (repository,))
        tx.execute("DELETE FROM git_changing WHERE repository = ?", (repository,))

    def known(self) -> set[str]:
        """The adopted repositories."""
        return {row["id"] for row in self._db.all("SELECT id FROM git_repositories")}

    def unsettled(self) -> list[str]:
        """Repositories in which a change was under way when the process ended."""
        return [row["repository"] for row in self._db.all("SELECT repository FROM git_changing")]

    def refs(self, repository: str, prefix: str = "refs/") -> dict[str, str]:
        """The recorded refs below a prefix, by name."""
        rows = self._db.all(
            "SELECT name, object FROM git_refs WHERE repository = ? AND name >= ? AND name < ? ORDER BY name",
            (repository, prefix, prefix + "\U0010ffff"),
        )
        return {row["name"]: row["object"] for row in rows}

    async def begin(self, repository: str, context: Mapping[str, Any]) -> None:
        """Say who is about to change the repository (one at a time does)."""
        row = (repository, orjson.dumps(dict(context)))
        await self._db.write(lambda tx: tx.execute("INSERT OR REPLACE INTO git_changing VALUES (?, ?)", row))

    async def settle(self, repository: str, actual: Mapping[str, str]) -> tuple[RefUpdate, ...]:
        """Record the difference between `actual` and what was recorded; the change under way is over."""

        def work(tx: Tx) -> tuple[RefUpdate, ...]:
            if tx.one("SELECT 1 FROM git_repositories WHERE id = ?", (repository,)) is None:
                return ()  # dropped meanwhile: nobody is left to be told
            row = tx.one("SELECT context FROM git_changing WHERE repository = ?", (repository,))
            context = orjson.loads(row["context"]) if row else {}
            rows = tx.all("SELECT name, object FROM git_refs WHERE repository = ?", (repository,))
            updates = difference({row["name"]: row["object"] for row in rows}, actual)
            for update in updates:
                if update.new is None:
                    tx.execute("DELETE FROM git_refs WHERE repository = ? AND name = ?", (repository, update.name))
                else:
                    tx.execute(
                        "INSERT OR REPLACE INTO git_refs VALUES (?, ?, ?)", (repository, update.name, update.new)
                    )
            tx.execute("DELETE FROM git_changing WHERE repository = ?", (repository,))
            if updates:
                self.recorder(tx, Recorded(repository, updates, context))
            return updates

        return await self._db.write(work)


def difference(recorded: Mapping[str, str], actual: Mapping[str, str]) -> tuple[RefUpdate, ...]:
    """The updates that lead from one set of refs to another, by name."""
    names = sorted(recorded.keys() | actual.keys())
    return tuple(
        RefUpdate(name, recorded.get(name), actual.get(name))
        for name in names
        if recorded.get(name) != actual.get(name)
    )
