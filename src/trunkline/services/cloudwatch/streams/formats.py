"""What a stream writes: JSON lines, or OpenTelemetry 1.0 messages with their lengths before them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-json.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-opentelemetry-100.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from trunkline.engines.telemetry import Bucket, Metric
from trunkline.services.cloudwatch.streams.model import MetricStream

_MINUTE_NS = 60_000_000_000


class Record(NamedTuple):
    """One metric in one minute."""

    metric: Metric
    unit: str
    bucket: Bucket
    additional: Mapping[str, float]


def written(stream: MetricStream, records: Sequence[Record]) -> bytes:
    if stream.output == "json":
        return b"".join(orjson.dumps(_json(stream, record)) + b"\n" for record in records)
    return _opentelemetry(stream, records)


def _json(stream: MetricStream, record: Record) -> dict[str, object]:
    metric, bucket = record.metric, record.bucket
    return {
        "metric_stream_name": stream.name,
        "account_id": metric.account,
        "region": metric.region,
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": dict(metric.dimensions),
        "timestamp": bucket.start_ms,
        "value": {
            "max": bucket.maximum,
            "min": bucket.minimum,
            "sum": bucket.total,
            "count": bucket.count,
            **record.additional,
        },
        "unit": record.unit,
    }


def _opentelemetry(stream: MetricStream, records: Sequence[Record]) -> bytes:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList

    def pair(key: str, value: str) -> KeyValue:
        return KeyValue(key=key, value=AnyValue(string_value=value))

    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    about = {
        "cloud.provider": "aws",
        "cloud.account.id": stream.account,
        "cloud.region": stream.region,
        "aws.exporter.arn": stream.arn,
    }
    resource.resource.attributes.extend(pair(key, value) for key, value in about.items())
    scope = resource.scope_metrics.add()
    for metric, unit, bucket, additional in records:
        told = scope.metrics.add(name=f"amazonaws.com/{metric.namespace}/{metric.name}", unit=unit)
        start_ns = bucket.start_ms * 1_000_000
        point = told.summary.data_points.add(
            start_time_unix_nano=start_ns,
            time_unix_nano=start_ns + _MINUTE_NS,
            count=round(bucket.count),
            sum=bucket.total,
        )
        dimensions = KeyValueList(values=[pair(key, value) for key, value in metric.dimensions])
        point.attributes.extend([pair("Namespace", metric.namespace), pair("MetricName", metric.name)])
        point.attributes.append(KeyValue(key="Dimensions", value=AnyValue(kvlist_value=dimensions)))
        quantiles = {0.0: bucket.minimum, 1.0: bucket.maximum}
        quantiles |= {float(name[1:]) / 100: value for name, value in additional.items()}
        for quantile, value in sorted(quantiles.items()):
            point.quantile_values.add(quantile=quantile, value=value)
    body: bytes = request.SerializeToString()
    return _varint(len(body)) + body


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
