"""STS's operations."""

from datetime import UTC, datetime

from trunkline.aws import sessions
from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.identity import NO_ACCESS, Access, Grants, Situation, Trust
from trunkline.aws.policy import ALLOW, Ask, verdict
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.sessions import Session
from trunkline.core.clock import Clock
from trunkline.core.db import Database
from trunkline.services.sts.requests import (
    account_of_key,
    check_role_arn,
    refuse_mfa,
    role_duration_s,
    session_policies,
    session_tags,
)

_NO_PROVIDERS = "Trunkline has no identity providers: use AssumeRole, signed with a user's or a role's key."


class Api:
    """GetCallerIdentity, AssumeRole and the others."""

    def __init__(self, db: Database, clock: Clock, call: Client) -> None:
        self._db = db
        self._clock = clock
        self._call = call

    def access(self, call: Call, req: Doc) -> Access:
        """A role is assumed if its trust policy says so; one that names an account leaves it to that account's IAM."""
        if call.operation != "AssumeRole":
            return NO_ACCESS
        check_role_arn(req["RoleArn"])
        trust = self._call.identity.trust(req["RoleArn"])
        if trust is None:
            # The same answer as for a role that does not trust the caller: names of roles are not told to strangers.
            return Access(policies=(), account="", must_allow=True)
        tags = {f"{prefix}:ResourceTag/{key}": tag for key, tag in trust.tags.items() for prefix in ("aws", "iam")}
        return Access({**_context(req), **tags}, (trust.policy,), trust.account, must_allow=True)

    @operation(authorize=False, mutates=False)
    async def get_caller_identity(self, call: Call, req: Doc) -> Doc:
        principal = call.caller.principal
        return {"UserId": principal.id, "Account": call.account, "Arn": principal.arn}

    @operation("{RoleArn}")
    async def assume_role(self, call: Call, req: Doc) -> Doc:
        refuse_mfa(req)
        check_role_arn(req["RoleArn"])
        trust = self._call.identity.trust(req["RoleArn"])
        if trust is None:
            raise _not_allowed(call, req)
        if call.caller.principal.kind == "service" and not self._trusts_service(trust, call, req):
            raise _not_allowed(call, req)
        name = req["RoleSessionName"]
        arn = f"arn:aws:sts::{trust.account}:assumed-role/{trust.name}/{name}"
        session = self._session(trust.account, role_duration_s(call, req, trust.max_session_s))
        session.kind, session.arn, session.name = "role", arn, trust.name
        session.principal_id = f"{trust.role_id}:{name}"
        session.policies = session_policies(req)
        session.tags = {**self._inherited_tags(call), **session_tags(req)}
        session.transitive = req.get("TransitiveTagKeys", [])
        await self._open(session)
        user = {"AssumedRoleId": session.principal_id, "Arn": arn}
        return {
            "Credentials": _credentials(session),
            "AssumedRoleUser": user,
            "SourceIdentity": req.get("SourceIdentity"),
        }

    def _trusts_service(self, trust: Trust, call: Call, req: Doc) -> bool:
        caller = call.caller
        prefix = caller.principal.name.split(".")[0]
        context = {
            **_context(req),
            "aws:SourceAccount": call.account,
            # Which resource acts is not told to STS: a condition on it is met by any resource of the service.
            "aws:SourceArn": f"arn:aws:{prefix}:{call.region}:{call.account}:*",
        }
        values = Situation(caller, Grants(caller.principal.arn), context, self._clock).values
        ask = Ask("sts:AssumeRole", trust.arn, values, {"Service": [caller.principal.name]})
        return verdict((trust.policy,), ask) is ALLOW

    def _inherited_tags(self, call: Call) -> dict[str, str]:
        """Transitive tags of the session that assumes this one."""
        parent = sessions.find(self._db, call.caller.access_key_id) if call.caller.access_key_id else None
        return {} if parent is None else {k: v for k, v in parent.tags.items() if k in parent.transitive}

    @operation(authorize=False, mutates=False)
    async def get_session_token(self, call: Call, req: Doc) -> Doc:
        refuse_mfa(req)
        principal = call.caller.principal
        _refuse_sessions(call)
        longest_s = 3600 if principal.kind == "root" else 129_600
        session = self._session(call.account, min(req.get("DurationSeconds", 43_200), longest_s))
        session.kind, session.arn, session.principal_id = principal.kind, principal.arn, principal.id
        session.name = principal.name
        await self._open(session)
        return {"Credentials": _credentials(session)}

    @operation("arn:aws:sts::{account}:federated-user/{Name}")
    async def get_federation_token(self, call: Call, req: Doc) -> Doc:
        principal = call.caller.principal
        _refuse_sessions(call)
        longest_s = 3600 if principal.kind == "root" else 129_600
        session = self._session(call.account, min(req.get("DurationSeconds", 43_200), longest_s))
        session.kind, session.name = "federated", req["Name"]
        session.arn = f"arn:aws:sts::{call.account}:federated-user/{req['Name']}"
        session.principal_id = f"{call.account}:{req['Name']}"
        session.issuer = principal.name if principal.kind == "user" else ""
        # Without a session policy a federated user may do nothing but what resource policies grant.
        session.policies = session_policies(req) or ['{"Version":"2012-10-17","Statement":[]}']
        session.tags = session_tags(req)
        await self._open(session)
        user = {"FederatedUserId": session.principal_id, "Arn": session.arn}
        return {"Credentials": _credentials(session), "FederatedUser": user}

    @operation()
    async def get_access_key_info(self, call: Call, req: Doc) -> Doc:
        key_id = req["AccessKeyId"]
        found = self._call.identity.credential(key_id)
        return {"Account": account_of_key(key_id) if found is None else found.account}

    @operation()
    async def decode_authorization_message(self, call: Call, req: Doc) -> Doc:
        # Trunkline's refusals are in plain words, so no encoded message can be one of ours.
        raise AwsError("InvalidAuthorizationMessageException", "Message is not valid")

    @operation(authorize=False)
    async def assume_role_with_web_identity(self, call: Call, req: Doc) -> Doc:
        raise Refused(_NO_PROVIDERS)

    @operation(authorize=False)
    async def assume_role_with_saml(self, call: Call, req: Doc) -> Doc:
        raise Refused(_NO_PROVIDERS)

    def _session(self, account: str, duration_s: int) -> Session:
        key, secret, token = sessions.new_key()
        return Session(key, secret, token, account, int(self._clock.time()) + duration_s, "", "", "", "")

    async def _open(self, session: Session) -> None:
        await self._db.write(lambda tx: sessions.open_session(tx, session, self._clock.time()))


def _context(req: Doc) -> dict[str, str | list[str]]:
    context: dict[str, str | list[str]] = {"sts:RoleSessionName": req["RoleSessionName"]}
    if "ExternalId" in req:
        context["sts:ExternalId"] = req["ExternalId"]
    if "SourceIdentity" in req:
        context["sts:SourceIdentity"] = req["SourceIdentity"]
    tags = session_tags(req)
    if tags:
        context["aws:TagKeys"] = list(tags)
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return context


def _not_allowed(call: Call, req: Doc) -> AwsError:
    who = call.caller.principal.arn
    return AwsError(
        "AccessDenied",
        f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {req['RoleArn']}",
        status=403,
    )


def _refuse_sessions(call: Call) -> None:
    if call.caller.access_key_id.startswith("ASIA") or call.caller.principal.kind not in ("user", "root"):
        raise AwsError("AccessDenied", f"Cannot call {call.operation} with session credentials", status=403)


def _credentials(session: Session) -> Doc:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": datetime.fromtimestamp(session.expires, UTC),
    }
