"""Signature Version 2 for S3's presigned URLs: boto3's default in us-east-1, so refusing it would refuse boto3."""

from trunkline.aws.sigv4.claim import SignedRequest, pairs

# The query parameters that name what is asked for, hence are signed.
_NAMES = (
    "accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics "
    "notification object-lock legal-hold retention partNumber policy policyStatus publicAccessBlock "
    "replication requestPayment response-cache-control response-content-disposition response-content-encoding "
    "response-content-language response-content-type response-expires restore select select-type storageClass "
    "tagging torrent uploadId uploads versionId versioning versions website encryption attributes "
    "ownershipControls"
)
_SIGNED_PARAMETERS = frozenset(_NAMES.split())


def string_to_sign_v2(request: SignedRequest, expires: str) -> str:
    """The text whose HMAC-SHA1 a version 2 query signature is."""
    headers = request.headers
    given = pairs(request.query)
    amz = {name: value for name, value in headers.items() if name.startswith("x-amz-")}
    amz.update({n.lower(): v for n, v in given.items() if n.lower().startswith("x-amz-")})
    lines = "".join(f"{name}:{' '.join(amz[name].split())}\n" for name in sorted(amz))
    chosen = [n if v == "" else f"{n}={v}" for n, v in sorted(given.items()) if n in _SIGNED_PARAMETERS]
    resource = request.path + ("?" + "&".join(chosen) if chosen else "")
    content_md5 = headers.get("content-md5") or given.get("Content-MD5", "")
    content_type = headers.get("content-type") or given.get("Content-Type", "")
    return f"{request.method}\n{content_md5}\n{content_type}\n{expires}\n{lines}{resource}"
