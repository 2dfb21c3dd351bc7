"""What metric streams write, and that a restart misses nothing."""

from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.engines.telemetry import Metric, Sample
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.services.cloudwatch.streams import STREAMS, Delivery, MetricStream

_START = datetime(2026, 1, 1, tzinfo=UTC)
_MS = int(_START.timestamp() * 1000)
_LOAD = Metric("1", "us-east-1", "App", "Load", (("Host", "a"),))
_OTHER = Metric("1", "us-east-1", "Elsewhere", "Load")


class Bucket:
    """The calls that a delivery makes, with what it wrote."""

    def __init__(self):
        self.written = {}
        self.down = False

    async def assume(self, role, *, service, region):
        return role

    async def __call__(self, service, operation, request, *, as_):
        assert (service, operation, request["Bucket"], as_) == ("s3", "PutObject", "metrics", "role")
        if self.down:
            raise RuntimeError("S3 is down")
        self.written[request["Key"]] = request["Body"]


@pytest.fixture
async def site(tmp_path):
    clock = ManualClock(_START)
    db = Database(tmp_path / "state.db")
    telemetry = LocalTelemetry(tmp_path / "telemetry", clock)
    bucket = Bucket()
    kit = SimpleNamespace(db=db, clock=clock, call=bucket)
    yield SimpleNamespace(kit=kit, telemetry=telemetry, bucket=bucket, db=db)
    await telemetry.close()
    db.close()


async def put(site, delivery, *samples):
    await site.telemetry.put_samples(samples)
    delivery.note(samples)


async def made(site, output="json"):
    delivery = Delivery(site.kit, site.telemetry)
    more = [{"IncludeMetrics": [{"Namespace": "App", "MetricName": "Load"}], "AdditionalStatistics": ["p50"]}]
    stream = MetricStream(
        "1",
        "us-east-1",
        "all",
        "arn:aws:firehose:us-east-1:000000000001:deliverystream/s3.metrics",
        "role",
        output,
        [{"Namespace": "App"}],
        statistics=more,
        streamed_ms=_MS,
    )
    await site.db.write(lambda tx: STREAMS.put(tx, stream))
    delivery.reload()
    return delivery


async def test_a_minute_is_one_line_of_json(site):
    delivery = await made(site)
    values = [Sample(_LOAD, _MS + at, value, "Percent") for at, value in ((0, 1.0), (1000, 3.0), (2000, 8.0))]
    await put(site, delivery, *values, Sample(_OTHER, _MS, 1.0))
    await delivery.deliver()
    [(key, body)] = site.bucket.written.items()
    assert key.startswith("2026/01/01/00/s3.metrics-1-2026-01-01-00-00-00-")
    assert [orjson.loads(line) for line in body.splitlines()] == [
        {
            "metric_stream_name": "all",
            "account_id": "1",
            "region": "us-east-1",
            "namespace": "App",
            "metric_name": "Load",
            "dimensions": {"Host": "a"},
            "timestamp": _MS,
            "value": {"max": 8.0, "min": 1.0, "sum": 12.0, "count": 3.0, "p50": 3.0},
            "unit": "Percent",
        }
    ]
    await delivery.deliver()
    assert len(site.bucket.written) == 1, "nothing new, nothing written"


async def test_opentelemetry_is_length_delimited(site):
    delivery = await made(site, "opentelemetry1.0")
    await put(site, delivery, Sample(_LOAD, _MS, 2.0))
    await delivery.deliver()
    [body] = site.bucket.written.values()
    length, start = (body[0] & 0x7F) | body[1] << 7, 2
    assert length == len(body) - start
    [resource] = ExportMetricsServiceRequest.FromString(body[start:]).resource_metrics
    [metric] = resource.scope_metrics[0].metrics
    assert metric.name == "amazonaws.com/App/Load"
    [point] = metric.summary.data_points
    assert (point.count, point.sum) == (1, 2.0)
    assert [(one.quantile, one.value) for one in point.quantile_values] == [(0.0, 2.0), (0.5, 2.0), (1.0, 2.0)]


async def test_what_could_not_be_written_comes_with_the_next_round(site):
    delivery = await made(site)
    await put(site, delivery, Sample(_LOAD, _MS, 2.0))
    site.bucket.down = True
    await delivery.deliver()
    site.bucket.down = False
    await delivery.deliver()
    assert len(site.bucket.written) == 1


async def test_after_a_restart_what_was_put_before_is_delivered(site):
    await put(site, await made(site), Sample(_LOAD, _MS, 2.0))
    await site.kit.clock.advance(90)
    again = Delivery(site.kit, site.telemetry)
    await again.start()
    await again.deliver()
    assert len(site.bucket.written) == 1
    await again.stop()
