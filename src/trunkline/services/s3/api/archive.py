"""Objects in an archive (GLACIER, DEEP_ARCHIVE): restored for some days; here that takes no time."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.services.s3 import errors, store
from trunkline.services.s3.api.objects import object_arn
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.model import ARCHIVES, Bucket, ObjectVersion

_DAY_S = 86_400


class ArchiveApi:
    """RestoreObject."""

    kit: Kit
    gate: Gate

    @operation(object_arn, authorize=False, data_event=True, writes_once=True)
    async def restore_object(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.object(call, req, "s3:RestoreObject")
        wanted = req.get("RestoreRequest", {})
        if wanted.get("Type") == "SELECT" or "OutputLocation" in wanted:
            raise errors.refused("Trunkline does not query archived objects; restore them and read them.")
        if not wanted.get("Days"):
            raise errors.malformed_xml()
        now = self.kit.clock.time()

        def restore(tx: Tx) -> None:
            found = _found(tx, bucket, req)
            if found.storage_class not in ARCHIVES:
                text = "Restore is not allowed for the object's current storage class"
                raise AwsError("InvalidObjectState", text, status=403, StorageClass=found.storage_class)
            over = now + (wanted["Days"] + 1) * _DAY_S
            found.restored_until = over - over % _DAY_S
            store.rewrite(tx, found)

        await self.kit.db.write(restore)
        return {}


def _found(tx: Tx, bucket: Bucket, req: Doc) -> ObjectVersion:
    version_id = req.get("VersionId")
    found = (
        store.version(tx, bucket.name, req["Key"], version_id)
        if version_id
        else store.current(tx, bucket.name, req["Key"])
    )
    if found is None or found.marker:
        raise errors.no_such_version(req["Key"], version_id) if version_id else errors.no_such_key(req["Key"])
    return found
