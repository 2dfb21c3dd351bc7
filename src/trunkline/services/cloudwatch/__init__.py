"""CloudWatch: metrics over the telemetry engine, alarms evaluated in real time, dashboards.

Real: PutMetricData (values and counts, statistic sets, high resolution, data of entities), GetMetricStatistics and
GetMetricData with every statistic, metric math, SEARCH, Metrics Insights and labels, ages and periods as AWS keeps
them, ListMetrics; anomaly detectors with trained models and ANOMALY_DETECTION_BAND; Contributor Insights rules over
log groups; metric streams into buckets; widget images; metric alarms (M out of N, missing data, percentiles, metric
math, anomaly bands, periods from 10 seconds) with history, EventBridge events and actions (SNS, Lambda, scaling
policies); composite alarms with suppressors; mute rules; dashboards; tags.
Kept without effect: the entities of metrics; ApplyOnTransformedLogs of insight rules.
Refused by name: LAMBDA, SERVICE_QUOTA and DB_PERF_INSIGHTS in metric math; tags of resources in Metrics Insights;
managed insight rules; alarms of several time series (GROUP BY), PromQL and log alarms, wall clock windows; Firehose as
the end of a metric stream (a delivery stream called s3.BUCKET stands for the bucket) and OpenTelemetry 0.7; other
accounts; alarm actions that act on instances; and all that is not implemented.
The namespace AWS/ is for service principals only.
"""

from __future__ import annotations

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.cloudwatch.anomaly import Trainer
from trunkline.services.cloudwatch.api import Api
from trunkline.services.cloudwatch.composites import Composites
from trunkline.services.cloudwatch.contributors import Rules
from trunkline.services.cloudwatch.evaluator import Evaluator
from trunkline.services.cloudwatch.mutes import Mutes
from trunkline.services.cloudwatch.reactions import Actions
from trunkline.services.cloudwatch.reading import Reader
from trunkline.services.cloudwatch.resources import TYPES
from trunkline.services.cloudwatch.store import Store
from trunkline.services.cloudwatch.streams import Delivery


def build(kit: Kit, engines: Engines) -> Service:
    store = Store(kit.db)
    reader = Reader(engines.telemetry, kit.clock)
    streams = Delivery(kit, engines.telemetry)
    trainer = Trainer(kit.db, reader, kit.clock)
    evaluator = Evaluator(store, reader, kit.ledger, kit.clock, trainer)
    mutes = Mutes(kit)
    actions = Actions(kit, store, mutes)
    composites = Composites(kit, store)

    async def start() -> None:
        await trainer.start()
        await streams.start()
        await composites.start()
        await mutes.start(actions.take)
        await evaluator.start()

    async def stop() -> None:
        await evaluator.stop()
        await mutes.stop()
        await composites.stop()
        await streams.stop()
        await trainer.stop()

    return Service(
        "cloudwatch",
        Api(kit, store, engines.telemetry, composites, reader, trainer, Rules(kit), streams, mutes),
        start=start,
        stop=stop,
        resource_types=TYPES,
    )
