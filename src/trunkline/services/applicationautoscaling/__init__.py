"""Application Auto Scaling: ECS services (and functions' provisioned concurrency) that grow and shrink.

Real: scalable targets with bounds and suspensions; target tracking policies, which make CloudWatch alarms under AWS's
names and follow them; step scaling policies, driven by whatever alarms have them as an action; cooldowns; scheduled
actions (at, rate, cron, in time zones); scaling activities. ECS's UpdateService does what is decided.

Refused: predictive scaling, metric math in target tracking, and every resource but ecs:service:DesiredCount and
lambda:function:ProvisionedConcurrency. A cooldown bars a policy's further scaling in its direction altogether; AWS lets
a larger step through while scaling out.
"""

from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.applicationautoscaling import store
from trunkline.services.applicationautoscaling.api import Api
from trunkline.services.applicationautoscaling.resources import TYPES
from trunkline.services.applicationautoscaling.scaling import Scaler


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made and the alarms' events subscribed to."""
    kit.db.migrate("application-autoscaling", store.MIGRATIONS)
    scaler = Scaler(kit)
    background = Background(scaler.run)
    return Service("application-autoscaling", Api(kit, scaler), background.start, background.stop, resource_types=TYPES)
