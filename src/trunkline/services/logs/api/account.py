"""What belongs to the account rather than to a group: resource policies and saved queries.

A resource policy says which services may write; here Trunkline's own services may, so it is checked and kept only.
"""

from __future__ import annotations

import json

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.logs.api.context import Context
from trunkline.services.logs.model import MAX_RESOURCE_POLICIES, QueryDefinition, ResourcePolicy
from trunkline.services.logs.store import POLICIES, QUERIES


class Account(Context):
    @operation()
    async def put_resource_policy(self, call: Call, req: Doc) -> Doc:
        if "resourceArn" in req:
            raise Refused("Trunkline keeps the account's resource policies only: leave resourceArn out.")
        name, text = req.get("policyName"), req.get("policyDocument")
        if not name or text is None:
            raise AwsError("InvalidParameterException", "policyName and policyDocument must be specified.")
        try:
            parse(text, "resource")
        except PolicyError as error:
            raise AwsError("InvalidParameterException", f"Invalid policy document: {error}") from None
        policy = ResourcePolicy(call.account, call.region, name, text, self._now_ms())

        def work(tx: Tx) -> None:
            there = POLICIES.find(tx, prefix=(call.account, call.region))
            if len([one for one in there if one.name != name]) >= MAX_RESOURCE_POLICIES:
                raise AwsError("LimitExceededException", "Resource limit exceeded.")
            POLICIES.put(tx, policy)

        await self._store.write(work)
        return {"resourcePolicy": _policy(policy)}

    @operation()
    async def delete_resource_policy(self, call: Call, req: Doc) -> Doc:
        name = req.get("policyName", "")
        if not await self._store.write(lambda tx: POLICIES.delete(tx, call.account, call.region, name)):
            raise AwsError("ResourceNotFoundException", f"Policy with name [{name}] does not exist.")
        return {}

    @operation()
    async def describe_resource_policies(self, call: Call, req: Doc) -> Doc:
        shown, token = paging.page(
            POLICIES.find(self._store.db, prefix=(call.account, call.region)),
            req.get("limit", 50),
            req.get("nextToken"),
            key=lambda one: one.name,
            error="InvalidParameterException",
        )
        return {"resourcePolicies": [_policy(one) for one in shown], "nextToken": token}

    @operation()
    async def put_query_definition(self, call: Call, req: Doc) -> Doc:
        if req.get("queryLanguage", "CWLI") != "CWLI":
            raise Refused("Trunkline saves queries in the language of Logs Insights (CWLI) only.")
        wanted = req.get("queryDefinitionId")
        made = QueryDefinition(
            call.account,
            call.region,
            wanted or ids.uuid(),
            req["name"],
            req["queryString"],
            self._now_ms(),
            req.get("logGroupNames", []),
            req.get("parameters", []),
        )

        def work(tx: Tx) -> None:
            if wanted and QUERIES.get(tx, call.account, call.region, wanted) is None:
                raise AwsError("ResourceNotFoundException", f"No query definition with id {wanted} exists.")
            QUERIES.put(tx, made)

        await self._store.write(work)
        return {"queryDefinitionId": made.id}

    @operation()
    async def delete_query_definition(self, call: Call, req: Doc) -> Doc:
        wanted = req["queryDefinitionId"]
        if not await self._store.write(lambda tx: QUERIES.delete(tx, call.account, call.region, wanted)):
            raise AwsError("ResourceNotFoundException", f"No query definition with id {wanted} exists.")
        return {"success": True}

    @operation()
    async def describe_query_definitions(self, call: Call, req: Doc) -> Doc:
        prefix = req.get("queryDefinitionNamePrefix", "")
        found = QUERIES.find(self._store.db, prefix=(call.account, call.region))
        shown, token = paging.page(
            [one for one in found if one.name.startswith(prefix)],
            req.get("maxResults", 1000),
            req.get("nextToken"),
            key=lambda one: f"{one.name}\0{one.id}",
            error="InvalidParameterException",
        )
        return {"queryDefinitions": [_query(one) for one in shown], "nextToken": token}


def _policy(policy: ResourcePolicy) -> Doc:
    return {
        "policyName": policy.name,
        "policyDocument": json.dumps(json.loads(policy.text), separators=(",", ":")),
        "lastUpdatedTime": policy.updated_ms,
        "policyScope": "ACCOUNT",
    }


def _query(query: QueryDefinition) -> Doc:
    return {
        "queryLanguage": "CWLI",
        "queryDefinitionId": query.id,
        "name": query.name,
        "queryString": query.text,
        "lastModified": query.updated_ms,
        "logGroupNames": query.groups,
        "parameters": query.parameters or None,
    }
