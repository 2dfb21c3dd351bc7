"""What became of queries: GetQueryResults, DescribeQueries, ListLogGroupsForQuery."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.queries.starting import Starting
from trunkline.services.logs.queries.model import ALIVE, MAX_PAGE_ROWS, Query
from trunkline.services.logs.queries.store import QUERIES

_PATIENCE_S = 2.0
"""So long an answer waits for a query that is about to end: most do, and save their readers a round of polling."""


class Reading(Starting):
    @operation()
    async def get_query_results(self, call: Call, req: Doc) -> Doc:
        query = self._query(call, req["queryId"])
        if query.status in ALIVE:
            await self._queries.runner.wait(query.id, _PATIENCE_S)
            query = self._query(call, req["queryId"])
        start = _place(req.get("nextToken"))
        count = req.get("maxItems") or MAX_PAGE_ROWS
        rows = self._queries.rows(query, start, count) if query.status == "Complete" else []
        end = start + len(rows)
        answer: Doc = {
            "queryLanguage": "CWLI",
            "results": rows,
            "statistics": {
                "recordsMatched": float(query.matched),
                "recordsScanned": float(query.scanned),
                "estimatedRecordsSkipped": 0.0,
                "bytesScanned": float(query.bytes_scanned),
                "estimatedBytesSkipped": 0.0,
                "logGroupsScanned": float(len(query.groups)),
            },
            "status": query.status,
        }
        if rows and end < query.rows:
            answer["nextToken"] = paging.encode(str(end))
        return answer

    @operation()
    async def describe_queries(self, call: Call, req: Doc) -> Doc:
        if req.get("queryLanguage", "CWLI") != "CWLI":
            return {"queries": []}
        group, status = req.get("logGroupName"), req.get("status")
        if group is not None:
            self._store.group(call.account, call.region, group)
        found = [
            self._queries.runner.current(q) for q in QUERIES.find(self._queries.db, prefix=(call.account, call.region))
        ]
        shown, token = paging.page(
            [
                query
                for query in found
                if (group is None or group in query.groups) and (status is None or query.status == status)
            ],
            req.get("maxResults", 1000),
            req.get("nextToken"),
            key=lambda query: f"{query.created_ms:014d}{query.id}",
            error="InvalidParameterException",
            reverse=True,
        )
        return {"queries": [_described(query, group) for query in shown], "nextToken": token}

    @operation()
    async def list_log_groups_for_query(self, call: Call, req: Doc) -> Doc:
        query = self._query(call, req["queryId"])
        shown, token = paging.page(
            query.groups,
            req.get("maxResults", 500),
            req.get("nextToken"),
            key=lambda name: name,
            error="InvalidParameterException",
        )
        return {"logGroupIdentifiers": shown, "nextToken": token}


def _place(token: str | None) -> int:
    if token is None:
        return 0
    place = paging.decode(token, error="InvalidParameterException")
    if not place.isdigit():
        raise AwsError("InvalidParameterException", "The specified nextToken is not valid.")
    return int(place)


def _described(query: Query, group: str | None) -> Doc:
    return {
        "queryLanguage": "CWLI",
        "queryId": query.id,
        "queryString": query.text,
        "status": query.status,
        "createTime": query.created_ms,
        "logGroupName": group or (query.groups[0] if query.groups else None),
        "queryDuration": query.ended_ms - query.created_ms if query.ended_ms else None,
        "bytesScanned": float(query.bytes_scanned),
        "userIdentity": query.user,
    }
