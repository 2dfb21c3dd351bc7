"""Tags and attributes of objects that exist, and their (fixed) ACL."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.services.s3 import described, errors, store
from trunkline.services.s3.acl import grants
from trunkline.services.s3.api.objects import ObjectApi, object_arn
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.listing import clean
from trunkline.services.s3.model import Bucket, ObjectVersion, Part

_MOST_TAGS = 10


class TaggingApi(ObjectApi):
    """What can be asked of or changed at an object beside its bytes."""

    kit: Kit
    gate: Gate

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def put_object_tagging(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _action("s3:PutObjectTagging", "s3:PutObjectVersionTagging", req))
        tags = described.tags(req["Tagging"]["TagSet"], most=_MOST_TAGS)
        return await self._retag(bucket, req, tags)

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def delete_object_tagging(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _action("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", req))
        return await self._retag(bucket, req, {})

    async def _retag(self, bucket: Bucket, req: Doc, tags: dict[str, str]) -> Doc:
        version_id = self.find(bucket, req["Key"], req.get("VersionId")).version_id

        def change(tx: Tx) -> None:
            found = store.version(tx, bucket.name, req["Key"], version_id)
            if found is None or found.marker:
                raise errors.no_such_key(req["Key"])
            found.tags = tags
            store.rewrite(tx, found)

        await self.kit.db.write(change)
        return {"VersionId": version_id} if bucket.versioning else {}

    @operation(object_arn, authorize=False)
    async def get_object_tagging(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _action("s3:GetObjectTagging", "s3:GetObjectVersionTagging", req))
        found = self.find(bucket, req["Key"], req.get("VersionId"))
        answer: Doc = {"TagSet": [{"Key": key, "Value": value} for key, value in found.tags.items()]}
        return answer | ({"VersionId": found.version_id} if bucket.versioning else {})

    @operation(object_arn, authorize=False)
    async def get_object_attributes(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:GetObjectVersion" if req.get("VersionId") else "s3:GetObject")
        found = self.find(bucket, req["Key"], req.get("VersionId"))
        wanted = [name for one in req["ObjectAttributes"] for name in one.split(",")]
        answer: Doc = {"LastModified": datetime.fromtimestamp(int(found.modified), UTC)}
        if bucket.versioning:
            answer["VersionId"] = found.version_id
        everything: Doc = {
            "ETag": found.etag,
            "ObjectSize": found.size,
            "StorageClass": found.storage_class,
            "Checksum": {**found.checksums, "ChecksumType": found.checksum_type} if found.checksums else None,
            "ObjectParts": _parts(found, req) if found.parts else None,
        }
        return answer | {name: everything.get(name) for name in wanted if everything.get(name) is not None}

    @operation(object_arn, authorize=False)
    async def get_object_acl(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _action("s3:GetObjectAcl", "s3:GetObjectVersionAcl", req))
        self.find(bucket, req["Key"], req.get("VersionId"))
        return grants(bucket.account, "private")

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def put_object_acl(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _action("s3:PutObjectAcl", "s3:PutObjectVersionAcl", req))
        self.find(bucket, req["Key"], req.get("VersionId"))
        described.refuse_unreal(req if "ACL" in req else {**req, "ACL": "custom"})
        return {}


def _action(plain: str, versioned: str, req: Mapping[str, Any]) -> str:
    return versioned if req.get("VersionId") is not None else plain


def _parts(found: ObjectVersion, req: Doc) -> Doc:
    after, limit = int(req.get("PartNumberMarker") or 0), min(req.get("MaxParts", 1000), 1000)
    rest: list[Part] = [part for part in found.parts if part.number > after]
    shown = rest[:limit]
    answer: Doc = {"TotalPartsCount": len(found.parts), "MaxParts": limit, "PartNumberMarker": after}
    answer["IsTruncated"] = len(rest) > limit
    if answer["IsTruncated"]:
        answer["NextPartNumberMarker"] = shown[-1].number
    if found.checksums:
        answer["Parts"] = [{"PartNumber": part.number, "Size": part.size, **part.checksums} for part in shown]
    return clean(answer)
