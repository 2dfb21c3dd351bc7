"""Who is calling, and may they? The door between the gateway and whoever keeps users, roles and keys.

`Identity` is what the store of users answers (services/iam implements it); `Authorizer` combines its policies as AWS
documents it: an explicit deny anywhere wins; boundaries and session policies narrow; a policy on the resource can grant
by itself within the account, and must grant too across accounts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import ALLOW, DENY, Ask, Effect, Policy, compiled, verdict
from trunkline.aws.service import Caller, Principal
from trunkline.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Credential:
    """One access key: its secret, whom it stands for, and for a session the token and the epoch of its end."""

    access_key_id: str
    secret: str = field(repr=False)
    principal: Principal
    session_token: str | None = field(default=None, repr=False)
    expires: float | None = None

    @property
    def account(self) -> str:
        """The account of the principal."""
        return self.principal.arn.split(":", 5)[4]


@dataclass(frozen=True, slots=True)
class ServiceCredential:
    """A user's name and (hashed) password for one service, such as git over HTTPS for CodeCommit."""

    user: Principal
    account: str
    matches: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Grants:
    """Everything that identity-based policies say of a principal. `arn` is the user's or the role's own."""

    arn: str
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trust:
    """A role as somebody who wants to assume it sees it."""

    arn: str
    role_id: str
    name: str
    account: str
    policy: Policy
    max_session_s: int
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Access:
    """What a service adds to a decision: an api object may have `access(call, request) -> Access`.

    context: the service's condition keys. policies: those attached to the resources, whose owner is `account` (None:
    the caller's). must_allow: for keys, whose own policy has to allow or to delegate to the account, whatever else
    allows. resources: their ARNs, where only the service's tables tell them (a key named by its alias).
    """

    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    policies: Sequence[Policy] = ()
    account: str | None = None
    must_allow: bool = False
    resources: Sequence[str] = ()


NO_ACCESS = Access()


class Identity(Protocol):
    """What is known of users, roles and keys. Answers come from memory or one indexed read; any thread may ask."""

    def credential(self, access_key_id: str) -> Credential | None:
        """The active key with this id; expired sessions are returned too, so that they can be told apart."""

    def grants(self, principal: Principal, access_key_id: str = "") -> Grants:
        """The policies of a user, of a session's role, or of the user who asked for a federation token."""

    def trust(self, role_arn: str) -> Trust | None:
        """The role with this ARN."""

    def service_credential(self, service: str, user_name: str) -> ServiceCredential | None:
        """The active service-specific credential with this user name."""

    def note_use(self, access_key_id: str, service: str, region: str) -> None:
        """Remember that a key was used; cheap, need not survive a crash."""


@dataclass(frozen=True, slots=True)
class Decision:
    """May they? If not, `message` says why in AWS's words."""

    allowed: bool
    message: str = ""
    explicit: bool = False


_YES = Decision(True)


class Authorizer:
    """Decides for every call, without I/O beyond what `Identity` does."""

    def __init__(self, identity: Identity, clock: Clock) -> None:
        self.identity = identity
        self._clock = clock

    def authorize(
        self,
        caller: Caller,
        action: str,
        resources: Sequence[str] = ("*",),
        context: Mapping[str, str | Sequence[str]] | None = None,
        *,
        protocol: str = "query",
        resource_policies: Sequence[Policy] = (),
        resource_account: str | None = None,
        resource_must_allow: bool = False,
    ) -> None:
        """Raise the protocol's AccessDenied unless `decide` allows it."""
        decision = self.decide(
            caller,
            action,
            resources,
            context,
            resource_policies=resource_policies,
            resource_account=resource_account,
            resource_must_allow=resource_must_allow,
        )
        if not decision.allowed:
            raise denied(decision, protocol)

    def decide(
        self,
        caller: Caller,
        action: str,
        resources: Sequence[str] = ("*",),
        context: Mapping[str, str | Sequence[str]] | None = None,
        *,
        resource_policies: Sequence[Policy] = (),
        resource_account: str | None = None,
        resource_must_allow: bool = False,
    ) -> Decision:
        """May `caller` do `action` to all of `resources`?

        context: condition keys of the action, beside the global ones. resource_policies: those attached to the
        resources; resource_account is who owns them. resource_must_allow: for keys and roles, whose own policy has to
        allow or to delegate to the account, whatever identity-based policies say.
        """
        principal = caller.principal
        same_account = resource_account is None or resource_account == caller.account
        if principal.kind == "service" or (
            principal.kind == "root" and same_account and not resource_policies and not resource_must_allow
        ):
            return _YES
        if principal.kind == "root":
            grants = Grants(principal.arn, (_EVERYTHING,))
        elif principal.kind == "anonymous":
            grants = Grants(principal.arn)
        else:
            grants = self.identity.grants(principal, caller.access_key_id)
        owner = resource_account or caller.account
        values = Situation(caller, grants, context or {}, self._clock, resource_account=owner).values
        names = principals_of(caller, grants)
        for resource in resources:
            ask = Ask(action, resource, values, {"AWS": names})
            decision = _decide(
                caller,
                grants,
                ask,
                resource_policies,
                same_account=same_account,
                resource_must_allow=resource_must_allow,
            )
            if not decision.allowed:
                return decision
        return _YES


def principals_of(caller: Caller, grants: Grants) -> list[str]:
    """The names by which a policy may mean this caller itself (not its account as a whole)."""
    principal = caller.principal
    if principal.kind == "anonymous":
        return []
    return [principal.arn, grants.arn, principal.id, principal.id.split(":", 1)[0]]


