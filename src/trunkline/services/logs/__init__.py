"""CloudWatch Logs: groups, streams, events, filter patterns and metric filters over the telemetry engine.

Real: log groups with retention, classes, tags and deletion protection; streams; PutLogEvents with AWS's limits and
rejections; GetLogEvents and FilterLogEvents with tokens in both directions and the whole pattern syntax (`aws logs tail
--follow` works on it); StartLiveTail. What comes in makes metrics (metric filters, embedded metric format) and goes to
Lambda (subscription filters of groups and of the account), transformed first where asked for. Sensitive data that data
protection policies name is masked for all who read; findings go to log groups and buckets. Groups are exported to S3.
AWS/Logs' own metrics are put every minute. Filter patterns take linear time, whoever writes them.
Logs Insights (`insights`, `queries`): the language but for relevantfields, results kept for a week, saved and scheduled
queries, field indexes, lookup tables; OpenSearch SQL and PPL are refused.
Kept without effect: a group's KMS key (it must be usable; nothing is encrypted), destinations, delivery destinations,
entities (checked only). Resource policies: what they deny is denied, but Trunkline's services may write without one.
Refused: Kinesis and Firehose everywhere, the DELIVERY class, sources of vended logs, managed data identifiers that take
more than a pattern, parseToOCSF, log anomaly detectors, field selection criteria, monitoring accounts.
A crash between storing events and putting their metrics loses those metrics; nothing counts twice.

For services that follow a log and must write every line once although they may be killed at any moment (containers of
ECS and CodeBuild): call PutLogEvents as a service with `sequenceToken` set to your own mark of how far the source has
been read (such as the container engine's timestamp of the batch's last line). The mark is committed with the batch.
After a restart, read it back as `uploadSequenceToken` from DescribeLogStreams (logStreamNamePrefix = the stream's
name; absent when nothing was stored) and go on behind it. A batch whose mark is already stored is answered with
DataAlreadyAcceptedException and not stored twice. For everybody else sequence tokens mean nothing, as with AWS.
"""

from __future__ import annotations

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.logs.api import Api
from trunkline.services.logs.exports.model import TASKS
from trunkline.services.logs.exports.workflow import NAME, Exporter
from trunkline.services.logs.forwarding import Forwarding
from trunkline.services.logs.intake import Intake
from trunkline.services.logs.live_tail import LiveTail
from trunkline.services.logs.own_metrics import OwnMetrics
from trunkline.services.logs.policy_resources import POLICY_TYPES
from trunkline.services.logs.queries import Queries
from trunkline.services.logs.query_resources import QUERY_TYPES
from trunkline.services.logs.resources import TYPES
from trunkline.services.logs.retention import Retention
from trunkline.services.logs.store import Store


def build(kit: Kit, engines: Engines) -> Service:
    store = Store(kit.db)
    retention = Retention(store, engines.telemetry, kit.clock)
    own_metrics = OwnMetrics(kit)
    forwarding = Forwarding(kit, own_metrics)
    live_tail = LiveTail(kit.clock)
    kit.db.migrate("logs-exports", [TASKS.ddl])
    exporter = Exporter(kit, store, engines.telemetry)
    engines.workflows.register(NAME, exporter.run, failed=exporter.died)
    queries = Queries(kit, store, engines.telemetry)
    parts = (retention, forwarding, own_metrics, queries)

    async def start() -> None:
        for part in parts:
            await part.start()

    async def stop() -> None:
        for part in parts:
            await part.stop()

    intake = Intake(kit, live_tail, own_metrics, forwarding)
    api = Api(kit, store, engines, intake, live_tail, queries)
    return Service("logs", api, start=start, stop=stop, resource_types=(*TYPES, *POLICY_TYPES, *QUERY_TYPES))
