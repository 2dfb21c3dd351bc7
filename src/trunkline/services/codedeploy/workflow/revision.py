"""Fetching the AppSpec file of a deployment."""

from __future__ import annotations

from collections.abc import AsyncIterator

from trunkline.services.codedeploy.model import Deployment, Doc, Failure
from trunkline.services.codedeploy.workflow.callers import Callers

MOST_BYTES = 1_000_000


async def content(callers: Callers, deployment: Deployment) -> str:
    """The text of the AppSpec file; from S3 as the service role."""
    location = deployment.revision
    if location["revisionType"] != "S3":
        inline: Doc = location.get("appSpecContent") or location.get("string") or {}
        return str(inline["content"])
    place = location["s3Location"]
    params = {"Bucket": place["bucket"], "Key": place["key"]}
    if place.get("version"):
        params["VersionId"] = place["version"]
    if place.get("eTag"):
        params["IfMatch"] = place["eTag"]
    answer = await callers.call(deployment, "s3", "GetObject", params, code="REVISION_MISSING")
    data = await _read(answer["Body"])
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Failure("INVALID_REVISION", "The AppSpec file is not text in UTF-8.") from error


async def _read(body: bytes | AsyncIterator[bytes]) -> bytes:
    if isinstance(body, bytes):
        return body
    data = bytearray()
    async for chunk in body:
        data += chunk
        if len(data) > MOST_BYTES:
            raise Failure("INVALID_REVISION", "The AppSpec file is larger than a megabyte.")
    return bytes(data)