def _decide(
    caller: Caller,
    grants: Grants,
    ask: Ask,
    resource_policies: Sequence[Policy],
    *,
    same_account: bool,
    resource_must_allow: bool,
) -> Decision:
    principal = caller.principal
    session = [compiled(document) for document in principal.session_policies]
    identity = verdict(grants.identity, ask)
    if identity is DENY:
        return _no(caller, ask, "with an explicit deny in an identity-based policy", explicit=True)
    boundary = None if grants.boundary is None else verdict((grants.boundary,), ask)
    if boundary is DENY:
        return _no(caller, ask, "with an explicit deny in a permissions boundary", explicit=True)
    narrowed = verdict(session, ask)
    if narrowed is DENY:
        return _no(caller, ask, "with an explicit deny in a session policy", explicit=True)
    direct: Effect | None = None
    delegated: Effect | None = None
    if resource_policies:
        account = Ask(ask.action, ask.resource, ask.values, {"AWS": [*ask.principals["AWS"], *_account(caller)]})
        delegated = verdict(resource_policies, account)
        if delegated is DENY:
            return _no(caller, ask, "with an explicit deny in a resource-based policy", explicit=True)
        direct = verdict(resource_policies, ask)
    if resource_must_allow and delegated is not ALLOW:
        return _no(caller, ask, f"because no resource-based policy allows the {ask.action} action")
    if not same_account and delegated is not ALLOW:
        return _no(caller, ask, f"because no resource-based policy allows the {ask.action} action")
    if direct is ALLOW and same_account:
        return _YES
    if grants.boundary is not None and boundary is not ALLOW:
        return _no(caller, ask, f"because no permissions boundary allows the {ask.action} action")
    if session and narrowed is not ALLOW:
        return _no(caller, ask, f"because no session policy allows the {ask.action} action")
    if identity is not ALLOW:
        return _no(caller, ask, f"because no identity-based policy allows the {ask.action} action")
    return _YES


def _account(caller: Caller) -> list[str]:
    if caller.principal.kind == "anonymous":
        return []
    return [caller.account, f"arn:aws:iam::{caller.account}:root"]


def _no(caller: Caller, ask: Ask, why: str, *, explicit: bool = False) -> Decision:
    if caller.principal.kind == "anonymous":
        return Decision(False, "Access Denied", explicit)
    who = f"User: {caller.principal.arn} is not authorized to perform: {ask.action}"
    return Decision(False, f"{who} on resource: {ask.resource} {why}", explicit)


def denied(decision: Decision, protocol: str) -> AwsError:
    """The error of a refused call in the service's protocol."""
    if protocol == "ec2":
        message = f"You are not authorized to perform this operation. {decision.message}"
        return AwsError("UnauthorizedOperation", message, status=403)
    if protocol in ("query", "rest-xml"):
        return AwsError("AccessDenied", decision.message, status=403)
    return AwsError("AccessDeniedException", decision.message, status=403 if protocol == "rest-json" else 400)


_PRINCIPAL_TYPES = {"root": "Account", "user": "User", "role": "AssumedRole", "federated": "FederatedUser"}


class Situation:
    """The condition keys of one call, worked out when a policy asks for them. Keys ignore case."""

    def __init__(
        self,
        caller: Caller,
        grants: Grants,
        context: Mapping[str, str | Sequence[str]],
        clock: Clock,
        *,
        resource_account: str = "",
    ) -> None:
        self._caller = caller
        self._resource_account = resource_account or None
        self._grants = grants
        self._context = context
        self._clock = clock
        self._lower: dict[str, str | Sequence[str]] | None = None

    def values(self, key: str) -> Sequence[str] | None:
        """The values of a condition key, or None when the call has none."""
        if self._lower is None:
            self._lower = {name.lower(): value for name, value in self._context.items()}
        name = key.lower()
        found: Any = self._lower.get(name)
        if found is None:
            found = self._global(name)
        if found is None:
            return None
        return (found,) if isinstance(found, str) else found

    def _global(self, name: str) -> str | None:
        if name.startswith("aws:principaltag/"):
            wanted = name[len("aws:principaltag/") :]
            return next((v for k, v in self._grants.tags.items() if k.lower() == wanted), None)
        read = _GLOBAL_KEYS.get(name)
        return None if read is None else read(self)

    def _principal_key(self, key: str) -> str | None:
        principal = self._caller.principal
        if principal.kind == "anonymous":
            return "Anonymous" if key == "type" else None
        if key == "arn":
            return self._grants.arn
        if key == "account":
            return self._caller.account
        return _PRINCIPAL_TYPES.get(principal.kind)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC)


_GLOBAL_KEYS: dict[str, Callable[[Situation], str | None]] = {
    "aws:currenttime": lambda s: s._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    "aws:epochtime": lambda s: str(int(s._now().timestamp())),
    "aws:principalaccount": lambda s: s._principal_key("account"),
    "aws:principalarn": lambda s: s._principal_key("arn"),
    "aws:principalisawsservice": lambda s: "true" if s._caller.principal.kind == "service" else "false",
    "aws:principaltype": lambda s: s._principal_key("type"),
    "aws:requestedregion": lambda s: s._caller.region,
    "aws:resourceaccount": lambda s: s._resource_account,
    "s3:resourceaccount": lambda s: s._resource_account,
    # Nothing leaves the machine. "false" would lock everybody out of what templates open to TLS alone (the CDK's do).
    "aws:securetransport": lambda _: "true",
    "aws:sourceip": lambda s: s._caller.source_ip or None,
    "aws:useragent": lambda s: s._caller.user_agent or None,
    "aws:userid": lambda s: s._caller.principal.id or None,
    "aws:username": lambda s: s._caller.principal.name if s._caller.principal.kind == "user" else None,
    "aws:viaawsservice": lambda _: "false",
}

_EVERYTHING = compiled('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}')
