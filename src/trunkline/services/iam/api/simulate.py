"""The policy simulator: the evaluator that decides real calls, asked about calls that nobody made."""

from collections.abc import Sequence

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.identity import Grants, Situation
from trunkline.aws.policy import ALLOW, DENY, Ask, Policy, compiled, verdict
from trunkline.aws.service import Call, Caller, Doc, Principal, operation
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import Part
from trunkline.services.iam.documents import identity_document


class SimulateOperations(Part):
    """SimulatePrincipalPolicy and SimulateCustomPolicy."""

    @operation("{PolicySourceArn}")
    async def simulate_principal_policy(self, call: Call, req: Doc) -> Doc:
        try:
            source = arns.parse(req["PolicySourceArn"])
        except ValueError:
            raise AwsError("InvalidInput", f"Invalid Entity Arn: {req['PolicySourceArn']}") from None
        kind, _, rest = source.resource.partition("/")
        name = rest.rpartition("/")[2]
        if kind == "user":
            user = store.user(self._db, call.account, name)
            principal = Principal("user", user.arn, user.id, user.name)
        elif kind == "role":
            role = store.role(self._db, call.account, name)
            session = f"arn:aws:sts::{call.account}:assumed-role/{role.name}/simulated"
            principal = Principal("role", session, f"{role.id}:simulated", role.name)
        elif kind == "group":
            group = store.group(self._db, call.account, name)
            managed = (store.policy_or_none(self._db, call.account, arn) for arn in group.attached)
            texts = [*group.inline.values(), *(policy.document for policy in managed if policy is not None)]
            grants = Grants(group.arn, tuple(compiled(text) for text in texts))
            return self._simulate(call, req, Principal("user", group.arn, group.id, group.name), grants)
        else:
            raise AwsError("InvalidInput", f"Invalid Entity Arn: {req['PolicySourceArn']}")
        return self._simulate(call, req, principal, self._identity.grants(principal))

    @operation()
    async def simulate_custom_policy(self, call: Call, req: Doc) -> Doc:
        return self._simulate(call, req, call.caller.principal, Grants(call.caller.principal.arn))

    def _simulate(self, call: Call, req: Doc, principal: Principal, grants: Grants) -> Doc:
        more = tuple(compiled(identity_document(text)) for text in req.get("PolicyInputList", ()))
        boundaries = [compiled(identity_document(text)) for text in req.get("PermissionsBoundaryPolicyInputList", ())]
        if not boundaries and grants.boundary is not None:
            boundaries = [grants.boundary]
        context = {
            entry["ContextKeyName"]: entry.get("ContextKeyValues", []) for entry in req.get("ContextEntries", ())
        }
        caller = Caller(call.account, call.region, principal)
        values = Situation(caller, grants, context, self._clock).values
        results = [
            (action, resource, _decision((*grants.identity, *more), boundaries, Ask(action, resource, values)))
            for action in req["ActionNames"]
            for resource in req.get("ResourceArns", ["*"])
        ]

        def show(result: tuple[str, str, str]) -> Doc:
            action, resource, decision = result
            return {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decision,
                "MatchedStatements": [],
                "MissingContextValues": [],
            }

        return views.listed("EvaluationResults", results, req, key=lambda r: f"{r[0]} {r[1]}", show=show)


def _decision(policies: Sequence[Policy], boundaries: Sequence[Policy], ask: Ask) -> str:
    identity = verdict(policies, ask)
    bound = verdict(boundaries, ask) if boundaries else ALLOW
    if DENY in (identity, bound):
        return "explicitDeny"
    return "allowed" if identity is ALLOW and bound is ALLOW else "implicitDeny"
