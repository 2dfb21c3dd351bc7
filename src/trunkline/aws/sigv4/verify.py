"""Is the request signed with the secret of the key that it names, lately, and with a live session?"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from trunkline.aws.errors import AwsError
from trunkline.aws.identity import Credential
from trunkline.aws.service import Principal
from trunkline.aws.sigv4.canonical import canonical_path, canonical_request, s3_path_encoded
from trunkline.aws.sigv4.claim import ALGORITHM, Claim, SignedRequest
from trunkline.aws.sigv4.failures import Protocol, refuse
from trunkline.aws.sigv4.keys import sign, signing_key
from trunkline.aws.sigv4.v2 import string_to_sign_v2

UNSIGNED = "UNSIGNED-PAYLOAD"
SKEW_S = 5 * 60
S3_SKEW_S = 15 * 60
_EMPTY_HASH = hashlib.sha256(b"").hexdigest()

Lookup = Callable[[str], Credential | None]


@dataclass(slots=True)
class Verified:
    """The signer, and what the body must still prove: `payload` is its hash, or how its chunks are signed."""

    credential: Credential
    claim: Claim
    payload: str = UNSIGNED
    key: bytes = field(default=b"", repr=False)

    @property
    def principal(self) -> Principal:
        """Who signed."""
        return self.credential.principal

    @property
    def account(self) -> str:
        """The account to act in: the signer's."""
        return self.credential.account

    @property
    def region(self) -> str:
        """The region of the credential scope; empty where a request has none."""
        return self.claim.region

    @property
    def access_key_id(self) -> str:
        """The key that signed."""
        return self.claim.access_key_id


def open_door(claimed: Claim | None, lookup: Lookup, account: str) -> Verified:
    """`--auth open`: known keys are who they are; any other is root of the account it spells, else of `account`."""
    claimed = claimed or Claim()
    key = claimed.access_key_id
    known = lookup(key) if key else None
    if known is None:
        owner = key if len(key) == 12 and key.isascii() and key.isdigit() else account
        known = Credential(key, "", Principal("root", f"arn:aws:iam::{owner}:root", owner, "root"))
    return Verified(known, claimed)


def verify(request: SignedRequest, claimed: Claim | None, lookup: Lookup, now: float, protocol: Protocol) -> Verified:
    """Check the request against the claim it makes; raises the protocol's own error, returns the signer.

    A body that is not in memory (`request.stream`) is not covered yet: see `signed_body`.
    """
    if claimed is None:
        refuse(protocol, "missing")
    s3 = protocol == "rest-xml"
    if claimed.flaw:
        _refuse_flaw(protocol, claimed)
    credential = lookup(claimed.access_key_id)
    if credential is None:
        refuse(protocol, "unknown_key", AWSAccessKeyId=claimed.access_key_id)
    if claimed.version == 2:
        return _verify_v2(request, claimed, credential, now, protocol)
    _check_time(claimed, now, protocol)
    payload = _payload(request, claimed, s3=s3)
    headers = claimed.signed_headers
    if "host" not in headers.split(";") and ":authority" not in headers:
        refuse(protocol, "malformed", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    if s3:
        _refuse_unsigned_headers(request, headers)
    key = signing_key(credential.secret, claimed.date, claimed.region, claimed.service)
    path = canonical_path(request.path, s3=s3)
    to_sign, canonical = _string_to_sign(request, claimed, payload, path)
    if not _matches(key, to_sign, claimed.signature):
        encoded = s3_path_encoded(path) if s3 else path
        again, _ = _string_to_sign(request, claimed, payload, encoded)
        if encoded == path or not _matches(key, again, claimed.signature):
            _refuse_signature(protocol, claimed, to_sign, canonical)
    _check_session(claimed, credential, now, protocol)
    in_memory = not s3 and getattr(request, "stream", None) is None and not payload.startswith("STREAMING-")
    return Verified(credential, claimed, UNSIGNED if in_memory else payload, key)  # hashed here: nothing left to prove


def _string_to_sign(request: SignedRequest, claimed: Claim, payload: str, path: str) -> tuple[str, str]:
    presigned = claimed.presigned
    canonical = canonical_request(request, claimed.signed_headers, payload, path=path, presigned=presigned)
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{claimed.timestamp}\n{claimed.scope}\n{hashed}", canonical


def _matches(key: bytes, to_sign: str, signature: str) -> bool:
    return hmac.compare_digest(sign(key, to_sign).encode(), signature.encode())


def _payload(request: SignedRequest, claimed: Claim, *, s3: bool) -> str:
    """The hash line of the canonical request."""
    given = request.headers.get("x-amz-content-sha256")
    if not s3:
        streamed = getattr(request, "stream", None) is not None
        if given is not None and (streamed or given == UNSIGNED or given.startswith("STREAMING-")):
            return given  # what is streamed is compared when it has been read
        return hashlib.sha256(request.body).hexdigest() if request.body else _EMPTY_HASH
    if given is None:
        if claimed.presigned:
            return UNSIGNED
        raise AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", status=400)
    if len(given) != 64 and given != UNSIGNED and not given.startswith("STREAMING-"):
        raise AwsError(
            "InvalidArgument",
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            status=400,
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=given,
        )
    return given


def _check_time(claimed: Claim, now: float, protocol: Protocol) -> None:
    signed_at = instant(claimed.timestamp)
    if signed_at is None:
        refuse(
            protocol,
            "malformed",
            "Date must be in ISO-8601 'basic format'. Got "
            f"'{claimed.timestamp[:40]}'. See http://en.wikipedia.org/wiki/ISO_8601",
        )
    if not claimed.timestamp.startswith(claimed.date):
        refuse(
            protocol,
            "malformed" if protocol == "rest-xml" else "mismatch",
            "Credential should be scoped to a valid date. "
            f"'{claimed.date}' != '{claimed.timestamp[:8]}', from '{claimed.timestamp}'.",
        )
    s3 = protocol == "rest-xml"
    skew_s = S3_SKEW_S if s3 else SKEW_S
    if claimed.expires_s is not None:
        if now > signed_at + claimed.expires_s:
            _refuse_expired_url(claimed, signed_at + claimed.expires_s, now, protocol)
        if now >= signed_at - skew_s:
            return
    elif abs(now - signed_at) <= skew_s:
        return
    if s3:
        refuse(
            protocol,
            "stale",
            RequestTime=claimed.timestamp,
            ServerTime=_iso(now),
            MaxAllowedSkewMilliseconds=str(skew_s * 1000),
        )
    if now > signed_at:
        limit = f"{stamp(now - skew_s)} ({stamp(now)} - 5 min.)"
        refuse(protocol, "stale", f"Signature expired: {claimed.timestamp} is now earlier than {limit}")
    limit = f"{stamp(now + skew_s)} ({stamp(now)} + 5 min.)"
    refuse(protocol, "stale", f"Signature not yet current: {claimed.timestamp} is still later than {limit}")


def _refuse_expired_url(claimed: Claim, expired: float, now: float, protocol: Protocol) -> None:
    if protocol != "rest-xml":
        refuse(
            protocol,
            "stale",
            f"Signature expired: {claimed.timestamp} is now earlier than {stamp(now - (claimed.expires_s or 0))}",
        )
    raise AwsError(
        "AccessDenied",
        "Request has expired",
        status=403,
        **{"X-Amz-Expires": str(claimed.expires_s), "Expires": _iso(expired), "ServerTime": _iso(now)},
    )


def _refuse_unsigned_headers(request: SignedRequest, signed: str) -> None:
    """An x-amz- header that somebody added to a presigned request would change its meaning."""
    names = signed.split(";")
    added = [n for n in request.headers if n.startswith("x-amz-") and n not in names and n != "x-amz-content-sha256"]
    if added:
        raise AwsError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            status=403,
            HeadersNotSigned=", ".join(added),
        )


