"""The tables of queues, messages, deduplication ids and move tasks, and what happens to messages in them.

Everything that changes messages runs on the writer's thread, one after the other: so a message is never given to two
receivers at once, and what was answered is on the disk. `visible_at` and `receive_count` say in which state a message
is: visible, delayed (never received, not visible yet) or in flight (received, not visible again yet).
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from trunkline.core.db import Reader, Row, Table, Tx
from trunkline.services.sqs.model import DEDUPLICATION_S, Message, MoveTask, Queue

QUEUES = Table("sqs_queues", Queue, key=("account", "region", "name"))
MOVES = Table("sqs_move_tasks", MoveTask, key=("account", "region", "source", "started", "id"))

MIGRATIONS = [
    QUEUES.ddl
    + MOVES.ddl
    + """
    CREATE TABLE sqs_messages (
      seq INTEGER PRIMARY KEY, queue TEXT NOT NULL, visible_at REAL NOT NULL, sent REAL NOT NULL,
      message_group TEXT NOT NULL, receive_count INTEGER NOT NULL DEFAULT 0, first_received REAL, message BLOB NOT NULL
    );
    CREATE INDEX sqs_messages_visible ON sqs_messages (queue, visible_at, seq);
    CREATE INDEX sqs_messages_ordered ON sqs_messages (queue, message_group, seq) WHERE message_group <> '';
    CREATE TABLE sqs_deduplication (
      queue TEXT NOT NULL, key TEXT NOT NULL, until REAL NOT NULL, message_id TEXT NOT NULL, seq INTEGER NOT NULL,
      PRIMARY KEY (queue, key)
    ) WITHOUT ROWID;
    """
]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Message).decode
_IN_FLIGHT_GROUPS = (
    "SELECT message_group FROM sqs_messages WHERE queue = :queue AND visible_at > :now AND receive_count > 0"
)
_STANDARD = (
    "SELECT * FROM sqs_messages WHERE queue = :queue AND visible_at <= :now AND sent > :oldest"
    " ORDER BY visible_at, seq LIMIT :limit"
)
_FIFO = (
    "SELECT * FROM sqs_messages WHERE queue = :queue AND visible_at <= :now AND sent > :oldest"
    f" AND message_group NOT IN ({_IN_FLIGHT_GROUPS}) ORDER BY seq LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message as one receiver gets it."""

    seq: int
    count: int
    sent: float
    first_received: float
    message: Message


@dataclass(frozen=True, slots=True)
class Counts:
    visible: int
    in_flight: int
    delayed: int
    oldest: float | None


