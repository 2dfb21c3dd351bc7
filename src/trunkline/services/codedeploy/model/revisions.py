"""Revisions: where the AppSpec file of a deployment comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]


@dataclass
class Revision:
    """`key` is the location in one line: the same location registered twice is one revision."""

    account: str
    region: str
    application: str
    key: str
    location: Doc
    registered_at: datetime
    description: str = ""
    first_used_at: datetime | None = None
    last_used_at: datetime | None = None
    groups: list[str] = field(default_factory=list)

    def described(self) -> Doc:
        return {
            "description": self.description or None,
            "deploymentGroups": self.groups,
            "firstUsedTime": self.first_used_at,
            "lastUsedTime": self.last_used_at,
            "registerTime": self.registered_at,
        }


class InvalidRevision(Exception):
    """What is wrong with a revision location, for InvalidRevisionException."""


def checked_revision(location: Doc) -> Doc:
    """A location as it is kept: with its sha256; raises InvalidRevision."""
    kind = location.get("revisionType")
    if kind in ("AppSpecContent", "String"):
        member = "appSpecContent" if kind == "AppSpecContent" else "string"
        content = (location.get(member) or {}).get("content")
        if not content:
            raise InvalidRevision(f"The revision of type {kind} has no {member} with content.")
        digest = hashlib.sha256(content.encode()).hexdigest()
        given = location[member].get("sha256")
        if given and given.lower() != digest:
            raise InvalidRevision("The provided sha256 does not match the content of the revision.")
        return {"revisionType": kind, member: {"content": content, "sha256": digest}}
    if kind == "S3":
        place = location.get("s3Location") or {}
        if not place.get("bucket") or not place.get("key"):
            raise InvalidRevision("The S3 location of the revision needs a bucket and a key.")
        if place.get("bundleType") not in ("YAML", "JSON"):
            raise InvalidRevision("The bundle type of an AppSpec file is YAML or JSON.")
        return {"revisionType": "S3", "s3Location": dict(place)}
    if kind == "GitHub":
        raise InvalidRevision("A GitHub revision is for EC2/On-Premises deployments; use AppSpecContent or S3.")
    raise InvalidRevision("The revision has no revisionType.")


def revision_key(location: Doc) -> str:
    kind = location["revisionType"]
    if kind == "S3":
        place = location["s3Location"]
        return "/".join(str(place.get(name, "")) for name in ("bucket", "key", "bundleType", "version", "eTag"))
    member = "appSpecContent" if kind == "AppSpecContent" else "string"
    return f"{kind}/{location[member]['sha256']}"
