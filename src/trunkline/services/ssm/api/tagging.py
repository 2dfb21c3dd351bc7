"""Tags of parameters."""

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import merge, normalise, pairs
from trunkline.core.db import Reader, Tx
from trunkline.services.ssm import names, store
from trunkline.services.ssm.api.part import Part
from trunkline.services.ssm.model import Parameter


def _resource(call: Call, req: Doc) -> str:
    return names.arn(call, names.select(req["ResourceId"]).name)


class TagOperations(Part):
    """AddTagsToResource, RemoveTagsFromResource, ListTagsForResource."""

    @operation(_resource)
    async def add_tags_to_resource(self, call: Call, req: Doc) -> Doc:
        tags = normalise(req["Tags"], error="ValidationException", too_many="TooManyTagsError")

        def write(tx: Tx) -> None:
            item = _tagged(tx, call, req)
            item.tags = merge(item.tags, tags, too_many="TooManyTagsError")
            store.PARAMETERS.put(tx, item)

        await self._db.write(write)
        return {}

    @operation(_resource)
    async def remove_tags_from_resource(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> None:
            item = _tagged(tx, call, req)
            item.tags = {key: value for key, value in item.tags.items() if key not in req["TagKeys"]}
            store.PARAMETERS.put(tx, item)

        await self._db.write(write)
        return {}

    @operation(_resource)
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"TagList": pairs(_tagged(self._db, call, req).tags)}


def _tagged(reader: Reader, call: Call, req: Doc) -> Parameter:
    if req["ResourceType"] != "Parameter":
        raise Refused(
            f"Trunkline's Systems Manager is Parameter Store: there is no {req['ResourceType']} to tag.",
            code="InvalidResourceType",
            status=400,
        )
    item = store.find(reader, call, names.select(req["ResourceId"]).name)
    if item is None:
        raise AwsError("InvalidResourceId", f"There is no parameter {req['ResourceId']}.")
    return item
