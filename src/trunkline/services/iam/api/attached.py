"""Managed policies attached to users, groups and roles."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.inline import holder, keep, mark
from trunkline.services.iam.api.part import GROUP, ROLE, USER, Part
from trunkline.services.iam.model import QUOTA_ATTACHED


class AttachedPolicyOperations(Part):
    """AttachUserPolicy and its like."""

    @operation(USER)
    async def attach_user_policy(self, call: Call, req: Doc) -> None:
        await self._attach("user", call, req)

    @operation(GROUP)
    async def attach_group_policy(self, call: Call, req: Doc) -> None:
        await self._attach("group", call, req)

    @operation(ROLE)
    async def attach_role_policy(self, call: Call, req: Doc) -> None:
        await self._attach("role", call, req)

    async def _attach(self, kind: str, call: Call, req: Doc) -> None:
        arn = req["PolicyArn"]

        def write(tx: Tx) -> None:
            item = holder(tx, kind, call, req)
            if store.policy_or_none(tx, call.account, arn) is None:
                raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
            if arn in item.attached:
                return
            if len(item.attached) >= QUOTA_ATTACHED:
                raise AwsError(
                    "LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind.capitalize()}: {QUOTA_ATTACHED}"
                )
            item.attached.append(arn)
            mark(item, arn, call)
            keep(tx, kind, item)

        await self._change(write)

    @operation(USER)
    async def detach_user_policy(self, call: Call, req: Doc) -> None:
        await self._detach("user", call, req)

    @operation(GROUP)
    async def detach_group_policy(self, call: Call, req: Doc) -> None:
        await self._detach("group", call, req)

    @operation(ROLE)
    async def detach_role_policy(self, call: Call, req: Doc) -> None:
        await self._detach("role", call, req)

    async def _detach(self, kind: str, call: Call, req: Doc) -> None:
        arn = req["PolicyArn"]

        def write(tx: Tx) -> None:
            item = holder(tx, kind, call, req)
            if arn not in item.attached:
                raise AwsError("NoSuchEntity", f"Policy {arn} was not found.")
            item.attached.remove(arn)
            item.stacked = [one for one in item.stacked if one != arn]
            keep(tx, kind, item)

        await self._change(write)

    @operation(USER)
    async def list_attached_user_policies(self, call: Call, req: Doc) -> Doc:
        return self._list_attached("user", call, req)

    @operation(GROUP)
    async def list_attached_group_policies(self, call: Call, req: Doc) -> Doc:
        return self._list_attached("group", call, req)

    @operation(ROLE)
    async def list_attached_role_policies(self, call: Call, req: Doc) -> Doc:
        return self._list_attached("role", call, req)

    def _list_attached(self, kind: str, call: Call, req: Doc) -> Doc:
        item = holder(self._db, kind, call, req)
        found = (store.policy_or_none(self._db, call.account, arn) for arn in item.attached)
        within = views.below(req.get("PathPrefix"))
        policies = [policy for policy in found if policy is not None and within(policy.path)]
        return views.listed(
            "AttachedPolicies",
            policies,
            req,
            key=lambda p: p.arn,
            show=lambda p: {"PolicyName": p.name, "PolicyArn": p.arn},
        )
