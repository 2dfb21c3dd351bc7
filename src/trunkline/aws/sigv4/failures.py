"""How AWS says no to a signature: the same refusal has another code and status in each protocol."""

from typing import Literal, NoReturn

from trunkline.aws.errors import AwsError

Protocol = Literal["query", "ec2", "json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"]
Reason = Literal["missing", "malformed", "unknown_key", "mismatch", "stale", "expired_token", "invalid_token"]

_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_MISSING = "Missing Authentication Token"

# reason -> (code, status, message when none is given)
_QUERY: dict[Reason, tuple[str, int, str]] = {
    "missing": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    "malformed": ("IncompleteSignature", 400, "The request signature does not conform to AWS standards."),
    "unknown_key": ("InvalidClientTokenId", 403, _INVALID),
    "mismatch": ("SignatureDoesNotMatch", 403, _MISMATCH),
    "stale": ("SignatureDoesNotMatch", 403, "Signature expired"),
    "expired_token": ("ExpiredToken", 403, _EXPIRED),
    "invalid_token": ("InvalidClientTokenId", 403, _INVALID),
}
_EC2_FAILURE = "AWS was not able to validate the provided access credentials"
_EC2: dict[Reason, tuple[str, int, str]] = {
    "missing": ("MissingParameter", 400, "The request must contain the parameter AWSAccessKeyId"),
    "malformed": ("AuthFailure", 401, _EC2_FAILURE),
    "unknown_key": ("AuthFailure", 401, _EC2_FAILURE),
    "mismatch": ("AuthFailure", 401, _EC2_FAILURE),
    "stale": ("RequestExpired", 400, "Request has expired."),
    "expired_token": ("RequestExpired", 400, "Request has expired."),
    "invalid_token": ("AuthFailure", 401, _EC2_FAILURE),
}
_JSON: dict[Reason, tuple[str, int, str]] = {
    "missing": ("MissingAuthenticationTokenException", 400, _MISSING),
    "malformed": ("IncompleteSignatureException", 400, "The request signature does not conform to AWS standards."),
    "unknown_key": ("UnrecognizedClientException", 400, _INVALID),
    "mismatch": ("InvalidSignatureException", 400, _MISMATCH),
    "stale": ("InvalidSignatureException", 400, "Signature expired"),
    "expired_token": ("ExpiredTokenException", 400, _EXPIRED),
    "invalid_token": ("UnrecognizedClientException", 400, _INVALID),
}
_S3: dict[Reason, tuple[str, int, str]] = {
    "missing": ("AccessDenied", 403, "Access Denied"),
    "malformed": ("AuthorizationHeaderMalformed", 400, "The authorization header that you provided is not valid."),
    "unknown_key": ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
    "mismatch": (
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
    ),
    "stale": (
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    ),
    "expired_token": ("ExpiredToken", 400, "The provided token has expired."),
    "invalid_token": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
}
_BY_PROTOCOL = {
    "query": _QUERY,
    "ec2": _EC2,
    "json": _JSON,
    "smithy-rpc-v2-cbor": _JSON,
    "rest-json": {reason: (code, 403, text) for reason, (code, _, text) in _JSON.items()},
    "rest-xml": _S3,
}


def refuse(protocol: Protocol, reason: Reason, message: str = "", **members: str) -> NoReturn:
    """Raise the protocol's error for this reason; `message` replaces AWS's usual one where AWS says more."""
    code, status, usual = _BY_PROTOCOL[protocol][reason]
    text = usual if protocol == "ec2" or not message else message
    raise AwsError(code, text, status=status, **members)
