"""What CloudFormation makes of ECS: one file for each kind of thing.

AWS::ECS::CapacityProvider is not offered: it is about EC2 instances, and clusters here have none.
"""

from trunkline.aws.resources import ResourceType
from trunkline.services.ecs.resources.cluster import ClusterCapacityProviderAssociationsType, ClusterType
from trunkline.services.ecs.resources.service import ServiceType
from trunkline.services.ecs.resources.task_definition import TaskDefinitionType
from trunkline.services.ecs.resources.task_set import PrimaryTaskSetType, TaskSetType

TYPES: tuple[ResourceType, ...] = (
    ClusterType(),
    ClusterCapacityProviderAssociationsType(),
    TaskDefinitionType(),
    ServiceType(),
    TaskSetType(),
    PrimaryTaskSetType(),
)
