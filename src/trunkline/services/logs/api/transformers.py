"""The transformer of a log group: put, get, delete, test."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.model import GroupTransformer
from trunkline.services.logs.store import TRANSFORMERS
from trunkline.services.logs.transform import InvalidTransformer, Metadata, Transformer, compile_transformer


class Transformers(Context):
    @operation(group_resource)
    async def put_transformer(self, call: Call, req: Doc) -> Doc:
        group, config, now = self._group(call, req), req["transformerConfig"], self._now_ms()
        self._standard_only(group, "PutTransformer")
        compiled(config)
        before = TRANSFORMERS.get(self._store.db, group.id)
        made = GroupTransformer(group.id, config, before.created_ms if before else now, now)
        await self._store.write(lambda tx: TRANSFORMERS.put(tx, made))
        return {}

    @operation(group_resource)
    async def get_transformer(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        found = TRANSFORMERS.get(self._store.db, group.id)
        if found is None:
            return {}
        return {
            "logGroupIdentifier": group.arn,
            "creationTime": found.created_ms,
            "lastModifiedTime": found.updated_ms,
            "transformerConfig": found.config,
        }

    @operation(group_resource)
    async def delete_transformer(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        if not await self._store.write(lambda tx: TRANSFORMERS.delete(tx, group.id)):
            raise AwsError("ResourceNotFoundException", "The specified transformer does not exist.")
        return {}

    @operation()
    async def test_transformer(self, call: Call, req: Doc) -> Doc:
        transformer = compiled(req["transformerConfig"])
        metadata = Metadata("", "", call.account, call.region)
        return {
            "transformedLogs": [
                {
                    "eventNumber": number,
                    "eventMessage": message,
                    "transformedEventMessage": transformer.apply(message, metadata) or message,
                }
                for number, message in enumerate(req["logEventMessages"], start=1)
            ]
        }


def compiled(config: list[Doc]) -> Transformer:
    try:
        return compile_transformer(config)
    except InvalidTransformer as error:
        raise AwsError("InvalidParameterException", str(error)) from None
