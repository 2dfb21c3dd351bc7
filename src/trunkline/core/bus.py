"""Delivery of the ledger's events to the code that reacts to them.

Each subscriber has a durable place in the ledger. It is moved on only after the handler returned, so an event is
delivered at least once, in order, also across a crash; handlers deduplicate by `event.id`. A handler that fails holds
up its own subscriber only.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.core.log import get

log = get(__name__)

Handler = Callable[[Event], Awaitable[None]]

_STEPS = ["CREATE TABLE bus_cursors (subscriber TEXT PRIMARY KEY, seq INTEGER NOT NULL);"]
_BATCH = 200
_GATHER_S = 0.003  # events that come together are read together
_SAVE_S = 0.5
_RETRY_S = (0.1, 0.5, 2.0, 10.0, 30.0)
_ATTEMPTS = 12


@dataclass(slots=True)
class _Subscriber:
    name: str
    handler: Handler
    sources: tuple[str, ...]
    detail_types: tuple[str, ...]
    wake: asyncio.Event
    awaited: bool = False
    place: int = 0
    saved: int = 0

    def wants(self, event: Event) -> bool:
        return (not self.sources or event.source in self.sources) and (
            not self.detail_types or event.detail_type in self.detail_types
        )


class Bus:
    """`subscribe` while building, then `start`; `stop` leaves every place where it is."""

    def __init__(self, db: Database, ledger: Ledger, clock: Clock) -> None:
        self._db = db
        self._ledger = ledger
        self._clock = clock
        self._subscribers: list[_Subscriber] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._waking = False
        self._moved = asyncio.Event()
        db.migrate("bus", _STEPS)

    def subscribe(
        self, name: str, handler: Handler, *, sources: tuple[str, ...] = (), detail_types: tuple[str, ...] = ()
    ) -> None:
        """Deliver events of these sources and detail types (empty: all) to `handler`. The name must never change."""
        if any(subscriber.name == name for subscriber in self._subscribers):
            raise ValueError(f"two subscribers are named {name}")
        self._subscribers.append(_Subscriber(name, handler, sources, detail_types, asyncio.Event()))

    async def start(self) -> None:
        """Begin delivering; a subscriber never seen before starts at the ledger's end."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            self._waking = False  # before the flags are read: an event that comes now schedules the next round
            for subscriber in self._subscribers:
                if subscriber.awaited:
                    subscriber.awaited = False
                    subscriber.wake.set()

        def appended(event: Event) -> None:  # on the writer's thread
            wanted = False
            for subscriber in self._subscribers:
                if subscriber.wants(event):
                    subscriber.awaited = wanted = True
            if wanted and not self._waking and not loop.is_closed():
                self._waking = True
                loop.call_soon_threadsafe(loop.call_later, _GATHER_S, wake)

        self._ledger.on_append = appended
        end = self._ledger.last()

        def first_places(tx: Tx) -> None:
            tx.executemany(
                "INSERT OR IGNORE INTO bus_cursors VALUES (?, ?)", [(s.name, end) for s in self._subscribers]
            )

        known = {row["subscriber"] for row in self._db.all("SELECT subscriber FROM bus_cursors")}
        if any(subscriber.name not in known for subscriber in self._subscribers):
            await self._db.write(first_places)
        self._tasks = [loop.create_task(self._deliver(s), name=f"bus-{s.name}") for s in self._subscribers]
        self._tasks.append(loop.create_task(self._save_places(), name="bus-places"))

    async def stop(self) -> None:
        """Stop delivering; what was not handled is delivered after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _deliver(self, subscriber: _Subscriber) -> None:
        row = self._db.one("SELECT seq FROM bus_cursors WHERE subscriber = ?", (subscriber.name,))
        subscriber.place = subscriber.saved = int(row["seq"]) if row else 0
        while True:
            subscriber.wake.clear()
            events = self._ledger.read(
                subscriber.place, sources=subscriber.sources, detail_types=subscriber.detail_types, limit=_BATCH
            )
            for event in events:
                await self._handle(subscriber, event)
                subscriber.place = event.seq
                self._moved.set()
            if len(events) < _BATCH:
                await subscriber.wake.wait()

    async def _save_places(self) -> None:
        """Places may lag behind what was handled (at least once is the promise): one write for all, now and then."""
        while True:
            await self._moved.wait()
            await asyncio.sleep(_SAVE_S)
            self._moved.clear()
            moved = [(s.place, s.name) for s in self._subscribers if s.place != s.saved]
            try:
                await self._db.write(partial(_save, moved))
            except Exception:
                log.exception("the places of subscribers could not be saved")
                continue
            places = {name: place for place, name in moved}
            for subscriber in self._subscribers:
                subscriber.saved = places.get(subscriber.name, subscriber.saved)

    async def _handle(self, subscriber: _Subscriber, event: Event) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                await subscriber.handler(event)
            except Exception:
                log.exception(
                    "an event could not be handled", subscriber=subscriber.name, event=event.id, attempt=attempt
                )
                await self._clock.sleep(_RETRY_S[min(attempt, len(_RETRY_S) - 1)])
            else:
                return
        log.error("an event was given up", subscriber=subscriber.name, event=event.id, detail_type=event.detail_type)


def _save(places: list[tuple[int, str]], tx: Tx) -> None:
    tx.executemany("UPDATE bus_cursors SET seq = ? WHERE subscriber = ?", places)
