"""The operations of ECS, by what they are about.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
"""

from trunkline.services.ecs.api.clusters import Clusters
from trunkline.services.ecs.api.definitions import Definitions
from trunkline.services.ecs.api.services import Services
from trunkline.services.ecs.api.settings import Settings
from trunkline.services.ecs.api.tags import Tags
from trunkline.services.ecs.api.task_sets import TaskSets
from trunkline.services.ecs.api.tasks import Tasks


class Api(Clusters, Definitions, Tasks, Services, TaskSets, Tags, Settings):
    """All of them."""
