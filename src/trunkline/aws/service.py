"""What a service is made of: its operations, who calls them, and what it is given to work with."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from trunkline.aws import arn as arns
from trunkline.aws.http import Request, Response
from trunkline.core.bus import Bus
from trunkline.core.clock import Clock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger
from trunkline.core.settings import Settings

if TYPE_CHECKING:
    from trunkline.aws.call import Client
    from trunkline.aws.identity import Identity
    from trunkline.aws.resources import ResourceType, ResourceTypes

Doc = dict[str, Any]
AsgiApp = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]
F = TypeVar("F", bound=Callable[..., Awaitable[Doc | None]])


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. `kind`: root, user, role (an assumed role's session), federated, service or anonymous.

    `id` is AWS's unique id: the account for root, AIDA… for a user, AROA…:session for a role. `session_policies` narrow
    what a session may do.
    """

    kind: str
    arn: str
    id: str
    name: str = ""
    session_policies: tuple[str, ...] = ()


ANONYMOUS = Principal("anonymous", "anonymous", "anonymous")


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal at work in one account and region, and how the call came in.

    via: the service that makes the call in the principal's name, as kms:ViaService tells it; empty for its own calls.
    """

    account: str
    region: str
    principal: Principal
    source_ip: str = ""
    user_agent: str = ""
    access_key_id: str = ""
    request_id: str = ""
    via: str = ""

    def through(self, service: str) -> "Caller":
        """The same principal, in whose name `service` (such as "s3") makes a call."""
        return replace(self, via=f"{service}.{self.region}.amazonaws.com")

    @classmethod
    def service(cls, name: str, account: str, region: str) -> "Caller":
        """A Trunkline service acting as itself, such as "ecs.amazonaws.com": allowed everything, named in the audit."""
        principal = Principal("service", name, name, name)
        return cls(account, region, principal, source_ip=name, user_agent=name)


@dataclass(slots=True)
class Call:
    """One call of one operation."""

    caller: Caller
    service: str
    operation: str
    request_id: str
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.caller.account

    @property
    def region(self) -> str:
        return self.caller.region

    def arn(self, resource: str, *, service: str | None = None) -> str:
        """The ARN of a resource of this service in the caller's account and region."""
        return arns.arn(service or self.service, self.region, self.account, resource)


ResourceTemplate = str | Callable[[Call, Doc], str | list[str]]


@dataclass(frozen=True, slots=True)
class OperationTraits:
    """What `@operation` says of a method beyond AWS's model."""

    resource: ResourceTemplate
    mutates: bool | None
    action: str | None
    authorize: bool
    writes_once: bool
    data_event: bool


def operation(
    resource: ResourceTemplate = "*",
    *,
    mutates: bool | None = None,
    action: str | None = None,
    authorize: bool = True,
    writes_once: bool = False,
    data_event: bool = False,
) -> Callable[[F], F]:
    """Mark a method as the implementation of the AWS operation of the same name.

    resource: what policies are asked about: a template over {account}, {region} and top-level request members, or a
    function of the call and the request. A member that already is an ARN stands for itself.
    mutates: whether the call is recorded in the ledger; by default told from the operation's name.
    action: the IAM action where it is not "<service>:<Operation>".
    authorize: False where AWS lets everybody call it (sts:GetCallerIdentity) or the operation decides itself.
    writes_once: its first db.write is its only one, and the last thing that can fail: the audit record is committed by
    it instead of by a second commit.
    data_event: CloudTrail's word for what is done to contents (objects) rather than to resources.
    """

    def mark(method: F) -> F:
        method.aws = OperationTraits(  # type: ignore[attr-defined]
            resource, mutates, action, authorize, writes_once, data_event
        )
        return method

    return mark


def resources_of(traits: OperationTraits, call: Call, request: Doc) -> list[str]:
    """The ARNs that a call is about, for policies."""
    template = traits.resource
    if callable(template):
        found = template(call, request)
        return [found] if isinstance(found, str) else list(found)
    if "{" not in template:
        return [template]
    members = _Members(request, account=call.account, region=call.region)
    for key in members.used(template):
        if members[key].startswith("arn:"):
            return [members[key]]
    return [template.format_map(members)]


class _Members(dict[str, str]):
    """Request members as text; one that is missing matches any."""

    def __init__(self, request: Doc, **fixed: str) -> None:
        super().__init__({key: value for key, value in request.items() if isinstance(value, str)}, **fixed)

    def __missing__(self, key: str) -> str:
        return "*"

    @staticmethod
    def used(template: str) -> list[str]:
        return [piece.split("}", 1)[0] for piece in template.split("{")[1:]]


@dataclass(frozen=True, slots=True)
class Kit:
    """What every service is built with."""

    settings: Settings
    db: Database
    clock: Clock
    ledger: Ledger
    bus: Bus
    call: "Client"
    resource_types: "ResourceTypes"


class Origins(Protocol):
    """Cross-origin requests of browsers."""

    def preflight(self, request: Request) -> Response:
        """The answer to OPTIONS, or an AwsError."""

    def headers(self, request: Request) -> list[tuple[str, str]]:
        """What the answer to a request with an Origin carries in addition."""


@dataclass(slots=True)
class Service:
    """One AWS service as the server composes it.

    name: botocore's service name. api: an object whose `@operation` methods are the operations. start: called once all
    services are built and calls can be made; stop: called on shutdown, in reverse order. routes: raw ASGI applications
    by path prefix, for what is not an AWS API (git, the image registry); they authenticate by themselves. identity: for
    IAM only, the credentials and policies that every call is checked against. resource_types: what CloudFormation makes
    of it. origins: for S3 only, what it tells browsers about pages of other origins.
    """

    name: str
    api: object
    start: Callable[[], Awaitable[None]] | None = None
    stop: Callable[[], Awaitable[None]] | None = None
    routes: Mapping[str, AsgiApp] = field(default_factory=dict)
    identity: "Identity | None" = None
    resource_types: "Sequence[ResourceType]" = ()
    origins: Origins | None = None
