"""Where spans go, which of them are indexed, and traces got back from the log."""

from __future__ import annotations

import asyncio

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import ALLOW, Ask, compiled, verdict
from trunkline.aws.service import Call, Caller, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context, page
from trunkline.services.xray.model import Config
from trunkline.services.xray.search import spans
from trunkline.services.xray.search.delivery import LOG_GROUP, LOG_STREAM, PRINCIPAL
from trunkline.services.xray.segments.document import is_trace_id
from trunkline.services.xray.segments.outcome import ended
from trunkline.services.xray.segments.trace import assemble
from trunkline.services.xray.summaries.summary import moment

_RULE = "Default"
_LOGS = "CloudWatchLogs"
_PENDING_S = 1
_TRACES_A_PAGE = 5
_SPANS_A_TRACE = 100
_SERVICES_A_PAGE = 1000


class TransactionSearch(Context):
    @operation(mutates=False)
    async def get_trace_segment_destination(self, call: Call, req: Doc) -> Doc:
        return self._destination(store.config(self._db, call.account, call.region))

    @operation()
    async def update_trace_segment_destination(self, call: Call, req: Doc) -> Doc:
        wanted = req.get("Destination", "XRay")
        if wanted == _LOGS:
            await self._open_log(call)

        def change(tx: Tx) -> Config:
            config = store.config(tx, call.account, call.region)
            if config.destination != wanted:
                config.destination = wanted
                config.destination_ready = self._clock.due(_PENDING_S)
                store.CONFIGS.put(tx, config)
            return config

        return self._destination(await self._db.write(change))

    def _destination(self, config: Config) -> Doc:
        pending = self._clock.time() < config.destination_ready
        return {"Destination": config.destination, "Status": "PENDING" if pending else "ACTIVE"}

    async def _open_log(self, call: Call) -> None:
        """Make the log group, once a resource policy of CloudWatch Logs lets X-Ray write to it, as AWS demands."""
        caller = Caller.service(PRINCIPAL, call.account, call.region)
        answer = await self._kit.call("logs", "DescribeResourcePolicies", {}, as_=caller)
        policies = [compiled(one["policyDocument"]) for one in answer.get("resourcePolicies", ())]
        context = {
            "aws:SourceArn": [call.arn("*")],
            "aws:SourceAccount": [call.account],
        }
        where = f"arn:aws:logs:{call.region}:{call.account}:log-group:{LOG_GROUP}:log-stream:{LOG_STREAM}"
        ask = Ask("logs:PutLogEvents", where, context.get, {"Service": [PRINCIPAL]})
        if verdict(policies, ask) is not ALLOW:
            raise store.invalid(f"XRay does not have permission to call PutLogEvents on the {LOG_GROUP} Log Group")
        for name, made in (
            ("CreateLogGroup", {"logGroupName": LOG_GROUP}),
            ("CreateLogStream", {"logGroupName": LOG_GROUP, "logStreamName": LOG_STREAM}),
        ):
            try:
                await self._kit.call("logs", name, made, as_=caller)
            except AwsError as error:
                if error.code != "ResourceAlreadyExistsException":
                    raise

    # -- indexing

    @operation()
    async def get_indexing_rules(self, call: Call, req: Doc) -> Doc:
        return {"IndexingRules": [_rule(store.config(self._db, call.account, call.region))]}

    @operation()
    async def update_indexing_rule(self, call: Call, req: Doc) -> Doc:
        if req["Name"] != _RULE:
            raise AwsError("ResourceNotFoundException", "The only indexing rule is Default.", ResourceName=req["Name"])
        if "Probabilistic" not in req["Rule"]:
            raise store.invalid("The indexing rule is probabilistic.")
        share = req["Rule"]["Probabilistic"]["DesiredSamplingPercentage"]
        if not 0 <= share <= 100:
            raise store.invalid("DesiredSamplingPercentage lies between 0 and 100.")

        def change(tx: Tx) -> Config:
            config = store.config(tx, call.account, call.region)
            config.indexing_pct = share
            config.indexing_changed = self._clock.time()
            store.CONFIGS.put(tx, config)
            return config

        return {"IndexingRule": _rule(await self._db.write(change))}

    # -- retrieval

    @operation()
    async def start_trace_retrieval(self, call: Call, req: Doc) -> Doc:
        if req["EndTime"] < req["StartTime"]:
            raise store.invalid("The end time must not lie before the start time.")
        trace_ids = list(dict.fromkeys(req["TraceIds"]))
        for one in trace_ids:
            if not is_trace_id(one):
                raise store.invalid(f"{one} is no trace id.")
        described = {"logGroupNamePrefix": LOG_GROUP}
        groups = (await self._kit.call("logs", "DescribeLogGroups", described, as_=call.caller))["logGroups"]
        if all(one["logGroupName"] != LOG_GROUP for one in groups):
            raise AwsError("ResourceNotFoundException", f"There is no log group {LOG_GROUP}.", ResourceName=LOG_GROUP)
        start, end = req["StartTime"].timestamp(), req["EndTime"].timestamp()
        return {"RetrievalToken": self._retrievals.start(call.caller, trace_ids, start, end)}

    @operation()
    async def list_retrieved_traces(self, call: Call, req: Doc) -> Doc:
        retrieval = self._retrievals.get(call.account, call.region, req["RetrievalToken"])
        format_ = req.get("TraceFormat", "XRAY")
        told: Doc = {"RetrievalStatus": retrieval.status, "TraceFormat": format_}
        if retrieval.status != "COMPLETE":
            return {**told, "Traces": []}
        describe = _otel if format_ == "OTEL" else _xray
        parts = [part for item in sorted(retrieval.found.items()) for part in describe(*item, call.account)]
        shown, token = page(parts, req.get("NextToken"), _TRACES_A_PAGE)
        return {**told, "Traces": shown, "NextToken": token}

    @operation()
    async def get_retrieved_traces_graph(self, call: Call, req: Doc) -> Doc:
        retrieval = self._retrievals.get(call.account, call.region, req["RetrievalToken"])
        told: Doc = {"RetrievalStatus": retrieval.status}
        if retrieval.status != "COMPLETE":
            return {**told, "Services": []}

        def work() -> list[Doc]:
            from trunkline.services.xray.graph import asking, described

            documents = [one for found in retrieval.found.values() for one in spans.documents(found)]
            return described.services(asking.of_documents(documents, call.account))

        services = [{"Service": one, "Links": []} for one in await asyncio.to_thread(work)]
        shown, token = page(services, req.get("NextToken"), _SERVICES_A_PAGE)
        return {**told, "Services": shown, "NextToken": token}

    @operation()
    async def cancel_trace_retrieval(self, call: Call, req: Doc) -> Doc:
        self._retrievals.cancel(self._retrievals.get(call.account, call.region, req["RetrievalToken"]))
        return {}


