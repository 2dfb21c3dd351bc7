"""CloudWatch Logs: groups, streams, events, filter patterns and metric filters over the telemetry engine.

Real: log groups with retention and deletion protection, streams, PutLogEvents with AWS's limits and rejections,
GetLogEvents with tokens in both directions, FilterLogEvents with the whole pattern syntax (`aws logs tail --follow`
works on it), StartLiveTail, metric filters that publish to CloudWatch, subscription filters that call Lambda, tags.
Kept without effect: resource policies, saved queries, and a group's KMS key (it must be usable; nothing is encrypted).
Refused: the DELIVERY class, and all that is not implemented (Insights, other subscriptions, exports).

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
    return Service("logs", api, start=start, stop=stop, resource_types=(*TYPES, *POLICY_TYPES))
