"""Typed documents: a dataclass a row, stored as JSON beside the columns that queries need."""

import functools
import sqlite3
from typing import Any, Generic, TypeVar

import msgspec

from trunkline.core.db.interface import AlreadyExists, Reader, Tx

T = TypeVar("T")

_LAST = chr(0x10FFFF)


class Table(Generic[T]):
    """The rows of one dataclass. `key` and `index` name attributes whose values are text or integers."""

    def __init__(self, name: str, type: type[T], *, key: tuple[str, ...], index: tuple[str, ...] = ()) -> None:
        self.name = name
        self.key = key
        self.index = index
        self._type: Any = type
        self._encode = msgspec.json.Encoder().encode
        columns = (*key, *index)
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("?" for _ in columns)
        self._columns = columns
        self._insert = f"INSERT INTO {name} ({names}, doc) VALUES ({marks}, ?)"
        self._put = f"INSERT OR REPLACE INTO {name} ({names}, doc) VALUES ({marks}, ?)"
        self._where_key = " AND ".join(f'"{column}" = ?' for column in key)
        self._get = f"SELECT doc FROM {name} WHERE {self._where_key}"
        self._delete = f"DELETE FROM {name} WHERE {self._where_key}"

    @functools.cached_property
    def _decode(self) -> Any:
        # Lazy: the dataclass may refer to types defined further down its module.
        return msgspec.json.Decoder(self._type).decode

    @property
    def ddl(self) -> str:
        """The statements that make the table; put them in the service's migrations."""
        columns = ", ".join(f'"{column}"' for column in self._columns)
        key = ", ".join(f'"{column}"' for column in self.key)
        indexes = "".join(f'CREATE INDEX {self.name}_{column} ON {self.name} ("{column}");\n' for column in self.index)
        return f"CREATE TABLE {self.name} ({columns}, doc BLOB NOT NULL, PRIMARY KEY ({key})) WITHOUT ROWID;\n{indexes}"

    def get(self, reader: Reader, *key: Any) -> T | None:
        """The item with this key, or None."""
        row = reader.one(self._get, key)
        return None if row is None else self._decode(row[0])

    def insert(self, tx: Tx, item: T) -> None:
        """Add an item; `AlreadyExists` when its key is taken."""
        try:
            tx.execute(self._insert, self._values(item))
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(f"{self.name} {[getattr(item, k) for k in self.key]}") from error

    def put(self, tx: Tx, item: T) -> None:
        """Add an item, or replace the one with the same key."""
        tx.execute(self._put, self._values(item))

    def delete(self, tx: Tx, *key: Any) -> bool:
        """Remove an item; says whether there was one."""
        return tx.execute(self._delete, key) > 0

    def find(
        self,
        reader: Reader,
        *,
        prefix: tuple[Any, ...] = (),
        begins: str = "",
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
        **equals: Any,
    ) -> list[T]:
        """Items in the order of their keys.

        `prefix` gives the first parts of the key, `begins` what the next part (a text) begins with, `after` the whole
        key of the last item already seen, `equals` values of key or index columns.
        """
        clauses = [f'"{column}" = ?' for column in self.key[: len(prefix)]]
        params = list(prefix)
        if begins:
            column = self.key[len(prefix)]
            clauses.append(f'"{column}" >= ? AND "{column}" < ?')
            params += [begins, begins + _LAST]
        for column, value in equals.items():
            if column not in self._columns:
                raise ValueError(f"{self.name} has no column {column}")
            clauses.append(f'"{column}" = ?')
            params.append(value)
        if after is not None:
            names = ", ".join(f'"{column}"' for column in self.key)
            clauses.append(f"({names}) > ({', '.join('?' for _ in self.key)})")
            params.extend(after)
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        order = ", ".join(f'"{column}"' for column in self.key)
        tail = "" if limit is None else f" LIMIT {int(limit)}"
        rows = reader.all(f"SELECT doc FROM {self.name}{where} ORDER BY {order}{tail}", params)
        return [self._decode(row[0]) for row in rows]

    def _values(self, item: T) -> list[Any]:
        values = [getattr(item, column) for column in self._columns]
        values.append(self._encode(item))
        return values