def _rule(config: Config) -> Doc:
    share = {"DesiredSamplingPercentage": config.indexing_pct, "ActualSamplingPercentage": config.indexing_pct}
    return {"Name": _RULE, "ModifiedAt": moment(config.indexing_changed), "Rule": {"Probabilistic": share}}


def _otel(trace_id: str, found: list[Doc], account: str) -> list[Doc]:
    start = min(span["startTimeUnixNano"] for span in found)
    duration = (max(span["endTimeUnixNano"] for span in found) - start) / 1e9
    told = [{"Id": span["spanId"], "Document": spans.message(span)} for span in found]
    return _parts(trace_id, duration, told)


def _xray(trace_id: str, found: list[Doc], account: str) -> list[Doc]:
    texts = [orjson.dumps(one).decode() for one in spans.documents(found)]
    documents = assemble(trace_id, texts, account).documents()
    start = min(one["start_time"] for one in documents)
    duration = max(ended(one) for one in documents) - start
    return _parts(trace_id, duration, [{"Id": one["id"], "Document": orjson.dumps(one).decode()} for one in documents])


def _parts(trace_id: str, duration: float, told: list[Doc]) -> list[Doc]:
    """A trace with many spans is told in several entries: one holds a hundred."""
    return [
        {"Id": trace_id, "Duration": round(duration, 3), "Spans": told[at : at + _SPANS_A_TRACE]}
        for at in range(0, len(told), _SPANS_A_TRACE)
    ]
