"""Policies of the account: data protection, a subscription, transformers and field indexes for all its log groups.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
"""

from __future__ import annotations

import re

import orjson

from trunkline.aws import models, paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.logs import protection
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context
from trunkline.services.logs.api.subscriptions import check_function
from trunkline.services.logs.api.transformers import compiled
from trunkline.services.logs.model import AccountPolicy, LogGroup
from trunkline.services.logs.pattern import InvalidPattern, compile_pattern
from trunkline.services.logs.protection import store as protections
from trunkline.services.logs.queries.selection import index_fields
from trunkline.services.logs.store import ACCOUNT_POLICIES

_DATA_PROTECTION = "DATA_PROTECTION_POLICY"
_MAX_DOCUMENT = 30_720
_MOST = {_DATA_PROTECTION: 1, "SUBSCRIPTION_FILTER_POLICY": 1, "TRANSFORMER_POLICY": 20, "FIELD_INDEX_POLICY": 20}
_PREFIX = re.compile(r'LogGroupNamePrefix\s*(?:=|==)?\s*"[^"]+"')
_NOT_IN = re.compile(r'LogGroupName NOT IN \[\s*("[^"]*"\s*(,\s*"[^"]*"\s*)*)?\]')
_CRITERIA = {
    "SUBSCRIPTION_FILTER_POLICY": _NOT_IN,
    "TRANSFORMER_POLICY": _PREFIX,
    "FIELD_INDEX_POLICY": _PREFIX,
}


class AccountPolicies(Context):
    @operation()
    async def put_account_policy(self, call: Call, req: Doc) -> Doc:
        kind, name, document = req["policyType"], req["policyName"], req["policyDocument"]
        selection = req.get("selectionCriteria", "")
        if kind not in _MOST:
            raise Refused(f"Trunkline has no account policies of the type {kind}.")
        if name.startswith("aws/"):
            raise _invalid("The name of a policy cannot start with aws/.")
        if selection and (kind not in _CRITERIA or not _CRITERIA[kind].fullmatch(selection.strip())):
            raise _invalid(f"The selectionCriteria {selection} are not valid for a policy of the type {kind}.")
        await self._check(call, kind, document)
        made = AccountPolicy(call.account, call.region, kind, name, document, self._now_ms(), selection.strip())

        def work(tx: Tx) -> None:
            others = ACCOUNT_POLICIES.find(tx, prefix=(call.account, call.region, kind))
            others = [one for one in others if one.name != name]
            if len(others) >= _MOST[kind]:
                raise AwsError("LimitExceededException", "Resource limit exceeded.")
            if any(one.selection == made.selection for one in others):
                raise _invalid("Another policy has the same selection criteria.")
            ACCOUNT_POLICIES.put(tx, made)
            if kind == _DATA_PROTECTION:
                protections.change(tx, call.account, call.region, "", document, made.updated_ms)

        await self._store.write(work)
        return {"accountPolicy": _described(made)}

    async def _check(self, call: Call, kind: str, text: str) -> None:
        """The document must be what a policy of its type is."""
        if kind == _DATA_PROTECTION:
            protection.parse(text)
            return
        if len(text) > _MAX_DOCUMENT:
            raise _invalid(f"The policy document must be no longer than {_MAX_DOCUMENT} characters.")
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _invalid("The policy document is not valid JSON.") from None
        if kind == "TRANSFORMER_POLICY":
            request = {"transformerConfig": document, "logEventMessages": ["any"]}
            try:
                request = models.load("logs").operations["TestTransformer"].validate(request)
            except AwsError as error:
                raise _invalid(f"The policy document is not that of a transformer: {error.message}") from None
            compiled(request["transformerConfig"])
        elif kind == "FIELD_INDEX_POLICY":
            index_fields(text)
        else:
            if not isinstance(document, dict) or not isinstance(document.get("DestinationArn"), str):
                raise _invalid("A subscription filter policy must have a DestinationArn.")
            try:
                compile_pattern(str(document.get("FilterPattern", "")))
            except InvalidPattern as error:
                raise _invalid(str(error)) from None
            every = LogGroup(call.account, call.region, "*", "", 0)
            await check_function(self._kit, every, document["DestinationArn"])

    @operation()
    async def describe_account_policies(self, call: Call, req: Doc) -> Doc:
        if req.get("accountIdentifiers", [call.account]) != [call.account]:
            raise Refused("Trunkline has no monitoring accounts: leave accountIdentifiers out.")
        name = req.get("policyName")
        found = ACCOUNT_POLICIES.find(self._store.db, prefix=(call.account, call.region, req["policyType"]))
        shown, token = paging.page(
            [one for one in found if name in (None, one.name)],
            DEFAULT_PAGE,
            req.get("nextToken"),
            key=lambda one: one.name,
            error="InvalidParameterException",
        )
        return {"accountPolicies": [_described(one) for one in shown], "nextToken": token}

    @operation()
    async def delete_account_policy(self, call: Call, req: Doc) -> Doc:
        kind, name, now = req["policyType"], req["policyName"], self._now_ms()

        def work(tx: Tx) -> None:
            if not ACCOUNT_POLICIES.delete(tx, call.account, call.region, kind, name):
                raise AwsError("ResourceNotFoundException", f"Policy with name [{name}] does not exist.")
            if kind == _DATA_PROTECTION:
                protections.change(tx, call.account, call.region, "", None, now)

        await self._store.write(work)
        return {}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _described(policy: AccountPolicy) -> Doc:
    return {
        "policyName": policy.name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated_ms,
        "policyType": policy.type,
        "scope": "ALL",
        "selectionCriteria": policy.selection or None,
        "accountId": policy.account,
    }
