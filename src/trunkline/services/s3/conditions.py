"""The If-… headers: when a read is not needed, when a write must not happen, and which bytes a Range asks for."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.services.s3 import errors
from trunkline.services.s3.model import ObjectVersion

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)


def check_read(request: Mapping[str, Any], found: ObjectVersion, *, prefix: str = "", copy: bool = False) -> None:
    """Raise 412 or 304 as the conditions of a GET, HEAD or copy source demand (RFC 9110's order).

    `copy`: a source that is not modified is 412 too.
    """
    match, none_match = request.get(f"{prefix}IfMatch"), request.get(f"{prefix}IfNoneMatch")
    since, not_since = request.get(f"{prefix}IfModifiedSince"), request.get(f"{prefix}IfUnmodifiedSince")
    modified = int(found.modified)
    if match is not None:
        if not names(match, found.etag):
            raise errors.precondition_failed("If-Match")
    elif not_since is not None and modified > _epoch(not_since):
        raise errors.precondition_failed("If-Unmodified-Since")
    if none_match is not None:
        if names(none_match, found.etag):
            raise errors.precondition_failed("If-None-Match") if copy else _not_modified(found)
    elif since is not None and modified <= _epoch(since):
        raise errors.precondition_failed("If-Modified-Since") if copy else _not_modified(found)


def check_write(request: Mapping[str, Any], key: str, current: ObjectVersion | None) -> None:
    """Raise 412 (or 404) when a PUT or a completed upload must not replace what is there."""
    exists = current is not None and not current.marker
    none_match, match = request.get("IfNoneMatch"), request.get("IfMatch")
    if none_match is not None:
        if none_match != "*":
            raise errors.refused("A header you provided implies functionality that is not implemented: If-None-Match.")
        if exists:
            raise errors.precondition_failed("If-None-Match")
    if match is not None:
        if current is None or current.marker:
            raise errors.no_such_key(key)
        if not names(match, current.etag):
            raise errors.precondition_failed("If-Match")


def names(header: str, etag: str) -> bool:
    """Whether an If-(None-)Match header names this etag."""
    if header.strip() == "*":
        return True
    return any(one.strip().removeprefix("W/").strip('"') == etag for one in header.split(","))


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, length) of the one range asked for; None: everything (S3 ignores what it cannot read)."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or header is None:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise errors.invalid_range(header, size)
        return size - length, length
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise errors.invalid_range(header, size)
    end = min(int(last), size - 1) if last else size - 1
    return start, end - start + 1


def _not_modified(found: ObjectVersion) -> AwsError:
    return errors.not_modified(found.etag, found.modified)


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())
