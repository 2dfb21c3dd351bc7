"""The pages behind `trunkline alarms`: an alarm replayed over the stored history, and tuned to it."""

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.aws.service import Caller, Kit
from trunkline.insights import noise

Doc = dict[str, Any]
Page = Callable[[Caller, dict[str, str]], Awaitable[Doc]]


class AlarmPages:
    """Alarms and metrics are read as the principal who asks."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def pages(self) -> dict[tuple[str, str], tuple[str, Page]]:
        return {
            ("GET", "alarms/replay"): ("ReplayAlarm", self._replay),
            ("GET", "alarms/tune"): ("ReplayAlarm", self._tune),
        }

    async def _replay(self, caller: Caller, query: dict[str, str]) -> Doc:
        return await noise.replay(self._kit, caller, noise.asked(query, self._kit.clock.now()))

    async def _tune(self, caller: Caller, query: dict[str, str]) -> Doc:
        return await noise.tune(self._kit, caller, noise.asked(query, self._kit.clock.now()))
