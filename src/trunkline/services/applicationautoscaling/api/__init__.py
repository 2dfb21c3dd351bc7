"""The operations of Application Auto Scaling, by what they are about."""

from trunkline.services.applicationautoscaling.api.policies import PolicyOperations
from trunkline.services.applicationautoscaling.api.scheduled import ScheduledOperations
from trunkline.services.applicationautoscaling.api.targets import TargetOperations


class Api(TargetOperations, PolicyOperations, ScheduledOperations):
    """Every operation that Trunkline has."""
