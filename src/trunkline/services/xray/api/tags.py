"""Tags of groups and sampling rules."""

from __future__ import annotations

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context
from trunkline.services.xray.model import Group, SamplingRule


class Tags(Context):
    @operation("{ResourceARN}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="InvalidRequestException", too_many="TooManyTagsException")

        def change(tx: Tx) -> None:
            found = _tagged(tx, call, req["ResourceARN"])
            found.tags = tags.merge(found.tags, given, too_many="TooManyTagsException")
            _put(tx, found)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            found = _tagged(tx, call, req["ResourceARN"])
            found.tags = {key: value for key, value in found.tags.items() if key not in req["TagKeys"]}
            _put(tx, found)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tags.pairs(_tagged(self._db, call, req["ResourceARN"]).tags)}


def _tagged(reader: Reader, call: Call, arn: str) -> Group | SamplingRule:
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    name = rest.partition("/")[0]
    found: Group | SamplingRule | None = None
    if kind == "group":
        found = store.GROUPS.get(reader, call.account, call.region, name)
    elif kind == "sampling-rule":
        found = store.RULES.get(reader, call.account, call.region, name)
    if found is None or found.arn != arn:
        raise AwsError("ResourceNotFoundException", f"There is no resource {arn}.", ResourceName=arn)
    return found


def _put(tx: Tx, found: Group | SamplingRule) -> None:
    if isinstance(found, Group):
        store.GROUPS.put(tx, found)
    else:
        store.RULES.put(tx, found)
