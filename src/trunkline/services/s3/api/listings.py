"""Listings of objects and of versions."""

from datetime import UTC, datetime
from typing import Any

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Row
from trunkline.services.s3 import errors, store
from trunkline.services.s3.acl import owner
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.listing import Listing, behind, clean, encoder, is_common, successor, walk
from trunkline.services.s3.model import Bucket

_MAX_KEYS = 1000
_MARKER = ("Key", "VersionId", "IsLatest", "LastModified", "Owner")


class ListingApi:
    """ListObjects, its second version, and ListObjectVersions."""

    kit: Kit
    gate: Gate

    @operation("arn:aws:s3:::{Bucket}", authorize=False)
    async def list_objects(self, call: Call, req: Doc) -> Doc:
        bucket = self._bucket(call, req)
        marker, prefix, delimiter = req.get("Marker", ""), req.get("Prefix", ""), req.get("Delimiter", "")
        start = behind(marker) if marker else ""
        if is_common(marker, prefix, delimiter):
            start = successor(marker)
        page = self._walk(bucket, req, start)
        write = encoder(req.get("EncodingType"))
        answer = {
            **self._members(bucket, req, page),
            "Marker": write(marker),
            "Contents": [_listed(row, write, with_owner=True) for row in page.rows],
            "NextMarker": write(page.last) if page.truncated and delimiter else None,
        }
        return {"Marker": "", "Prefix": "", **clean(answer)}

    @operation("arn:aws:s3:::{Bucket}", authorize=False, action="s3:ListBucket")
    async def list_objects_v2(self, call: Call, req: Doc) -> Doc:
        bucket = self._bucket(call, req)
        token, after, delimiter = req.get("ContinuationToken"), req.get("StartAfter", ""), req.get("Delimiter", "")
        start = behind(after) if after else ""
        if token is not None:
            start = paging.decode(
                token, error="InvalidArgument", message="The continuation token provided is incorrect"
            )
        page = self._walk(bucket, req, start)
        write = encoder(req.get("EncodingType"))
        next_token = None
        if page.truncated:
            ended_in_prefix = delimiter and bool(page.prefixes) and page.last == page.prefixes[-1]
            next_token = paging.encode(successor(page.last) if ended_in_prefix else behind(page.last))
        answer = {
            **self._members(bucket, req, page),
            "KeyCount": len(page.rows) + len(page.prefixes),
            "Contents": [_listed(row, write, with_owner=bool(req.get("FetchOwner"))) for row in page.rows],
            "ContinuationToken": token,
            "NextContinuationToken": next_token,
            "StartAfter": write(after),
        }
        return {"Prefix": "", **clean(answer)}

    @operation("arn:aws:s3:::{Bucket}", authorize=False)
    async def list_object_versions(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:ListBucketVersions")
        key_marker, version_marker = req.get("KeyMarker", ""), req.get("VersionIdMarker", "")
        if version_marker and not key_marker:
            raise errors.invalid_argument(
                "A version-id marker cannot be specified without a key marker.", "version-id-marker", version_marker
            )
        place = _Place(self.kit, bucket.name, key_marker, version_marker)
        start = place.start
        if not version_marker and is_common(key_marker, req.get("Prefix", ""), req.get("Delimiter", "")):
            start = successor(key_marker)
        page = walk(
            place.fetch,
            prefix=req.get("Prefix", ""),
            delimiter=req.get("Delimiter", ""),
            start=start,
            limit=min(req.get("MaxKeys", _MAX_KEYS), _MAX_KEYS),
        )
        write = encoder(req.get("EncodingType"))
        versions: list[Doc] = []
        markers: list[Doc] = []
        for row in page.rows:
            listed = _listed(row, write, with_owner=True)
            listed |= {"VersionId": row["version_id"], "IsLatest": row["seq"] == store.CURRENT_SEQ}
            if row["marker"]:
                markers.append({name: listed[name] for name in _MARKER})
            else:
                versions.append(listed)
        answer = {
            **self._members(bucket, req, page),
            "KeyMarker": write(key_marker),
            "VersionIdMarker": version_marker,
            "Versions": versions,
            "DeleteMarkers": markers,
        }
        if page.truncated:
            answer["NextKeyMarker"] = write(page.last)
            if page.rows and page.rows[-1]["key"] == page.last:
                answer["NextVersionIdMarker"] = page.rows[-1]["version_id"]
        return {"KeyMarker": "", "VersionIdMarker": "", "Prefix": "", **clean(answer)}

    def _bucket(self, call: Call, req: Doc) -> Bucket:
        context = {"s3:prefix": req.get("Prefix", ""), "s3:delimiter": req.get("Delimiter", "")}
        return self.gate.bucket(call, req, "s3:ListBucket", context)

    def _walk(self, bucket: Bucket, req: Doc, start: str) -> Listing:
        limit = req.get("MaxKeys", _MAX_KEYS)
        if limit < 0:
            raise errors.invalid_argument(
                "Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys", str(limit)
            )
        return walk(
            lambda start, end, limit: store.list_current(self.kit.db, bucket.name, start, end, limit),
            prefix=req.get("Prefix", ""),
            delimiter=req.get("Delimiter", ""),
            start=start,
            limit=min(limit, _MAX_KEYS),
        )

    def _members(self, bucket: Bucket, req: Doc, page: Listing) -> dict[str, Any]:
        write = encoder(req.get("EncodingType"))
        return {
            "Name": bucket.name,
            "Prefix": write(req.get("Prefix", "")),
            "Delimiter": write(req.get("Delimiter", "")),
            "MaxKeys": min(req.get("MaxKeys", _MAX_KEYS), _MAX_KEYS),
            "IsTruncated": page.truncated,
            "EncodingType": req.get("EncodingType"),
            "CommonPrefixes": [{"Prefix": write(prefix)} for prefix in page.prefixes],
        }


class _Place:
    """Where a listing of versions goes on: behind a version of a key, or behind a key."""

    def __init__(self, kit: Kit, bucket: str, key_marker: str, version_marker: str) -> None:
        self._kit = kit
        self._bucket = bucket
        seq = store.seq_of(kit.db, bucket, key_marker, version_marker) if version_marker else None
        self._key = key_marker if seq is not None else ""
        self._seq = seq or 0
        self.start = key_marker if seq is not None or not key_marker else behind(key_marker)

    def fetch(self, start: str, end: str | None, limit: int) -> Any:
        seq = self._seq if start == self._key and self._seq else store.CURRENT_SEQ + 1
        return store.list_versions(self._kit.db, self._bucket, start, seq, end, limit)


def _listed(row: Row, write: Any, *, with_owner: bool) -> Doc:
    listed: Doc = {
        "Key": write(row["key"]),
        "LastModified": datetime.fromtimestamp(int(row["modified"]), UTC),
        "ETag": f'"{row["etag"]}"',
        "Size": row["size"],
        "StorageClass": row["storage_class"],
    }
    if with_owner:
        listed["Owner"] = owner(row["account"])
    return listed
