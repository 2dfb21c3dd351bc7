"""Queries of Logs Insights as things that are started, run, kept and read: between operations and language."""

from __future__ import annotations

from trunkline.aws.service import Kit
from trunkline.core.db import Database
from trunkline.engines.telemetry import Telemetry
from trunkline.services.logs.queries.model import Query
from trunkline.services.logs.queries.runner import Runner
from trunkline.services.logs.queries.scheduler import Scheduler
from trunkline.services.logs.queries.store import QueryStore
from trunkline.services.logs.store import Store


class Queries:
    """The store, what runs queries and what starts scheduled ones."""

    def __init__(self, kit: Kit, store: Store, telemetry: Telemetry) -> None:
        self.store = QueryStore(kit.db)
        self.runner = Runner(store, self.store, telemetry, kit.clock)
        self.scheduler = Scheduler(kit, self.store, self.runner)

    @property
    def db(self) -> Database:
        return self.store.db

    def rows(self, query: Query, start: int, count: int) -> list[list[dict[str, str]]]:
        return self.store.rows(query, start, count)

    async def start(self) -> None:
        await self.runner.start()
        await self.scheduler.start()

    async def stop(self) -> None:
        await self.scheduler.stop()
        await self.runner.stop()