class Messages:
    """The messages of all queues, numbered in the order in which they came."""

    def __init__(self, reader: Reader) -> None:
        row = reader.one("SELECT max(seq) AS last FROM sqs_messages")
        dedup = reader.one("SELECT max(seq) AS last FROM sqs_deduplication")
        last = max((row["last"] if row else 0) or 0, (dedup["last"] if dedup else 0) or 0)
        self._numbers = itertools.count(last + 1)

    def add(self, tx: Tx, queue: Queue, message: Message, now: float, delay_s: float) -> tuple[str, int]:
        """Put a message into a queue: its id and number, or those of the one it repeats."""
        if queue.fifo:
            key = message.deduplication
            if queue.attributes.get("DeduplicationScope") == "messageGroup":
                key = f"{message.group}\0{key}"
            row = tx.one("SELECT * FROM sqs_deduplication WHERE queue = ? AND key = ?", (queue.id, key))
            if row is not None and row["until"] > now:
                return row["message_id"], row["seq"]
        seq = next(self._numbers)
        tx.execute(
            "INSERT INTO sqs_messages (seq, queue, visible_at, sent, message_group, message) VALUES (?, ?, ?, ?, ?, ?)",
            (seq, queue.id, now + delay_s, now, message.group, _encode(message)),
        )
        if queue.fifo:
            tx.execute(
                "INSERT OR REPLACE INTO sqs_deduplication VALUES (?, ?, ?, ?, ?)",
                (queue.id, key, now + DEDUPLICATION_S, message.id, seq),
            )
        return message.id, seq

    def take(
        self, tx: Tx, queue: Queue, dead_letters: Queue | None, limit: int, visibility_s: float, now: float
    ) -> tuple[list[Taken], int]:
        """Up to `limit` messages, hidden from others for a while; and how many became dead letters instead."""
        redrive, dead = queue.redrive, 0
        found: list[Taken] = []
        while len(found) < limit:
            wanted = limit - len(found)
            rows = self._visible(tx, queue, wanted, now)
            for row in rows:
                if redrive is not None and dead_letters is not None and row["receive_count"] >= redrive.most:
                    self._bury(tx, queue, dead_letters, row, now)
                    dead += 1
                    continue
                first = row["first_received"] or now
                tx.execute(
                    "UPDATE sqs_messages SET visible_at = ?, receive_count = receive_count + 1, first_received = ?"
                    " WHERE seq = ?",
                    (now + visibility_s, first, row["seq"]),
                )
                count = row["receive_count"] + 1
                found.append(Taken(row["seq"], count, row["sent"], first, _decode(row["message"])))
            if len(rows) < wanted or visibility_s <= 0:
                break  # there are no more, or what was taken is visible again already
        return found, dead

    def _visible(self, reader: Reader, queue: Queue, limit: int, now: float) -> list[Row]:
        given = {"queue": queue.id, "now": now, "oldest": oldest_kept(queue, now), "limit": limit}
        return reader.all(_FIFO if queue.fifo else _STANDARD, given)

    def _bury(self, tx: Tx, queue: Queue, into: Queue, row: Row, now: float) -> None:
        message = _decode(row["message"])
        message.dead_letter_source = queue.arn
        self._move(tx, row["seq"], message, into, now if into.fifo else row["sent"], now)

    def _move(self, tx: Tx, seq: int, message: Message, into: Queue, sent: float, now: float) -> None:
        tx.execute(
            "UPDATE sqs_messages SET seq = ?, queue = ?, visible_at = ?, sent = ?, receive_count = 0,"
            " first_received = NULL, message = ? WHERE seq = ?",
            (next(self._numbers), into.id, now, sent, _encode(message), seq),
        )

    def next_at(self, reader: Reader, queue: Queue, now: float) -> float | None:
        """When a message can be received next: `now` or before if one can be at once; None when there is none."""
        if self._visible(reader, queue, 1, now):
            return now
        row = reader.one(
            "SELECT min(visible_at) AS at FROM sqs_messages WHERE queue = ? AND visible_at > ?", (queue.id, now)
        )
        return None if row is None else row["at"]

    def delete(self, tx: Tx, queue: Queue, seq: int, count: int, now: float) -> str:
        """Delete what a receipt handle means: "deleted", "expired" for a FIFO queue's old handle, else "gone"."""
        row = tx.one("SELECT * FROM sqs_messages WHERE seq = ? AND queue = ?", (seq, queue.id))
        if row is None or row["receive_count"] != count:
            return "gone" if row is None or not queue.fifo else "expired"
        if queue.fifo and row["visible_at"] <= now:
            return "expired"
        tx.execute("DELETE FROM sqs_messages WHERE seq = ?", (seq,))
        return "deleted"

    def hide(self, tx: Tx, queue: Queue, seq: int, count: int, timeout_s: float, now: float) -> str:
        """Change how long a message stays hidden: "changed", "gone" or "visible" (then it cannot be changed)."""
        row = tx.one("SELECT * FROM sqs_messages WHERE seq = ? AND queue = ?", (seq, queue.id))
        if row is None:
            return "gone"
        if row["receive_count"] != count or row["visible_at"] <= now:
            return "visible"
        tx.execute("UPDATE sqs_messages SET visible_at = ? WHERE seq = ?", (now + timeout_s, seq))
        return "changed"

    def move_back(
        self, tx: Tx, source: Queue, until: int, limit: int, targets: dict[str, Queue], to: Queue | None, now: float
    ) -> tuple[int, int]:
        """Move dead letters on: how many were moved, and how many cannot be, their queue being gone."""
        rows = tx.all(
            "SELECT * FROM sqs_messages WHERE queue = ? AND seq <= ? AND visible_at <= ? ORDER BY seq LIMIT ?",
            (source.id, until, now, limit),
        )
        moved = 0
        for row in rows:
            message = _decode(row["message"])
            target = to or targets.get(message.dead_letter_source)
            if target is None:
                return moved, len(rows) - moved
            message.dead_letter_source = ""
            self._move(tx, row["seq"], message, target, now, now)
            moved += 1
        return moved, 0


def oldest_kept(queue: Queue, now: float) -> float:
    """Messages sent at this instant or before have expired."""
    return now - queue.number("MessageRetentionPeriod")


def counts(reader: Reader, queue: Queue, now: float) -> Counts:
    """How many messages there are in each state."""
    row = reader.one(
        "SELECT coalesce(sum(visible_at <= :now), 0) AS visible, min(sent) AS oldest,"
        " coalesce(sum(visible_at > :now AND receive_count > 0), 0) AS in_flight,"
        " coalesce(sum(visible_at > :now AND receive_count = 0), 0) AS delayed"
        " FROM sqs_messages WHERE queue = :queue AND sent > :oldest",
        {"queue": queue.id, "now": now, "oldest": oldest_kept(queue, now)},
    )
    if row is None:
        return Counts(0, 0, 0, None)
    return Counts(row["visible"], row["in_flight"], row["delayed"], row["oldest"])


def last_number(reader: Reader, queue: Queue) -> int:
    """The highest number of a message that is there."""
    row = reader.one("SELECT max(seq) AS last FROM sqs_messages WHERE queue = ?", (queue.id,))
    return (row["last"] if row else 0) or 0


def empty(tx: Tx, queue: Queue) -> None:
    """Delete all messages of a queue."""
    tx.execute("DELETE FROM sqs_messages WHERE queue = ?", (queue.id,))


def forget(tx: Tx, queue: Queue) -> None:
    """Delete what belongs to a queue that is no more."""
    empty(tx, queue)
    tx.execute("DELETE FROM sqs_deduplication WHERE queue = ?", (queue.id,))


def expire(tx: Tx, queues: Iterable[Queue], now: float) -> None:
    """Delete messages past their retention, and deduplication ids past theirs."""
    for queue in queues:
        tx.execute("DELETE FROM sqs_messages WHERE queue = ? AND sent <= ?", (queue.id, oldest_kept(queue, now)))
    tx.execute("DELETE FROM sqs_deduplication WHERE until <= ?", (now,))


def by_arn(reader: Reader, arn: str) -> Queue | None:
    """A queue by its ARN."""
    parts: Sequence[str] = arn.split(":")
    if len(parts) != 6 or parts[2] != "sqs":
        return None
    return QUEUES.get(reader, parts[4], parts[3], parts[5])
