"""Resource policies of the account and of single log groups: which services may write.

Trunkline's own services may write without one, unlike on AWS; a policy that denies it to them is obeyed.
"""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context, name_in_arn
from trunkline.services.logs.model import MAX_RESOURCE_POLICIES, ResourcePolicy
from trunkline.services.logs.store import POLICIES

_CONFLICT = "A conflicting operation is currently in progress against this resource. Please try again."


class ResourcePolicies(Context):
    @operation()
    async def put_resource_policy(self, call: Call, req: Doc) -> Doc:
        text, group = req.get("policyDocument"), self._scope(call, req, "PutResourcePolicy")
        if text is None:
            raise _invalid("PutResourcePolicy request must contain policy document.")
        try:
            if text != "{}":  # AWS takes a policy that says nothing
                parse(text, "resource")
        except PolicyError as error:
            raise _invalid(f"Invalid policy document: {error}") from None
        key, expected = _key(group, req), req.get("expectedRevisionId")

        def work(tx: Tx) -> ResourcePolicy:
            before = POLICIES.get(tx, call.account, call.region, key)
            if group is not None and before is None and expected is not None:
                raise AwsError("OperationAbortedException", _CONFLICT)
            if before is not None and (group is not None or expected is not None):
                _check_revision(before, expected)
            if before is None and group is None:
                there = POLICIES.find(tx, prefix=(call.account, call.region))
                if len([one for one in there if not one.group]) >= MAX_RESOURCE_POLICIES:
                    raise AwsError("LimitExceededException", "Resource limit exceeded.")
            revision = str(int(before.revision) + 1 if before else 1) if group else ids.hex_id(16)
            made = ResourcePolicy(
                call.account, call.region, key, text, self._now_ms(), revision, group or "", req.get("policyName", "")
            )
            POLICIES.put(tx, made)
            return made

        made = await self._store.write(work)
        return {"resourcePolicy": _described(made), "revisionId": made.revision}

    @operation()
    async def delete_resource_policy(self, call: Call, req: Doc) -> Doc:
        group = self._scope(call, req, "DeleteResourcePolicy")
        key = _key(group, req)

        def work(tx: Tx) -> None:
            before = POLICIES.get(tx, call.account, call.region, key)
            if before is None:
                what = "No policy found for ResourceArn" if group else f"Policy with name [{key}] does not exist."
                raise AwsError("ResourceNotFoundException", what)
            if group is not None and before.revision != req.get("expectedRevisionId"):
                raise _invalid("Invalid ExpectedRevisionId")
            POLICIES.delete(tx, call.account, call.region, key)

        await self._store.write(work)
        return {}

    @operation()
    async def describe_resource_policies(self, call: Call, req: Doc) -> Doc:
        arn = req.get("resourceArn")
        scope = req.get("policyScope", "RESOURCE" if arn else "ACCOUNT")
        group = None if arn is None else self._store.group(call.account, call.region, name_in_arn(arn)).name
        found = POLICIES.find(self._store.db, prefix=(call.account, call.region))
        shown, token = paging.page(
            [one for one in found if bool(one.group) == (scope == "RESOURCE") and group in (None, one.group)],
            req.get("limit", DEFAULT_PAGE),
            req.get("nextToken"),
            key=lambda one: one.name,
            error="InvalidParameterException",
        )
        return {"resourcePolicies": [_described(one) for one in shown], "nextToken": token}

    def _scope(self, call: Call, req: Doc, operation: str) -> str | None:
        """The log group whose policy is meant, or None for the account's."""
        if "resourceArn" in req:
            return self._store.group(call.account, call.region, name_in_arn(req["resourceArn"])).name
        if not req.get("policyName"):
            raise _invalid(f"{operation} request must contain policy name or resource arn.")
        return None


def _key(group: str | None, req: Doc) -> str:
    """Names of policies cannot hold what stands before a group's."""
    return f"log-group:{group}" if group else str(req["policyName"])


def _check_revision(before: ResourcePolicy, expected: str | None) -> None:
    if expected == before.revision:
        return
    if before.group and expected is not None:
        raise _invalid("Invalid ExpectedRevisionId")
    raise AwsError("OperationAbortedException", _CONFLICT)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _described(policy: ResourcePolicy) -> Doc:
    described: Doc = {
        "policyName": (policy.given_name if policy.group else policy.name) or None,
        "policyDocument": policy.text,
        "lastUpdatedTime": policy.updated_ms,
        "policyScope": "RESOURCE" if policy.group else "ACCOUNT",
        "revisionId": policy.revision or None,
    }
    if policy.group:
        place = f"{policy.region}:{policy.account}"
        described["resourceArn"] = f"arn:aws:logs:{place}:log-group:{policy.group}"
    return described
