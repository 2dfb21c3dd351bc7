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
_RESERVED = 'can\'t be prefixed with "aws" or "ssm" (case-insensitive).'
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


def is_elsewhere(call: Call, text: str) -> bool:
    """Whether an ARN in the place of a name is of another region or account, where this region cannot look."""
    return text.startswith("arn:") and text.split(":")[3:5] != [call.region, call.account]


def twin(name: str) -> str:
    """The name with the same ARN: "a" and "/a" have one, so only one of the two can exist."""
    if name.startswith("/"):
        return name[1:] if name.count("/") == 1 else ""
    return f"/{name}"


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
    first = name.lstrip("/").lower()
    is_path = name.count("/") > 1
    if first.startswith("aws") and is_path:
        raise AwsError("AccessDeniedException", f"No access to reserved parameter name: {name}.", status=400)
    if first.startswith(("aws", "ssm")):
        words = f'can\'t be prefixed with "ssm" (case-insensitive). {_RULE}' if is_path else _RESERVED
        raise AwsError("ValidationException", f"Parameter name: {words}")
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
