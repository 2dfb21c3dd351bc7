"""What callers of STS may ask for: durations, session policies, tags; and what they may not."""

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc
from trunkline.aws.tags import normalise

_CHAINED_S = 3600


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
