"""How callers name functions: by name, partial ARN or ARN, with or without a qualifier; and what it resolves to."""

import random
import re
from dataclasses import dataclass

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc
from trunkline.core.db import Reader
from trunkline.services.lambda_ import store
from trunkline.services.lambda_.model import LATEST, Alias, Function, Version, function_arn

_FORM = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z]{2}[a-z0-9-]*-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A function as it was named; qualifier "" when there was none."""

    account: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def arn(self) -> str:
        return function_arn(self.account, self.region, self.name)

    @property
    def qualified_arn(self) -> str:
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


@dataclass(frozen=True, slots=True)
class Found:
    """What a name means now. alias: when it was named by one."""

    function: Function
    version: Version
    alias: Alias | None
    name: Name


def named(call: Call, req: Doc, member: str = "FunctionName") -> Name:
    """The function that a request is about."""
    return parsed(req[member], call.account, call.region, req.get("Qualifier", ""))


def parsed(text: str, account: str, region: str, qualifier: str = "") -> Name:
    found = _FORM.fullmatch(text)
    if found is None:
        raise AwsError("InvalidParameterValueException", f"Invalid function name: {text}", Type="User")
    inner = found["qualifier"] or ""
    if inner and qualifier and inner != qualifier:
        raise AwsError(
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
            Type="User",
        )
    return Name(found["account"] or account, found["region"] or region, found["name"], inner or qualifier)


def resource(call: Call, req: Doc) -> str:
    """What policies are asked about: the function as it was named."""
    return named(call, req).qualified_arn


def function(reader: Reader, name: Name) -> Function:
    """The function, or ResourceNotFoundException."""
    found = store.FUNCTIONS.get(reader, name.account, name.region, name.name)
    if found is None:
        raise not_found(name)
    return found


def resolve(reader: Reader, name: Name, *, routed: bool = False) -> Found:
    """The function and its version; with `routed`, an alias's weights choose."""
    found = function(reader, name)
    qualifier = name.qualifier or LATEST
    alias = found.aliases.get(qualifier)
    number = qualifier
    if alias is not None:
        number = alias.version
        if routed and alias.routing:
            other, weight = next(iter(alias.routing.items()))
            if random.random() < weight:  # noqa: S311 - a share of traffic, no secret
                number = other
    version = store.VERSIONS.get(reader, name.account, name.region, name.name, number)
    if version is None:
        raise not_found(name)
    return Found(found, version, alias, name)


def not_found(name: Name) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Function not found: {name.qualified_arn}", Type="User")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message, Type="User")


def conflict(message: str) -> AwsError:
    return AwsError("ResourceConflictException", message, Type="User")


def check_revision(given: str | None, actual: str) -> None:
    """PreconditionFailedException when a RevisionId was given and is not the current one."""
    if given and given != actual:
        raise AwsError(
            "PreconditionFailedException",
            "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to "
            "retrieve the latest RevisionId",
            Type="User",
        )
