"""Metric streams."""

from __future__ import annotations

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudwatch.api.context import Context, invalid_value, moment
from trunkline.services.cloudwatch.statistics import UnknownStatistic, parse
from trunkline.services.cloudwatch.streams import STREAMS, MetricStream, bucket_of
from trunkline.services.cloudwatch.streams.model import RUNNING, STOPPED

_PAGE = 500


def _resource(call: Call, req: Doc) -> list[str]:
    return [call.arn(f"metric-stream/{name}") for name in req.get("Names") or [req.get("Name", "*")]]


class MetricStreams(Context):
    @operation(_resource)
    async def put_metric_stream(self, call: Call, req: Doc) -> Doc:
        _check(req)
        now_ms = self._now_ms()
        made = MetricStream(
            call.account,
            call.region,
            req["Name"],
            req["FirehoseArn"],
            req["RoleArn"],
            req["OutputFormat"],
            req.get("IncludeFilters", []),
            req.get("ExcludeFilters", []),
            req.get("StatisticsConfigurations", []),
            req.get("IncludeLinkedAccountsMetrics", False),
            created_ms=now_ms,
            updated_ms=now_ms,
            streamed_ms=now_ms,
            tags=tags.normalise(req.get("Tags"), error="InvalidParameterValueException"),
        )
        await self._streams.check(made)

        def work(tx: Tx) -> None:
            old = STREAMS.get(tx, call.account, call.region, made.name)
            if old is not None:
                made.created_ms, made.streamed_ms, made.state, made.tags = (
                    old.created_ms,
                    old.streamed_ms,
                    old.state,
                    old.tags,
                )
            STREAMS.put(tx, made)
            tx.after_commit(self._streams.reload)

        await self._store.db.write(work)
        return {"Arn": made.arn}

    @operation(_resource)
    async def get_metric_stream(self, call: Call, req: Doc) -> Doc:
        stream = STREAMS.get(self._store.db, call.account, call.region, req["Name"])
        if stream is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"Metric stream {req['Name']} does not exist",
                ResourceType="MetricStream",
                ResourceId=req["Name"],
            )
        return {
            **_entry(stream),
            "IncludeFilters": stream.include,
            "ExcludeFilters": stream.exclude,
            "RoleArn": stream.role_arn,
            "StatisticsConfigurations": stream.statistics,
            "IncludeLinkedAccountsMetrics": stream.linked,
        }

    @operation()
    async def list_metric_streams(self, call: Call, req: Doc) -> Doc:
        shown, token = paging.page(
            STREAMS.find(self._store.db, prefix=(call.account, call.region)),
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda stream: stream.name,
            error="InvalidNextToken",
        )
        return {"Entries": [_entry(stream) for stream in shown], "NextToken": token}

    @operation(_resource)
    async def start_metric_streams(self, call: Call, req: Doc) -> Doc:
        return await self._switch_streams(call, req["Names"], RUNNING)

    @operation(_resource)
    async def stop_metric_streams(self, call: Call, req: Doc) -> Doc:
        return await self._switch_streams(call, req["Names"], STOPPED)

    async def _switch_streams(self, call: Call, names: list[str], state: str) -> Doc:
        now_ms = self._now_ms()

        def work(tx: Tx) -> None:
            for name in names:
                stream = STREAMS.get(tx, call.account, call.region, name)
                if stream is None:
                    raise invalid_value(f"Metric stream {name} does not exist.")
                if stream.state != state:
                    # What was put while it was stopped is not streamed.
                    stream.state, stream.updated_ms, stream.streamed_ms = state, now_ms, now_ms
                    STREAMS.put(tx, stream)
            tx.after_commit(self._streams.reload)

        await self._store.db.write(work)
        return {}

    @operation(_resource)
    async def delete_metric_stream(self, call: Call, req: Doc) -> Doc:
        def work(tx: Tx) -> None:
            STREAMS.delete(tx, call.account, call.region, req["Name"])
            tx.after_commit(self._streams.reload)

        await self._store.db.write(work)
        return {}


def _check(req: Doc) -> None:
    if req.get("IncludeFilters") and req.get("ExcludeFilters"):
        raise AwsError(
            "InvalidParameterCombinationException", "IncludeFilters and ExcludeFilters must not both be specified."
        )
    if bucket_of(req["FirehoseArn"]) is None:
        raise Refused(
            f"Trunkline has no Firehose: {req['FirehoseArn']} cannot be written to. A delivery stream that is called"
            " s3.BUCKET, as in arn:aws:firehose:REGION:ACCOUNT:deliverystream/s3.BUCKET, stands for that bucket."
        )
    if req["OutputFormat"] == "opentelemetry0.7":
        raise Refused("Trunkline streams json and opentelemetry1.0: opentelemetry0.7 is not supported.")
    if req.get("IncludeLinkedAccountsMetrics"):
        raise Refused("Trunkline does not support cross-account observability: leave IncludeLinkedAccountsMetrics out.")
    for one in req.get("StatisticsConfigurations", ()):
        for name in one["AdditionalStatistics"]:
            try:
                rank = parse(name).percentile
            except UnknownStatistic:
                raise invalid_value(f"The value {name} for parameter AdditionalStatistics is invalid.") from None
            if rank is None and req["OutputFormat"] != "json":
                raise invalid_value(f"OpenTelemetry carries percentiles only: {name} is none.")


def _entry(stream: MetricStream) -> Doc:
    return {
        "Arn": stream.arn,
        "Name": stream.name,
        "FirehoseArn": stream.firehose_arn,
        "State": stream.state,
        "OutputFormat": stream.output,
        "CreationDate": moment(stream.created_ms),
        "LastUpdateDate": moment(stream.updated_ms),
    }
