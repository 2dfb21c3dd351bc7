"""The pages behind `trunkline drift`: what differs and by whom, as it happens, and putting it back."""

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.aws.service import Caller, Kit
from trunkline.insights import drift
from trunkline.services.cloudformation.drift.reverting import revert

Doc = dict[str, Any]
Page = Callable[[Caller, dict[str, str]], Awaitable[Doc]]
_WAIT_S = 20.0


class DriftPages:
    """Detection runs as the principal who asks: what it may not see, it is not shown."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def pages(self) -> dict[tuple[str, str], tuple[str, Page]]:
        return {
            ("GET", "drift"): ("GetDrift", self._drift),
            ("GET", "drift/unowned"): ("GetDrift", self._unowned),
            ("GET", "drift/watch"): ("GetDrift", self._watch),
            ("POST", "drift/revert"): ("RevertDrift", self._revert),
        }

    async def _drift(self, caller: Caller, query: dict[str, str]) -> Doc:
        stacks = drift.Stacks(self._kit, caller)
        names = [query["stack"]] if query.get("stack") else await stacks.names()
        last = self._kit.ledger.last()
        return {"stacks": [await stacks.report(name) for name in names], "last": last}

    async def _unowned(self, caller: Caller, query: dict[str, str]) -> Doc:
        return await drift.unowned(self._kit, caller)

    async def _watch(self, caller: Caller, query: dict[str, str]) -> Doc:
        after = int(query["after"]) if "after" in query else self._kit.ledger.last()
        return await drift.changes(self._kit, caller, after, min(float(query.get("wait", _WAIT_S)), _WAIT_S))

    async def _revert(self, caller: Caller, query: dict[str, str]) -> Doc:
        chosen = [name for name in query.get("resources", "").split(",") if name]
        return {"resources": await revert(self._kit, caller, query.get("stack", ""), chosen)}
