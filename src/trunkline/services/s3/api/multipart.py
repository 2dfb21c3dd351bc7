"""Multipart uploads: begin, add parts, complete, abort, list."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.engines.objects import Objects
from trunkline.services.s3 import (
    body,
    checksums,
    completing,
    conditions,
    copying,
    described,
    errors,
    events,
    store,
    uploads,
    versions,
)
from trunkline.services.s3.acl import owner
from trunkline.services.s3.api.objects import object_arn
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.listing import clean, common_prefix, encoder
from trunkline.services.s3.model import MAX_PARTS, NULL_VERSION, Bucket, ObjectVersion, Part, Upload
from trunkline.services.s3.sealing import Sealing


class MultipartApi:
    """Operations on uploads under way."""

    kit: Kit
    objects: Objects
    gate: Gate
    sealing: Sealing
    events: events.Events

    @operation(object_arn, authorize=False, action="s3:PutObject", data_event=True, writes_once=True)
    async def create_multipart_upload(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:PutObject")
        described.refuse_unreal(req)
        algorithm: str = req.get("ChecksumAlgorithm", "")
        if algorithm:
            checksums.known(algorithm)
        seal = await self.sealing.for_new(call, bucket, req)
        upload = Upload(
            bucket.name,
            req["Key"],
            ids.alnum(64),
            self.kit.clock.time(),
            bucket.account,
            storage_class=described.storage_class(req),
            headers=described.content(req),
            metadata=described.metadata(req),
            tags=described.header_tags(req),
            algorithm=algorithm,
            checksum_type=checksums.multipart_type(algorithm, req.get("ChecksumType")),
            seal=dict(seal.record),
        )

        def begin(tx: Tx) -> None:
            versions.bucket_in(tx, bucket.name)
            uploads.insert(tx, upload)

        await self.kit.db.write(begin)
        answer = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.upload_id}
        checksum = {"ChecksumAlgorithm": algorithm, "ChecksumType": upload.checksum_type}
        return clean({**answer, **checksum, **described.sealed(upload.seal)})

    @operation(object_arn, authorize=False, action="s3:PutObject", data_event=True, writes_once=True)
    async def upload_part(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:PutObject")
        upload = self._upload(bucket, req)
        described.refuse_unreal(req)
        _check_number(req["PartNumber"])
        seal = await self.sealing.of(call, upload.seal)
        taken = await body.take(self.objects, req.get("Body", b""), req, call.headers, seal, algorithm=upload.algorithm)
        part = await self._add(upload, req["PartNumber"], taken)
        return {"ETag": f'"{part.etag}"', **taken.checksums, **described.sealed(upload.seal)}

    @operation(object_arn, authorize=False, action="s3:PutObject", data_event=True, writes_once=True)
    async def upload_part_copy(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:PutObject")
        upload = self._upload(bucket, req)
        described.refuse_unreal(req)
        _check_number(req["PartNumber"])
        origin = copying.source(self.kit, self.gate, call, req).found
        conditions.check_read(req, origin, prefix="CopySource", copy=True)
        start, length = 0, origin.size
        if "CopySourceRange" in req:
            cut = conditions.byte_range(req["CopySourceRange"], origin.size)
            if cut is None:
                raise errors.invalid_argument(
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
                    "the zero-based offsets of the first and last bytes to copy",
                    "x-amz-copy-source-range",
                    req["CopySourceRange"],
                )
            start, length = cut
        content = await copying.opened(self.objects, self.sealing, call, origin, start, length)
        seal = await self.sealing.of(call, upload.seal)
        taken = await body.take(self.objects, content, {}, {}, seal, algorithm=upload.algorithm)
        part = await self._add(upload, req["PartNumber"], taken)
        modified = datetime.fromtimestamp(int(part.modified), UTC)
        return {"CopyPartResult": {"ETag": f'"{part.etag}"', "LastModified": modified, **part.checksums}}

    async def _add(self, upload: Upload, number: int, taken: body.Taken) -> Part:
        part = Part(number, taken.size, taken.etag, self.kit.clock.time(), [taken.written.piece], nonce=taken.nonce)
        if upload.algorithm:
            part.checksums = taken.checksums

        def add(tx: Tx) -> None:
            if uploads.get(tx, upload.bucket, upload.key, upload.upload_id) is None:
                raise errors.no_such_upload(upload.upload_id)
            uploads.put_part(tx, self.objects, upload.upload_id, part)
            self.objects.keep(tx, taken.written)

        try:
            if upload.algorithm and taken.algorithm != upload.algorithm:
                raise errors.invalid_request(
                    f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm.lower()}, actual "
                    f"checksum Type: {taken.algorithm.lower()}"
                )
            await self.kit.db.write(add)
        except Exception:
            self.objects.discard(taken.written)
            raise
        return part

    @operation(object_arn, authorize=False, action="s3:PutObject", data_event=True, writes_once=True)
    async def complete_multipart_upload(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:PutObject")
        upload = uploads.get(self.kit.db, bucket.name, req["Key"], req["UploadId"])
        if upload is None:
            return self._completed_before(bucket, req)
        named = req.get("MultipartUpload", {}).get("Parts") or []

        def complete(tx: Tx) -> ObjectVersion:
            here = versions.bucket_in(tx, bucket.name)
            if uploads.get(tx, upload.bucket, upload.key, upload.upload_id) is None:
                raise errors.no_such_upload(upload.upload_id)
            have = uploads.parts(tx, upload.upload_id)
            chosen = completing.choose(named, have, upload)
            item = completing.whole(upload, chosen, self.kit.clock.time())
            completing.check(req, item)
            conditions.check_write(req, upload.key, store.current(tx, upload.bucket, upload.key))
            item.version_id = versions.new_id(here)
            kept = {part.number for part in chosen}
            for part in have:
                if part.number not in kept:
                    self.objects.release(tx, part.pieces)
            uploads.delete(tx, upload)
            versions.place(tx, self.objects, here, item)
            self.events.created(tx, call, here, item, "CompleteMultipartUpload")
            return item

        return _completed(await self.kit.db.write(complete), bucket, call)

    def _completed_before(self, bucket: Bucket, req: Doc) -> Doc:
        """A client that missed the answer asks again: if the object is still the one it made, it is told so."""
        found = store.current(self.kit.db, bucket.name, req["Key"])
        if found is None or not req["UploadId"] or found.upload_id != req["UploadId"]:
            raise errors.no_such_upload(req["UploadId"])
        return _completed(found, bucket, None)

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def abort_multipart_upload(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:AbortMultipartUpload")
        upload = self._upload(bucket, req)

        def abort(tx: Tx) -> None:
            if uploads.get(tx, upload.bucket, upload.key, upload.upload_id) is None:
                raise errors.no_such_upload(upload.upload_id)
            uploads.abort(tx, self.objects, upload)

        await self.kit.db.write(abort)
        return {}

    @operation(object_arn, authorize=False, action="s3:ListMultipartUploadParts")
    async def list_parts(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:ListMultipartUploadParts")
        upload = self._upload(bucket, req)
        limit = min(req.get("MaxParts", 1000), 1000)
        after = int(req.get("PartNumberMarker") or 0)
        found = uploads.parts(self.kit.db, upload.upload_id, after, limit + 1)
        shown = found[:limit]
        parts = [
            {
                "PartNumber": part.number,
                "ETag": f'"{part.etag}"',
                "Size": part.size,
                "LastModified": datetime.fromtimestamp(int(part.modified), UTC),
                **part.checksums,
            }
            for part in shown
        ]
        truncated = len(found) > limit
        answer: Doc = {
            "Bucket": bucket.name,
            "Key": upload.key,
            "UploadId": upload.upload_id,
            "PartNumberMarker": after,
            "NextPartNumberMarker": shown[-1].number if shown and truncated else None,
            "MaxParts": limit,
            "IsTruncated": truncated,
            "Parts": parts,
            "Initiator": owner(bucket.account),
            "Owner": owner(bucket.account),
            "StorageClass": upload.storage_class,
            "ChecksumAlgorithm": upload.algorithm,
            "ChecksumType": upload.checksum_type,
        }
        return clean(answer)

    @operation("arn:aws:s3:::{Bucket}", authorize=False, action="s3:ListBucketMultipartUploads")
    async def list_multipart_uploads(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:ListBucketMultipartUploads")
        prefix, delimiter = req.get("Prefix", ""), req.get("Delimiter", "")
        limit = min(req.get("MaxUploads", 1000), 1000)
        key_marker, id_marker = req.get("KeyMarker", ""), req.get("UploadIdMarker", "")
        after = (key_marker, id_marker if id_marker else "\U0010ffff") if key_marker else ("", "")
        write = encoder(req.get("EncodingType"))
        shown: list[Upload] = []
        prefixes: list[str] = []
        truncated = False
        last = ("", "")
        for upload in uploads.find(self.kit.db, bucket.name, prefix, after):
            common = common_prefix(upload.key, prefix, delimiter)
            if common is not None and (common in prefixes or common == key_marker):
                continue
            if len(shown) + len(prefixes) == limit:
                truncated = True
                break
            if common is None:
                shown.append(upload)
                last = (upload.key, upload.upload_id)
            else:
                prefixes.append(common)
                last = (common, "")
        answer: Doc = {
            "Bucket": bucket.name,
            "KeyMarker": write(key_marker),
            "UploadIdMarker": id_marker,
            "Prefix": write(prefix),
            "Delimiter": write(delimiter),
            "MaxUploads": limit,
            "IsTruncated": truncated,
            "Uploads": [_listed(upload, write(upload.key)) for upload in shown],
            "CommonPrefixes": [{"Prefix": write(one)} for one in prefixes],
            "EncodingType": req.get("EncodingType"),
        }
        if truncated:
            answer |= {"NextKeyMarker": write(last[0]), "NextUploadIdMarker": last[1]}
        return clean(answer)

    def _upload(self, bucket: Bucket, req: Mapping[str, Any]) -> Upload:
        found = uploads.get(self.kit.db, bucket.name, req["Key"], req["UploadId"])
        if found is None:
            raise errors.no_such_upload(req["UploadId"])
        return found


def _check_number(number: int) -> None:
    if not 1 <= number <= MAX_PARTS:
        raise errors.invalid_argument(
            f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive", "partNumber", str(number)
        )


def _completed(item: ObjectVersion, bucket: Bucket, call: Call | None) -> Doc:
    host = call.host if call is not None else ""
    answer: Doc = {
        "Location": f"http://{host}/{item.bucket}/{item.key}" if host else f"/{item.bucket}/{item.key}",
        "Bucket": item.bucket,
        "Key": item.key,
        "ETag": f'"{item.etag}"',
        **item.checksums,
        "ChecksumType": item.checksum_type,
        **described.sealed(item.seal),
    }
    if bucket.versioning and item.version_id != NULL_VERSION:
        answer["VersionId"] = item.version_id
    return clean(answer)


def _listed(upload: Upload, key: str) -> Doc:
    return clean(
        {
            "Key": key,
            "UploadId": upload.upload_id,
            "Initiated": datetime.fromtimestamp(int(upload.started), UTC),
            "StorageClass": upload.storage_class,
            "Initiator": owner(upload.account),
            "Owner": owner(upload.account),
            "ChecksumAlgorithm": upload.algorithm,
            "ChecksumType": upload.checksum_type,
        }
    )
