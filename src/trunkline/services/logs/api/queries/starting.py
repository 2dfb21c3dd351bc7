"""StartQuery and StopQuery."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.services.logs.api.context import Context, name_in_arn
from trunkline.services.logs.insights import Compiled, MalformedQuery, compile_query, tree
from trunkline.services.logs.insights.parser import parse
from trunkline.services.logs.insights.units import span_ms
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.queries.model import MAX_GROUPS, Query
from trunkline.services.logs.queries.runner import Work
from trunkline.services.logs.queries.selection import Selection, check_classes
from trunkline.services.logs.queries.store import LOOKUPS, QUERIES

_GROUP_MEMBERS = ("logGroupName", "logGroupNames", "logGroupIdentifiers")


def _asked(req: Doc) -> list[str]:
    """The groups that the request names."""
    given = [member for member in _GROUP_MEMBERS if req.get(member)]
    if len(given) > 1:
        raise AwsError(
            "InvalidParameterException",
            "Exactly one of the parameters logGroupName, logGroupNames and logGroupIdentifiers must be specified.",
        )
    names = req[given[0]] if given else []
    return [names] if isinstance(names, str) else list(names)


def _resources(call: Call, req: Doc) -> list[str]:
    names = [name_in_arn(name) if name.startswith("arn:") else name for name in _asked(req)]
    return [call.arn(f"log-group:{name}:log-stream:") for name in names] or [call.arn("log-group:*:log-stream:")]


def malformed(error: MalformedQuery) -> AwsError:
    return AwsError(
        "MalformedQueryException",
        error.message,
        queryCompileError={
            "location": {"startCharOffset": error.start, "endCharOffset": error.end},
            "message": error.message,
        },
    )


class Starting(Context):
    @operation(_resources, mutates=False)
    async def start_query(self, call: Call, req: Doc) -> Doc:
        if req.get("queryLanguage", "CWLI") != "CWLI":
            raise Refused(
                f"Trunkline runs queries of Logs Insights (CWLI), not OpenSearch {req['queryLanguage']}.",
                code="InvalidParameterException",
                status=400,
            )
        names = _asked(req)
        if len(names) > MAX_GROUPS:
            raise AwsError("InvalidParameterException", f"A query may have at most {MAX_GROUPS} log groups.")
        if req["endTime"] < req["startTime"]:
            raise AwsError("InvalidParameterException", "The end time of the query must not be before its start time.")
        try:
            work = self._work(call, req, names)
        except MalformedQuery as error:
            raise malformed(error) from None
        await self._queries.runner.begin(work)
        return {"queryId": work.query.id}

    def _work(self, call: Call, req: Doc, names: list[str]) -> Work:
        text, now_ms = req["queryString"], self._now_ms()
        query = parse(text)
        start_ms, end_ms = _range(query, req["startTime"] * 1000, req["endTime"] * 1000 + 1000, now_ms)
        selection = Selection(self._store, call.account, call.region)
        if not names and query.source is None:
            raise AwsError("InvalidParameterException", "The query names no log groups.")
        if names and query.source is not None:
            raise AwsError("InvalidParameterException", "Name log groups in the request or by SOURCE, not both.")
        own = selection.named(names) if query.source is None else selection.of_source(query.source)
        check_classes(own, query)
        own = selection.indexed(own, query)
        compiled = compile_query(
            text,
            now_s=now_ms / 1000,
            start_ms=start_ms,
            end_ms=end_ms,
            limit=req.get("limit"),
            lookups={
                one.name: one.fields for one in LOOKUPS.find(self._queries.db, prefix=(call.account, call.region))
            },
            embedded_json=any(group.name.startswith("/aws/lambda/") for group in own),
        )
        groups = tuple((name, tuple(found)) for name, found in _scanned(compiled, own, query.source, selection))
        every = list({group.id: group for _, found in groups for group in found}.values())
        for group in every:
            if group not in own:  # reached by a subquery, of which the request's own resources say nothing
                self._kit.call.authorizer.authorize(
                    call.caller,
                    "logs:StartQuery",
                    [f"{group.arn}:log-stream:"],
                    protocol="json",
                    resource_account=group.account,
                )
        started = Query(
            call.account,
            call.region,
            ids.uuid(),
            text,
            now_ms,
            start_ms,
            end_ms,
            [group.name for group in every],
            [group.id for group in every],
            call.caller.principal.arn,
            req.get("limit"),
        )
        unmask = any(isinstance(command, tree.Unmask) for command in query.commands)
        return Work(started, compiled, groups, self._mask(call, every, unmask))

    def _mask(self, call: Call, groups: list[LogGroup], unmask: bool) -> Callable[[str], str] | None:
        """Hides what any of the groups' policies ever hid; `unmask` takes a permission for each of them."""
        visible = [self._visible(call, group, {"unmask": unmask}) for group in groups]
        masks = [one for one in visible if one is not None]
        if not masks:
            return None

        def mask(text: str) -> str:
            for one in masks:
                text = one(text, None)
            return text

        return mask

    @operation()
    async def stop_query(self, call: Call, req: Doc) -> Doc:
        query = self._query(call, req["queryId"])
        if not await self._queries.runner.cancel(query):
            raise AwsError("InvalidParameterException", f"Query [{query.id}] is not running: it has ended already.")
        return {"success": True}

    def _query(self, call: Call, query_id: str) -> Query:
        found = QUERIES.get(self._queries.db, call.account, call.region, query_id)
        if found is None:
            raise AwsError("ResourceNotFoundException", f"The specified query does not exist: {query_id}")
        return self._queries.runner.current(found)


def _scanned(
    compiled: Compiled, own: list[LogGroup], source: tree.Source | None, selection: Selection
) -> list[tuple[str, list[LogGroup]]]:
    """The groups of each relation of the statement; those of the query itself are known already."""
    return [
        (scan.name, own if scan.source is None or scan.source == source else selection.of_source(scan.source))
        for scan in compiled.scans
    ]


def _range(query: tree.Query, start_ms: int, end_ms: int, now_ms: int) -> tuple[int, int]:
    """The time of the query: SOURCE's own start and end come before the request's."""
    source = query.source
    if source is None:
        return start_ms, end_ms
    return _moment(source.start, start_ms, now_ms), _moment(source.end, end_ms, now_ms)


def _moment(text: str | None, given_ms: int, now_ms: int) -> int:
    if text is None:
        return given_ms
    if text == "now":
        return now_ms
    if text.isdigit():
        return int(text) * 1000
    return now_ms - span_ms(text.removeprefix("-"))
