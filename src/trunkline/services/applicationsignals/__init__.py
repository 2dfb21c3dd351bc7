"""Application Signals: service level objectives over CloudWatch's metrics, their error budgets and burn rates.

Real: objectives that count periods or requests, over CloudWatch metrics, metric math, or the Latency and Fault metrics
of a service in the namespace ApplicationSignals (KeyAttributes with MetricType); rolling and calendar intervals; budget
reports for any time of which there are data; exclusion windows; tags. Every minute each objective's AttainmentRate and
the BurnRate of each of its look-back windows are put into AWS/ApplicationSignals (dimensions SloName, and
BurnRateWindowMinutes), where alarms watch them. A period without data counts neither as good nor as bad.

Refused: objectives on dependencies, composite indicators, canaries and app monitors, recommended objectives and
automatic investigations; the discovery of services (StartDiscovery, ListServices and what goes with it),
instrumentation configurations, and all that is not implemented.
"""

from __future__ import annotations

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.applicationsignals.api import Api
from trunkline.services.applicationsignals.burning import Burning
from trunkline.services.applicationsignals.measuring import Measuring
from trunkline.services.applicationsignals.resources import TYPES
from trunkline.services.applicationsignals.store import STEPS


def build(kit: Kit, engines: Engines) -> Service:
    kit.db.migrate("applicationsignals", STEPS)
    measuring = Measuring(kit)
    burning = Burning(kit, measuring)
    return Service(
        "application-signals",
        Api(kit, measuring),
        start=burning.start,
        stop=burning.stop,
        resource_types=TYPES,
    )
