"""Tags of objectives."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws import tags
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.applicationsignals.api.context import Context, find
from trunkline.services.applicationsignals.store import OBJECTIVES


class Tags(Context):
    @operation("{ResourceArn}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        added = tags.normalise(req["Tags"], error="ServiceQuotaExceededException")
        await self._retag(call, req, lambda old: tags.merge(old, added, too_many="ServiceQuotaExceededException"))
        return {}

    @operation("{ResourceArn}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        await self._retag(call, req, lambda old: {k: v for k, v in old.items() if k not in req["TagKeys"]})
        return {}

    @operation("{ResourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tags.pairs(find(self._kit.db, call, req["ResourceArn"]).tags)}

    async def _retag(self, call: Call, req: Doc, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        def work(tx: Tx) -> None:
            found = find(tx, call, req["ResourceArn"])
            found.tags = change(found.tags)
            OBJECTIVES.put(tx, found)

        await self._kit.db.write(work)
