"""What callers of STS may ask for: durations, session policies, tags; and what they may not."""

import re

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc
from trunkline.aws.tags import normalise

_CHAINED_S = 3600
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/([^\s]*/)?[\w+=,.@-]+")
# Behind the prefix, in base32: one bit that is set, then the account in 40 bits.
_KEY_ID = re.compile(r"A(?:KI|SI)A([Q-Z2-7][A-Z2-7]{9})[A-Z0-9]{2,}")
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def check_role_arn(role_arn: str) -> None:
    """What is no ARN of a role is told apart from a role that trusts nobody."""
    if not _ROLE_ARN.fullmatch(role_arn):
        raise AwsError("ValidationError", f"{role_arn} is invalid", status=400)


def account_of_key(access_key_id: str) -> str:
    """The account that is written in the id of an access key of AWS."""
    found = _KEY_ID.fullmatch(access_key_id)
    if found is None:
        raise AwsError("ValidationError", "Access key ID is not valid.", status=400)
    number = 0
    for char in found[1]:
        number = number << 5 | _BASE32.index(char)
    return f"{number >> 9 & (1 << 40) - 1:012}"


def session_policies(req: Doc) -> list[str]:
    """The inline session policy, checked; managed ones are refused by name."""
    if req.get("PolicyArns"):
        raise Refused("Trunkline takes session policies inline (Policy), not by ARN (PolicyArns).")
    if "Policy" not in req:
        return []
    try:
        parse(req["Policy"], "identity")
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocument", str(error)) from None
    return [req["Policy"]]


def session_tags(req: Doc) -> dict[str, str]:
    """The session's own tags."""
    return normalise(req.get("Tags"), error="ValidationError")


def refuse_mfa(req: Doc) -> None:
    """There are no MFA devices, so no code can be right."""
    if "TokenCode" in req or "SerialNumber" in req:
        raise AwsError(
            "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.", status=403
        )


def role_duration_s(call: Call, req: Doc, max_session_s: int) -> int:
    """How long a role's session lasts; a role that assumes a role gets an hour at most."""
    duration_s: int = req.get("DurationSeconds", 3600)
    if call.caller.principal.kind == "role" and duration_s > _CHAINED_S:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
            status=400,
        )
    # MaxSessionDuration bounds users; AWS's services renew the sessions of what they run for as long as it runs.
    if duration_s > max_session_s and call.caller.principal.kind != "service":
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            status=400,
        )
    return duration_s
