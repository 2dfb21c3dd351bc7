"""What putting and deleting do to the versions of a key, as the bucket's versioning says.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html

Everything here runs inside one write, together with the references to the bytes.
"""

from dataclasses import dataclass

from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.engines.objects import Objects
from trunkline.services.s3 import errors, store
from trunkline.services.s3.model import NULL_VERSION, Bucket, ObjectVersion


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a delete did. `version_id` is what it removed or, for a new marker, the marker's."""

    version_id: str = ""
    marker: bool = False
    marker_made: bool = False
    existed: bool = False


def new_id(bucket: Bucket) -> str:
    """The id that a new version gets."""
    return ids.alnum(32) if bucket.versioning == "Enabled" else NULL_VERSION


def place(tx: Tx, objects: Objects, bucket: Bucket, item: ObjectVersion) -> None:
    """Make `item` the current version; the one before is kept if it is a version of its own, else its bytes go."""
    now = store.current(tx, item.bucket, item.key)
    if now is not None:
        if now.version_id == item.version_id:
            objects.release(tx, now.pieces)
        else:
            store.retire(tx, now)
    if bucket.versioning and item.version_id == NULL_VERSION and (now is None or now.version_id != NULL_VERSION):
        _remove_old(tx, objects, item.bucket, item.key, NULL_VERSION)
    store.put_current(tx, item)


def delete(tx: Tx, objects: Objects, bucket: Bucket, key: str, modified: float) -> Deleted:
    """Delete without a version id: the object is gone, or hidden behind a marker where there are versions."""
    now = store.current(tx, bucket.name, key)
    if not bucket.versioning:
        if now is None:
            return Deleted()
        objects.release(tx, now.pieces)
        store.delete_current(tx, bucket.name, key)
        return Deleted(existed=True)
    marker = ObjectVersion(bucket.name, key, new_id(bucket), modified, marker=True, account=bucket.account)
    place(tx, objects, bucket, marker)
    return Deleted(marker.version_id, marker=True, marker_made=True, existed=now is not None and not now.marker)


def delete_version(tx: Tx, objects: Objects, bucket: Bucket, key: str, version_id: str) -> Deleted:
    """Remove one version for good; the one before it becomes current."""
    now = store.current(tx, bucket.name, key)
    if now is not None and now.version_id == version_id:
        objects.release(tx, now.pieces)
        store.delete_current(tx, bucket.name, key)
        return Deleted(version_id, marker=now.marker, existed=True)
    gone = _remove_old(tx, objects, bucket.name, key, version_id)
    return Deleted(version_id, marker=gone is not None and gone.marker, existed=gone is not None)


def bucket_in(tx: Tx, name: str) -> Bucket:
    """The bucket as it is inside this write: it may have been deleted, or its versioning changed, meanwhile."""
    found = store.bucket(tx, name)
    if found is None:
        raise errors.no_such_bucket(name)
    return found


def _remove_old(tx: Tx, objects: Objects, bucket: str, key: str, version_id: str) -> ObjectVersion | None:
    gone = store.delete_old(tx, bucket, key, version_id)
    if gone is not None:
        objects.release(tx, gone.pieces)
    return gone
