"""What every operation works with: lists with filters, and operations that are over when they are answered."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.servicediscovery import store
from trunkline.services.servicediscovery.model import Operation

_PAGE = 100


class Context:
    """Kit and clock."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._db = kit.db

    def _now(self) -> float:
        return self._kit.clock.time()

    async def _done(self, call: Call, kind: str, work: Callable[[Tx], dict[str, str]]) -> Doc:
        """Do it, and keep it as an operation that succeeded; `work` answers the operation's targets."""
        operation = Operation(call.account, call.region, f"{ids.alnum(32)}-{ids.alnum(8)}", kind, self._now())

        def write(tx: Tx) -> None:
            operation.targets = work(tx)
            store.OPERATIONS.insert(tx, operation)

        await self._db.write(write)
        return {"OperationId": operation.id}


def page(items: list[Any], req: Doc, key: Callable[[Any], str]) -> tuple[list[Any], str | None]:
    return paging.page(items, req.get("MaxResults", _PAGE), req.get("NextToken"), key=key, error="InvalidInput")


def passes(filters: list[Doc], values: dict[str, str]) -> bool:
    """Whether something with these values by filter name passes them all."""
    for one in filters:
        value, wanted = values.get(one["Name"], ""), one["Values"]
        match one.get("Condition", "EQ"):
            case "BEGINS_WITH":
                fits = any(value.startswith(each) for each in wanted)
            case "BETWEEN":
                fits = len(wanted) == 2 and wanted[0] <= value <= wanted[1]
            case _:
                fits = value in wanted
        if not fits:
            return False
    return True


def moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
