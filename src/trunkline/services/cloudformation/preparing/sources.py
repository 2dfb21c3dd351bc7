"""Where a template's or a policy's text comes from: the request, or an S3 object read as the caller."""

from typing import Any
from urllib.parse import unquote, urlsplit

from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller
from trunkline.services.cloudformation import template

Doc = dict[str, Any]


def bad(message: str) -> AwsError:
    """AWS's answer to a request that cannot be right."""
    return AwsError("ValidationError", message, status=400)


async def text(
    client: Client, caller: Caller, req: Doc, body: str = "TemplateBody", url: str = "TemplateURL"
) -> str | None:
    """The text given by `body` or `url`; None if neither is."""
    if req.get(body) is not None and req.get(url) is not None:
        raise bad(
            f"Either {body[:8]} URL or {body[:8]} Body must be specified."
            if body != "TemplateBody"
            else "Either Template URL or Template Body must be specified."
        )
    if req.get(body) is not None:
        given: str = req[body]
        if body == "TemplateBody" and len(given.encode()) > template.MAX_BODY_BYTES:
            raise bad(
                f"1 validation error detected: Value '{given[:40]}...' at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {template.MAX_BODY_BYTES}"
            )
        return given
    return await fetched(client, caller, req[url]) if req.get(url) else None


async def fetched(client: Client, caller: Caller, url: str) -> str:
    """The text of the S3 object that a URL names."""
    bucket, key, version = location(url)
    given = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
    try:
        answer = await client("s3", "GetObject", given, as_=caller)
    except AwsError as error:
        if error.code in ("NoSuchKey", "NoSuchBucket", "AccessDenied"):
            raise bad(
                f"S3 error: {error.message or error.code}\nFor more information check "
                "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
            ) from error
        raise
    stream = answer["Body"]
    data = stream if isinstance(stream, bytes) else b"".join([chunk async for chunk in stream])
    if len(data) > template.MAX_BYTES:
        raise bad(f"Template may not exceed {template.MAX_BYTES} bytes in size.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise bad("Template format error: the template is not UTF-8 text.") from error


def location(url: str) -> tuple[str, str, str]:
    """Bucket, key and version of an S3 URL: path style (any host), virtual-hosted style, or s3://."""
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    version = dict(pair.partition("=")[::2] for pair in parts.query.split("&")).get("versionId", "")
    host = parts.hostname or ""
    if parts.scheme == "s3":
        return host, path, version
    if parts.scheme not in ("http", "https") or not path:
        raise bad("TemplateURL must be a supported URL.")
    first = host.split(".")[0]
    is_path_style = first in ("s3", "localhost") or first.startswith("s3-") or ".s3" not in host
    if is_path_style:
        bucket, _, key = path.partition("/")
    else:
        bucket, key = host[: host.index(".s3")], path
    if not bucket or not key:
        raise bad("TemplateURL must be a supported URL.")
    return bucket, key, version
