"""Objects: put, get, head, delete, copy."""

from collections.abc import Mapping
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.engines.objects import MissingPieceError, Objects
from trunkline.services.s3 import body, conditions, copying, described, errors, events, reading, store, versions
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.model import MAX_KEY_BYTES, NULL_VERSION, Bucket, ObjectVersion
from trunkline.services.s3.sealing import Sealing

_DELETE_LIMIT = 1000


def object_arn(_: Call, req: Doc) -> str:
    """What a policy is asked about. Not a template: a key may look like an ARN."""
    return f"arn:aws:s3:::{req['Bucket']}/{req['Key']}"


class ObjectApi:
    """Operations on one object, and the deletion of many."""

    kit: Kit
    objects: Objects
    gate: Gate
    sealing: Sealing
    events: events.Events

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def put_object(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:PutObject")
        described.refuse_unreal(req)
        item = self._new(call, bucket, req)
        item.headers = described.content(req)
        item.tags = described.header_tags(req)
        seal = await self.sealing.for_new(call, bucket, req)
        taken = await body.take(self.objects, req.get("Body", b""), req, call.headers, seal)
        item.seal = {**seal.record, "nonce": taken.nonce} if seal.record else {}
        item.size, item.etag, item.checksums = taken.size, taken.etag, taken.checksums
        item.checksum_type = "FULL_OBJECT" if taken.checksums else ""
        item.pieces = [taken.written.piece]
        await self._place(call, item, req, taken)
        return _put_answer(item, bucket)

    @operation(object_arn, authorize=False)
    async def get_object(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _versioned("s3:GetObject", req))
        try:
            return await self._read(call, bucket, req)
        except MissingPieceError:
            # The version was replaced between reading its row and opening its bytes: what is there now is the answer.
            return await self._read(call, bucket, req)

    async def _read(self, call: Call, bucket: Bucket, req: Doc) -> Doc:
        found, answer, window = self._look(bucket, req)
        answer["Body"] = await copying.opened(self.objects, self.sealing, call, found, window.start, window.length)
        return answer

    @operation(object_arn, authorize=False)
    async def head_object(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _versioned("s3:GetObject", req))
        return self._look(bucket, req)[1]

    def _look(self, bucket: Bucket, req: Doc) -> tuple[ObjectVersion, Doc, reading.Window]:
        found = self.find(bucket, req["Key"], req.get("VersionId"))
        conditions.check_read(req, found)
        window = reading.window(found, req)
        answer = described.answer(found, bucket, req)
        answer["ContentLength"] = window.length
        answer |= window.members
        if req.get("ChecksumMode") == "ENABLED" and "ContentRange" not in window.members and found.checksums:
            answer |= {**found.checksums, "ChecksumType": found.checksum_type}
        return found, answer, window

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def delete_object(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, _versioned("s3:DeleteObject", req))
        if req.get("IfMatch") or req.get("IfMatchSize") or req.get("IfMatchLastModifiedTime"):
            _refuse_conditional_delete()
        gone = await self.kit.db.write(lambda tx: self._delete(tx, call, bucket.name, req["Key"], req.get("VersionId")))
        return _delete_answer(gone, bucket)

    def _delete(self, tx: Tx, call: Call, name: str, key: str, version_id: str | None) -> versions.Deleted:
        bucket = versions.bucket_in(tx, name)
        if version_id is None:
            gone = versions.delete(tx, self.objects, bucket, key, self.kit.clock.time())
        else:
            _check_version_id(version_id)
            gone = versions.delete_version(tx, self.objects, bucket, key, version_id)
        if gone.existed or gone.marker_made:
            self.events.deleted(tx, call, bucket, key, gone)
        return gone

    @operation("arn:aws:s3:::{Bucket}/*", authorize=False, data_event=True, writes_once=True)
    async def delete_objects(self, call: Call, req: Doc) -> Doc:
        wanted = req["Delete"]["Objects"]
        if not 1 <= len(wanted) <= _DELETE_LIMIT:
            raise errors.malformed_xml()
        bucket = self.gate.known(req)
        deleted: list[Doc] = []
        failed: list[Doc] = []
        allowed: list[Doc] = []
        for one in wanted:
            if any(one.get(name) for name in ("ETag", "Size", "LastModifiedTime")):
                _refuse_conditional_delete()
            arn = f"arn:aws:s3:::{bucket.name}/{one['Key']}"
            if self.gate.allowed(call, bucket, _versioned("s3:DeleteObject", one), arn):
                allowed.append(one)
            else:
                failed.append({**one, "Code": "AccessDenied", "Message": "Access Denied"})

        def delete(tx: Tx) -> None:
            for one in allowed:
                gone = self._delete(tx, call, bucket.name, one["Key"], one.get("VersionId"))
                deleted.append({"Key": one["Key"], **_delete_result(gone, one, bucket)})

        await self.kit.db.write(delete)
        return {"Deleted": [] if req["Delete"].get("Quiet") else deleted, "Errors": failed}

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def copy_object(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:PutObject")
        described.refuse_unreal(req)
        source = copying.source(self.kit, self.gate, call, req)
        conditions.check_read(req, source.found, prefix="CopySource", copy=True)
        copying.check_changes_something(req, source)
        item = self._new(call, bucket, req)
        copying.describe(item, source.found, req)
        seal = await self.sealing.for_new(call, bucket, req)
        taken = await copying.take(self.objects, self.sealing, call, source.found, req, seal)
        if taken is not None:
            item.size, item.etag, item.checksums = taken.size, taken.etag, taken.checksums
            item.checksum_type = "FULL_OBJECT" if taken.checksums else ""
            item.pieces = [taken.written.piece]
            item.seal = {**seal.record, "nonce": taken.nonce} if seal.record else {}
        else:
            copying.share(item, source.found)
        await self._place(call, item, req, taken, event="CopyObject")
        answer: Doc = {"CopyObjectResult": copying.result(item), **described.sealed(item.seal)}
        if source.bucket.versioning:
            answer["CopySourceVersionId"] = source.found.version_id
        return answer | _version_member(item, bucket)

    # shared ----------------------------------------------------------------------------------------------------------

    def find(self, bucket: Bucket, key: str, version_id: str | None) -> ObjectVersion:
        """The version that a read is about, or S3's error for what is not there or is a delete marker."""
        if version_id is None:
            found = store.current(self.kit.db, bucket.name, key)
            if found is None:
                raise errors.no_such_key(key)
            if found.marker:
                raise errors.no_such_key(key, VersionId=found.version_id, DeleteMarker="true")
            return found
        _check_version_id(version_id)
        found = store.version(self.kit.db, bucket.name, key, version_id)
        if found is None:
            raise errors.no_such_version(key, version_id)
        if found.marker:
            raise errors.marker_not_allowed(version_id)
        return found

    def _new(self, call: Call, bucket: Bucket, req: Mapping[str, Any]) -> ObjectVersion:
        key: str = req["Key"]
        if len(key.encode()) > MAX_KEY_BYTES:
            raise AwsError("KeyTooLongError", "Your key is too long", status=400, MaxSizeAllowed=str(MAX_KEY_BYTES))
        item = ObjectVersion(bucket.name, key, NULL_VERSION, self.kit.clock.time(), account=bucket.account)
        item.storage_class = described.storage_class(req)
        item.metadata = described.metadata(req)
        return item

    async def _place(
        self,
        call: Call,
        item: ObjectVersion,
        req: Mapping[str, Any],
        taken: body.Taken | None,
        event: str = "PutObject",
    ) -> None:
        """Put the version where it belongs: row, references and event in one commit; conditions are checked there."""

        def place(tx: Tx) -> None:
            bucket = versions.bucket_in(tx, item.bucket)
            if "IfNoneMatch" in req or "IfMatch" in req:
                conditions.check_write(req, item.key, store.current(tx, item.bucket, item.key))
            item.version_id = versions.new_id(bucket)
            if taken is not None:
                self.objects.keep(tx, taken.written)
            else:
                self.objects.retain(tx, item.pieces)
            versions.place(tx, self.objects, bucket, item)
            self.events.created(tx, call, bucket, item, event)

        try:
            await self.kit.db.write(place)
        except Exception:
            if taken is not None:
                self.objects.discard(taken.written)
            raise


def _versioned(action: str, req: Mapping[str, Any]) -> str:
    return f"{action}Version" if req.get("VersionId") is not None else action


def _check_version_id(version_id: str) -> None:
    if not version_id or (version_id != NULL_VERSION and len(version_id) > 1024):
        raise errors.invalid_argument("Invalid version id specified", "versionId", version_id)


def _put_answer(item: ObjectVersion, bucket: Bucket) -> Doc:
    answer: Doc = {"ETag": f'"{item.etag}"', **item.checksums}
    if item.checksums:
        answer["ChecksumType"] = item.checksum_type
    if item.seal:
        answer |= described.sealed(item.seal)
    return answer | _version_member(item, bucket)


def _version_member(item: ObjectVersion, bucket: Bucket) -> Doc:
    return {"VersionId": item.version_id} if bucket.versioning else {}


def _delete_answer(gone: versions.Deleted, bucket: Bucket) -> Doc:
    answer: Doc = {}
    if gone.version_id and (bucket.versioning or gone.version_id != NULL_VERSION):
        answer["VersionId"] = gone.version_id
    if gone.marker:
        answer["DeleteMarker"] = True
    return answer


def _delete_result(gone: versions.Deleted, one: Doc, bucket: Bucket) -> Doc:
    result: Doc = {}
    if one.get("VersionId") is not None:
        result["VersionId"] = one["VersionId"]
    if gone.marker:
        result |= {"DeleteMarker": True, "DeleteMarkerVersionId": gone.version_id}
    return result


def _refuse_conditional_delete() -> None:
    raise errors.refused("Trunkline does not support conditional deletes; delete a version by its id instead.")
