"""AWS X-Ray: traces taken in, searched, drawn as service graphs, and watched.

Real: PutTraceSegments with every document checked, completed segments in place of those in progress, subsegments sent
by themselves attached, services inferred from calls; BatchGetTraces; GetTraceSummaries with the whole filter-expression
language and root causes; service graphs, trace graphs and statistics over time, of everything or of a group; sampling
rules, and targets that share a rule's reservoir among its clients, with boosts; groups with their metric
ApproximateTraceCount; insights (faults above what is usual, with the root-cause service) and their events for
EventBridge; transaction search (spans in the log group aws/spans, a share of them indexed, traces retrieved from it).

Kept without effect: the encryption key (it must be usable; nothing is encrypted), and resource policies (they are
checked; nobody needs them here). PutTelemetryRecords is checked and not kept: no operation of X-Ray gives it back.
Not AWS's: its learnt models of what is anomalous. Insights compare a minute's faults with the hour before.

Traces are kept for 30 days from their arrival, in the telemetry engine. Quotas, what was sampled in the last hour, and
retrievals are in memory and end with the process.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.xray import store
from trunkline.services.xray.api import Api
from trunkline.services.xray.resources import TYPES
from trunkline.services.xray.search.retrieval import Retrievals
from trunkline.services.xray.watch import Watch


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made."""
    kit.db.migrate("xray", store.MIGRATIONS)
    retrievals = Retrievals(kit)
    watch = Watch(kit, engines.telemetry)

    async def stop() -> None:
        await watch.stop()
        await retrievals.stop()

    api = Api(kit, engines.telemetry, retrievals)
    return Service("xray", api, start=watch.start, stop=stop, resource_types=TYPES)
