"""Saved queries."""

from __future__ import annotations

import re
import uuid

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.logs.api.context import Context
from trunkline.services.logs.model import QueryDefinition
from trunkline.services.logs.store import QUERIES

_MAX_DEFINITIONS = 1000
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


class Definitions(Context):
    @operation()
    async def put_query_definition(self, call: Call, req: Doc) -> Doc:
        if req.get("queryLanguage", "CWLI") != "CWLI":
            raise Refused(
                "Trunkline saves queries in the language of Logs Insights (CWLI) only.",
                code="InvalidParameterException",
                status=400,
            )
        _check_parameters(req)
        wanted = req.get("queryDefinitionId")
        # A repeated request with the same token is the same definition.
        token = f"{call.account}/{call.region}/{req.get('clientToken', ids.uuid())}"
        made = QueryDefinition(
            call.account,
            call.region,
            wanted or str(uuid.uuid5(uuid.NAMESPACE_URL, token)),
            req["name"],
            req["queryString"],
            self._now_ms(),
            req.get("logGroupNames", []),
            req.get("parameters", []),
        )

        def work(tx: Tx) -> None:
            if wanted and QUERIES.get(tx, call.account, call.region, wanted) is None:
                raise AwsError("ResourceNotFoundException", f"No query definition with id {wanted} exists.")
            if not wanted and len(QUERIES.find(tx, prefix=(call.account, call.region))) >= _MAX_DEFINITIONS:
                raise AwsError(
                    "LimitExceededException", f"An account has at most {_MAX_DEFINITIONS} query definitions."
                )
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
        if req.get("queryLanguage", "CWLI") != "CWLI":
            return {"queryDefinitions": []}
        prefix = req.get("queryDefinitionNamePrefix", "")
        found = QUERIES.find(self._store.db, prefix=(call.account, call.region))
        shown, token = paging.page(
            [one for one in found if one.name.startswith(prefix)],
            req.get("maxResults", 1000),
            req.get("nextToken"),
            key=lambda one: f"{one.name}\0{one.id}",
            error="InvalidParameterException",
        )
        return {"queryDefinitions": [_described(one) for one in shown], "nextToken": token}


def _check_parameters(req: Doc) -> None:
    names = [one["name"] for one in req.get("parameters", ())]
    if len(set(names)) != len(names):
        raise AwsError("InvalidParameterException", "The names of query parameters must be unique.")
    unknown = sorted(set(_PLACEHOLDER.findall(req["queryString"])) - set(names)) if names else []
    if unknown:
        message = f"The query string has placeholders without a parameter: {', '.join(unknown)}"
        raise AwsError("InvalidParameterException", message)


def _described(query: QueryDefinition) -> Doc:
    return {
        "queryLanguage": "CWLI",
        "queryDefinitionId": query.id,
        "name": query.name,
        "queryString": query.text,
        "lastModified": query.updated_ms,
        "logGroupNames": query.groups,
        "parameters": query.parameters or None,
    }
