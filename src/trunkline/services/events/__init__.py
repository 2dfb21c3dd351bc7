"""Amazon EventBridge: rules over everything that happens, and what they set off.

Real: the default bus (every event of the ledger, and PutEvents) and custom buses; rules with every pattern operator;
rate and cron schedules; targets CodePipeline, CodeBuild, SNS, SQS, Lambda, ECS tasks, event buses and CloudWatch Logs,
called as their role where they have one and as their policies allow, with dead-letter queues, InputPath,
Input and InputTransformer; retries by RetryPolicy; each event once for each target of a rule, across crashes, as far as
the target's API has idempotency tokens.

Refused: other kinds of targets, archives and replays, API destinations and connections, partner
event sources, global endpoints, encrypted buses.
"""

from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.events import store
from trunkline.services.events.api import Api
from trunkline.services.events.delivery import Courier
from trunkline.services.events.matching import Rules
from trunkline.services.events.resources import TYPES
from trunkline.services.events.scheduler import Scheduler


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made and the ledger subscribed to."""
    kit.db.migrate("events", store.MIGRATIONS)
    rules = Rules(kit.db)
    courier = Courier(kit, rules)
    scheduler = Scheduler(kit, courier)
    kit.bus.subscribe("events", courier.take)
    background = Background(courier.run, scheduler.run, courier.metrics.run)
    return Service(
        "events", Api(kit, rules, courier, scheduler), background.start, background.stop, resource_types=TYPES
    )
