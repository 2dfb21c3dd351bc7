"""Carrying out the lifecycle rules: once at start and then every hour, bucket by bucket, in small commits."""

from dataclasses import replace

from trunkline.aws.service import Call, Caller, Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.objects import Objects
from trunkline.services.s3 import store, uploads, versions
from trunkline.services.s3.events import Events
from trunkline.services.s3.lifecycle import Due
from trunkline.services.s3.listing import behind
from trunkline.services.s3.model import Bucket, ObjectVersion

log = get(__name__)

_EVERY_S = 3600.0
_BATCH = 500
_REASON = "Lifecycle Expiration"


class Expiry:
    """Deletes what has expired, and moves what is to lie in another storage class."""

    def __init__(self, kit: Kit, objects: Objects, events: Events) -> None:
        self._kit = kit
        self._objects = objects
        self._events = events

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("the lifecycle rules could not be carried out")
            await self._kit.clock.sleep(_EVERY_S)

    async def sweep(self) -> int:
        """Apply every bucket's rules now; how many things went."""
        gone = 0
        for bucket in store.BUCKETS.find(self._kit.db):
            if not bucket.settings.get("lifecycle"):
                continue
            place = ""
            while True:
                keys = store.keys(self._kit.db, bucket.name, place, _BATCH)
                if not keys:
                    break
                gone += await self._kit.db.write(lambda tx, b=bucket, k=keys: self._sweep(tx, b, k))  # type: ignore[misc]
                place = behind(keys[-1])
            gone += await self._kit.db.write(lambda tx, b=bucket: self._sweep_uploads(tx, b))  # type: ignore[misc]
        if gone:
            log.info("expired by lifecycle rules", versions=gone)
        return gone

    def _sweep(self, tx: Tx, named: Bucket, keys: list[str]) -> int:
        bucket = store.bucket(tx, named.name)
        if bucket is None:
            return 0
        now = self._kit.clock.time()
        due = Due(bucket, now)
        caller = Caller.service("s3.amazonaws.com", bucket.account, bucket.region)
        call = Call(caller, "s3", "LifecycleExpiration", ids.request_id())
        gone = 0
        for key in keys:
            current = store.current(tx, bucket.name, key)
            if current is not None and due.current(current):
                deleted = versions.delete(tx, self._objects, bucket, key, now)
                self._events.deleted(tx, call, bucket, key, deleted, _REASON)
                gone += 1
            elif current is not None and not current.marker:
                _move(tx, current, due.new_class(current))
            replaced = current.modified if current is not None else now
            older = store.noncurrent(tx, bucket.name, key)
            for newer, item in enumerate(older):
                if due.noncurrent(item, replaced, newer):
                    deleted = versions.delete_version(tx, self._objects, bucket, key, item.version_id)
                    self._events.deleted(tx, call, bucket, key, deleted, _REASON)
                    gone += 1
                elif not item.marker:
                    _move(tx, item, due.new_class_of_old(item, replaced, newer))
                replaced = item.modified
            current = store.current(tx, bucket.name, key)
            if current is not None and due.lone_marker(current) and not store.noncurrent(tx, bucket.name, key):
                versions.delete_version(tx, self._objects, bucket, key, current.version_id)
                gone += 1
        return gone

    def _sweep_uploads(self, tx: Tx, named: Bucket) -> int:
        bucket = store.bucket(tx, named.name)
        if bucket is None:
            return 0
        due = Due(bucket, self._kit.clock.time())
        over = [upload for upload in uploads.find(tx, bucket.name) if due.upload(upload)]
        for upload in over:
            uploads.abort(tx, self._objects, upload)
        return len(over)


def _move(tx: Tx, item: ObjectVersion, storage_class: str | None) -> None:
    if storage_class is not None:
        store.rewrite(tx, replace(item, storage_class=storage_class))
