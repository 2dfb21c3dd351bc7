"""Tags of secrets."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import merge, normalise
from trunkline.core.db import Tx
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part


class TagOperations(Part):
    """TagResource and UntagResource."""

    @operation(RESOURCE)
    async def tag_resource(self, call: Call, req: Doc) -> None:
        tags = normalise(req["Tags"], error="InvalidParameterException", too_many="InvalidParameterException")

        def write(tx: Tx) -> None:
            item = store.secret(tx, call, req["SecretId"], self._clock.now())
            item.tags = merge(item.tags, tags, too_many="InvalidParameterException")
            store.SECRETS.put(tx, item)

        await self._db.write(write)

    @operation(RESOURCE)
    async def untag_resource(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.secret(tx, call, req["SecretId"], self._clock.now())
            item.tags = {key: value for key, value in item.tags.items() if key not in req["TagKeys"]}
            store.SECRETS.put(tx, item)

        await self._db.write(write)
