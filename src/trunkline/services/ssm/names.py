"""Names of parameters: hierarchies, reserved prefixes, ARNs in the place of names, and selectors behind a colon."""

import re
from typing import NamedTuple

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc
from trunkline.services.ssm.model import MAX_LEVELS

_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")
_RULE = (
    "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of "
    "letters, numbers and the following 3 symbols .-_"
)
SECRETS = "/aws/reference/secretsmanager/"


class Selected(NamedTuple):
    """A name, and the version number or label that was asked for (or nothing)."""

    name: str
    selector: str


def select(text: str) -> Selected:
    """Take name:selector apart; the name may be an ARN."""
    selector = ""
    if text.startswith("arn:"):
        parts = text.split(":", 6)
        if len(parts) < 6 or not parts[5].startswith("parameter/"):
            raise AwsError("ValidationException", f"Invalid parameter ARN: {text}")
        selector = parts[6] if len(parts) == 7 else ""
        name = parts[5].removeprefix("parameter")
        # The ARN of "a" and of "/a" is the same; a name without a hierarchy is written without the slash.
        return Selected(name if name.count("/") > 1 else name[1:], f":{selector}" if selector else "")
    name, colon, selector = text.partition(":")
    return Selected(name, f":{selector}" if colon else "")


def arn(call: Call, name: str) -> str:
    """The ARN of a parameter."""
    return arns.arn("ssm", call.region, call.account, "parameter" + (name if name.startswith("/") else f"/{name}"))


def resource(call: Call, req: Doc) -> str | list[str]:
    """What policies are asked about, for operations with Name, Names or Path."""
    if "Names" in req:
        return [arn(call, select(name).name) for name in req["Names"]]
    return arn(call, select(req.get("Name") or req.get("Path") or "*").name)


def check_new(name: str) -> None:
    """What the name of a new parameter must be like."""
    first = name.lstrip("/").split("/")[0].lower()
    if name.startswith("/aws/") or first == "aws":
        raise AwsError("AccessDeniedException", f"No access to reserved parameter name: {name}.", status=400)
    for reserved in ("aws", "ssm"):
        if first.startswith(reserved):
            raise AwsError(
                "ValidationException",
                f'Parameter name: can\'t be prefixed with "{reserved}" (case-insensitive). {_RULE}',
            )
    if not _NAME.fullmatch(name) or name.endswith("/") or "//" in name:
        raise AwsError("ValidationException", f"Parameter name: {_RULE}")
    if "/" in name and not name.startswith("/"):
        raise AwsError("ValidationException", "Parameter name must be a fully qualified name.")
    if name.count("/") > MAX_LEVELS:
        raise AwsError(
            "HierarchyLevelLimitExceededException",
            f"A hierarchy can have a maximum of {MAX_LEVELS} levels. For more information, see Requirements and "
            "constraints for parameter names in the AWS Systems Manager User Guide.",
        )


def refuse_public(name: str) -> None:
    """AWS's own parameters tell of AMIs and regions that are not here."""
    if name.startswith("/aws/service/"):
        raise Refused(
            f"Trunkline has none of AWS's public parameters ({name}): put one under a name of your own.",
            code="ValidationException",
            status=400,
        )
