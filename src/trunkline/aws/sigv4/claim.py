"""What a request says of its signer, before anything of it is believed."""

import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

ALGORITHM = "AWS4-HMAC-SHA256"


class SignedRequest(Protocol):
    """The parts of a request that signatures cover; `aws.http.Request` is one."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Claim:
    """The signer that a request names. `flaw` says what is wrong with the authorization when it cannot be read."""

    access_key_id: str = ""
    date: str = ""
    region: str = ""
    service: str = ""
    signed_headers: str = ""
    signature: str = ""
    timestamp: str = ""
    session_token: str = ""
    expires_s: int | None = None
    version: int = 4
    flaw: str = ""

    @property
    def scope(self) -> str:
        """The credential scope, as it goes into strings to sign."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    @property
    def presigned(self) -> bool:
        """Whether the signature came in the query string."""
        return self.expires_s is not None


# How every SDK writes it; anything else takes the slow road, which can say what is wrong.
_USUAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request, ?"
    r"SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})"
)


def claim(request: SignedRequest) -> Claim | None:
    """Read the Authorization header or the presigned query; None when the request carries neither."""
    header = request.headers.get("authorization")
    if header is not None:
        return _from_header(header, request.headers)
    query = request.query
    if "X-Amz-Signature=" in query or "X-Amz-Algorithm=" in query or "X-Amz-Credential=" in query:
        return _from_query(query)
    if "AWSAccessKeyId=" in query and "Signature=" in query:
        return _from_query_v2(query)
    return None


def _from_header(header: str, headers: dict[str, str]) -> Claim | None:
    timestamp = headers.get("x-amz-date") or headers.get("date", "")
    token = headers.get("x-amz-security-token", "")
    usual = _USUAL.fullmatch(header)
    if usual is not None:
        key, date, region, service, signed, signature = usual.groups()
        return Claim(key, date, region, service, signed, signature, timestamp, token)
    kind, _, rest = header.partition(" ")
    if kind.lower() in ("basic", "bearer"):
        return None  # git's and Docker's: their own doors check them
    if kind != ALGORITHM:
        return Claim(flaw=f"Unsupported authorization type: {kind[:60]}. Trunkline accepts {ALGORITHM}.")
    parts = dict[str, str]()
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        parts[name] = value
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    if missing:
        wants = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        return Claim(flaw=f"{wants} Authorization={kind}")
    found = Claim(signed_headers=parts["SignedHeaders"], signature=parts["Signature"], timestamp=timestamp)
    found.session_token = token
    _read_credential(found, parts["Credential"])
    return found


def _read_credential(found: Claim, credential: str) -> None:
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        found.flaw = (
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential[:200]}'"
        )
        return
    found.access_key_id, found.date, found.region, found.service, _ = parts


def pairs(query: str) -> dict[str, str]:
    """The query's parameters, decoded; the first of each name counts."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        found.setdefault(unquote(name), unquote(value))
    return found


def _from_query(query: str) -> Claim:
    given = pairs(query)
    missing = [name for name in _QUERY_NAMES if not given.get(name)]
    if missing:
        return Claim(expires_s=0, flaw=f"Query-string authentication requires the {', '.join(missing)} parameter.")
    found = Claim(
        signed_headers=given["X-Amz-SignedHeaders"],
        signature=given["X-Amz-Signature"],
        timestamp=given["X-Amz-Date"],
        session_token=given.get("X-Amz-Security-Token", ""),
        expires_s=0,
    )
    if given["X-Amz-Algorithm"] != ALGORITHM:
        found.flaw = f'X-Amz-Algorithm only supports "{ALGORITHM}"'
    expires = given.get("X-Amz-Expires", "900")
    if not expires.isascii() or not expires.isdigit():
        found.flaw = "X-Amz-Expires should be a number"
    elif int(expires) > 604800:
        found.flaw = (
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            "604800 seconds"
        )
    else:
        found.expires_s = int(expires)
    if not found.flaw:
        _read_credential(found, given["X-Amz-Credential"])
    return found


_QUERY_NAMES = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")


def _from_query_v2(query: str) -> Claim:
    given = pairs(query)
    expires = given.get("Expires", "")
    found = Claim(
        access_key_id=given.get("AWSAccessKeyId", ""),
        service="s3",
        signature=given.get("Signature", ""),
        session_token=given.get("x-amz-security-token", ""),
        expires_s=0,
        version=2,
    )
    if expires.isascii() and expires.isdigit():
        found.expires_s = int(expires)  # version 2 gives the instant, not a duration
    else:
        found.flaw = "Invalid date (should be seconds since epoch): " + expires[:40]
    return found
