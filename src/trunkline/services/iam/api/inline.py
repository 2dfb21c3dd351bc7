"""Inline policies of users, groups and roles: one rule, three sets of names."""

from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import GROUP, ROLE, USER, Part
from trunkline.services.iam.documents import check_inline_size, identity_document
from trunkline.services.iam.model import Holder

_CLOUDFORMATION = "cloudformation.amazonaws.com"
_TABLES: dict[str, Table[Any]] = {"user": store.USERS, "group": store.GROUPS, "role": store.ROLES}
_FIND = {"user": store.user, "group": store.group, "role": store.role}
_NAMES = {"user": "UserName", "group": "GroupName", "role": "RoleName"}


def holder(reader: Reader, kind: str, call: Call, req: Doc) -> Holder:
    """The user, group or role that a request names."""
    return _FIND[kind](reader, call.account, req[_NAMES[kind]])


def keep(tx: Tx, kind: str, item: Holder) -> None:
    """Store it."""
    _TABLES[kind].put(tx, item)


def mark(item: Holder, policy: str, call: Call) -> None:
    """Remember a new policy of a holder as a stack's, if CloudFormation puts it."""
    if call.caller.user_agent == _CLOUDFORMATION and policy not in item.stacked:
        item.stacked.append(policy)


class InlinePolicyOperations(Part):
    """PutUserPolicy and its like."""

    @operation(USER)
    async def put_user_policy(self, call: Call, req: Doc) -> None:
        await self._put_inline("user", call, req)

    @operation(GROUP)
    async def put_group_policy(self, call: Call, req: Doc) -> None:
        await self._put_inline("group", call, req)

    @operation(ROLE)
    async def put_role_policy(self, call: Call, req: Doc) -> None:
        await self._put_inline("role", call, req)

    async def _put_inline(self, kind: str, call: Call, req: Doc) -> None:
        document = identity_document(req["PolicyDocument"])

        def write(tx: Tx) -> None:
            item = holder(tx, kind, call, req)
            if req["PolicyName"] not in item.inline:
                mark(item, req["PolicyName"], call)
            item.inline[req["PolicyName"]] = document
            check_inline_size(kind, item)
            keep(tx, kind, item)

        await self._change(write)

    @operation(USER)
    async def get_user_policy(self, call: Call, req: Doc) -> Doc:
        return self._get_inline("user", call, req)

    @operation(GROUP)
    async def get_group_policy(self, call: Call, req: Doc) -> Doc:
        return self._get_inline("group", call, req)

    @operation(ROLE)
    async def get_role_policy(self, call: Call, req: Doc) -> Doc:
        return self._get_inline("role", call, req)

    def _get_inline(self, kind: str, call: Call, req: Doc) -> Doc:
        item = holder(self._db, kind, call, req)
        document = _document(item, kind, req["PolicyName"])
        return {
            _NAMES[kind]: item.name,
            "PolicyName": req["PolicyName"],
            "PolicyDocument": views.encoded(document),
        }

    @operation(USER)
    async def delete_user_policy(self, call: Call, req: Doc) -> None:
        await self._delete_inline("user", call, req)

    @operation(GROUP)
    async def delete_group_policy(self, call: Call, req: Doc) -> None:
        await self._delete_inline("group", call, req)

    @operation(ROLE)
    async def delete_role_policy(self, call: Call, req: Doc) -> None:
        await self._delete_inline("role", call, req)

    async def _delete_inline(self, kind: str, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = holder(tx, kind, call, req)
            _document(item, kind, req["PolicyName"])
            del item.inline[req["PolicyName"]]
            item.stacked = [one for one in item.stacked if one != req["PolicyName"]]
            keep(tx, kind, item)

        await self._change(write)

    @operation(USER)
    async def list_user_policies(self, call: Call, req: Doc) -> Doc:
        return self._list_inline("user", call, req)

    @operation(GROUP)
    async def list_group_policies(self, call: Call, req: Doc) -> Doc:
        return self._list_inline("group", call, req)

    @operation(ROLE)
    async def list_role_policies(self, call: Call, req: Doc) -> Doc:
        return self._list_inline("role", call, req)

    def _list_inline(self, kind: str, call: Call, req: Doc) -> Doc:
        item = holder(self._db, kind, call, req)
        return views.listed("PolicyNames", item.inline, req, key=lambda n: n, show=lambda n: n)


def _document(item: Holder, kind: str, name: str) -> str:
    if name not in item.inline:
        raise AwsError("NoSuchEntity", f"The {kind} policy with name {name} cannot be found.")
    return item.inline[name]
