"""Tags of log groups, by ARN and by the older operations by name; by ARN also of what belongs to queries."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws import tags
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.context import group_resource, name_in_arn
from trunkline.services.logs.api.queries.tagging import QueryTags
from trunkline.services.logs.model import LogGroup


def _put(added: dict[str, str]) -> Callable[[LogGroup], None]:
    def change(group: LogGroup) -> None:
        group.tags = tags.merge(group.tags, added, too_many="TooManyTagsException")

    return change


def _remove(keys: list[str]) -> Callable[[LogGroup], None]:
    def change(group: LogGroup) -> None:
        group.tags = {key: value for key, value in group.tags.items() if key not in keys}

    return change


class Tags(QueryTags):
    def _tagged(self, call: Call, req: Doc) -> LogGroup:
        return self._store.group(call.account, call.region, name_in_arn(req["resourceArn"]))

    @operation("{resourceArn}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        added = tags.normalise(req["tags"], error="InvalidParameterException")
        if not await self._tag_query(
            call, req["resourceArn"], lambda own: tags.merge(own, added, too_many="TooManyTagsException")
        ):
            await self._store.change_group(self._tagged(call, req), _put(added))
        return {}

    @operation("{resourceArn}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        keys = req["tagKeys"]
        if not await self._tag_query(
            call, req["resourceArn"], lambda own: {k: v for k, v in own.items() if k not in keys}
        ):
            await self._store.change_group(self._tagged(call, req), _remove(keys))
        return {}

    @operation("{resourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        found = self._query_tags(call, req["resourceArn"])
        return {"tags": self._tagged(call, req).tags if found is None else found}

    @operation(group_resource)
    async def tag_log_group(self, call: Call, req: Doc) -> Doc:
        added = tags.normalise(req["tags"], error="InvalidParameterException")
        await self._store.change_group(self._group(call, req), _put(added))
        return {}

    @operation(group_resource)
    async def untag_log_group(self, call: Call, req: Doc) -> Doc:
        await self._store.change_group(self._group(call, req), _remove(req["tags"]))
        return {}

    @operation(group_resource)
    async def list_tags_log_group(self, call: Call, req: Doc) -> Doc:
        return {"tags": self._group(call, req).tags}