def _refuse_flaw(protocol: Protocol, claimed: Claim) -> None:
    if protocol == "rest-xml" and claimed.presigned:
        raise AwsError("AuthorizationQueryParametersError", claimed.flaw, status=400)
    refuse(protocol, "malformed", claimed.flaw)


def _refuse_signature(protocol: Protocol, claimed: Claim, to_sign: str, canonical: str) -> None:
    if protocol == "rest-xml":
        refuse(
            protocol,
            "mismatch",
            AWSAccessKeyId=claimed.access_key_id,
            StringToSign=to_sign,
            SignatureProvided=claimed.signature,
            CanonicalRequest=canonical,
        )
    refuse(protocol, "mismatch")


def _check_session(claimed: Claim, credential: Credential, now: float, protocol: Protocol) -> None:
    token = credential.session_token
    if token is None:
        if claimed.session_token:
            refuse(protocol, "invalid_token")
        return
    if not hmac.compare_digest(claimed.session_token.encode(), token.encode()):
        refuse(protocol, "invalid_token")
    if credential.expires is not None and credential.expires <= now:
        refuse(protocol, "expired_token")


def _verify_v2(
    request: SignedRequest, claimed: Claim, credential: Credential, now: float, protocol: Protocol
) -> Verified:
    expires = float(claimed.expires_s or 0)
    if protocol != "rest-xml":
        refuse(protocol, "malformed", "Signature Version 2 is accepted in S3's presigned URLs only.")
    if now > expires:
        raise AwsError("AccessDenied", "Request has expired", status=403, Expires=_iso(expires), ServerTime=_iso(now))
    to_sign = string_to_sign_v2(request, str(claimed.expires_s))
    # HMAC-SHA1 is what Signature Version 2 is; its weakness is not of the kind that forges an HMAC.
    ours = base64.b64encode(hmac.digest(credential.secret.encode(), to_sign.encode(), "sha1")).decode()
    if not hmac.compare_digest(ours.encode(), claimed.signature.encode()):
        _refuse_signature(protocol, claimed, to_sign, "")
    _check_session(claimed, credential, now, protocol)
    return Verified(credential, claimed)


@lru_cache(maxsize=256)
def instant(timestamp: str) -> float | None:
    """The epoch of a basic ISO 8601 time such as 20260102T030405Z, or None."""
    if len(timestamp) != 16 or timestamp[8] != "T" or timestamp[15] != "Z":
        return None
    try:
        return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def stamp(epoch: float) -> str:
    """The basic ISO 8601 time of an instant."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y%m%dT%H%M%SZ")


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
