"""Tags of scheduled queries and lookup tables, for the operations that tag anything by its ARN."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call
from trunkline.core.db import Reader, Tx
from trunkline.services.logs.api.context import Context
from trunkline.services.logs.queries.model import LookupTable, ScheduledQuery
from trunkline.services.logs.queries.store import LOOKUPS, SCHEDULED

_KINDS = ("scheduled-query", "lookup-table")


class QueryTags(Context):
    def _query_tags(self, call: Call, arn: str) -> dict[str, str] | None:
        """The tags of what the ARN names; None when that is neither of the two."""
        return _find(self._queries.db, call, arn).tags if _is_ours(arn) else None

    async def _tag_query(self, call: Call, arn: str, change: Callable[[dict[str, str]], dict[str, str]]) -> bool:
        """Change the tags; False when the ARN names neither of the two."""
        if not _is_ours(arn):
            return False

        def work(tx: Tx) -> None:
            found = _find(tx, call, arn)
            found.tags = change(found.tags)
            if isinstance(found, LookupTable):
                LOOKUPS.put(tx, found)
            else:
                SCHEDULED.put(tx, found)

        await self._queries.db.write(work)
        return True


def _is_ours(arn: str) -> bool:
    return arn.split(":")[5:6] in ([kind] for kind in _KINDS)


def _find(reader: Reader, call: Call, arn: str) -> LookupTable | ScheduledQuery:
    place = (call.account, call.region)
    there: list[LookupTable | ScheduledQuery] = [*LOOKUPS.find(reader, prefix=place)]
    there += SCHEDULED.find(reader, prefix=place)
    for one in there:
        if one.arn == arn:
            return one
    raise AwsError("ResourceNotFoundException", "The specified resource does not exist.")
