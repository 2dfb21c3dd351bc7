"""Tags of an alarm that is put: they count when it is made, and are not even looked at when it is changed."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc
from trunkline.services.cloudwatch.api.context import invalid

_MOST = 50


def given(pairs: Sequence[Doc] | None) -> dict[str, str]:
    """Of a key given twice, the last value counts."""
    return {pair["Key"]: pair["Value"] for pair in pairs or ()}


def refusal(found: dict[str, str], *, reserved: str) -> AwsError | None:
    """Why a new alarm cannot have these; `reserved`: the error for keys that are AWS's own."""
    if any(tags.is_reserved(key) for key in found):
        message = 'The provided tag keys must not start with any case of "aws:"'
        return AwsError(reserved, message, status=403 if reserved == "AccessDenied" else 400)
    if len(found) > _MOST:
        return invalid(f"The resultant tag set must not have more than {_MOST} user tags.")
    return None
