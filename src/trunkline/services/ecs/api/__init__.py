"""The operations of ECS, by what they are about.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
"""

from trunkline.aws.identity import NO_ACCESS, Access
from trunkline.aws.service import Call, Doc
from trunkline.services.ecs.api.clusters import Clusters
from trunkline.services.ecs.api.definitions import Definitions
from trunkline.services.ecs.api.services import Services
from trunkline.services.ecs.api.settings import Settings
from trunkline.services.ecs.api.tags import Tags
from trunkline.services.ecs.api.task_sets import TaskSets
from trunkline.services.ecs.api.tasks import Tasks
from trunkline.services.ecs.naming import cluster_resource, service_resource


class Api(Clusters, Definitions, Tasks, Services, TaskSets, Tags, Settings):
    """All of them."""

    def access(self, call: Call, req: Doc) -> Access:
        """The condition keys of ECS: which cluster and service a call is about."""
        context = {"ecs:cluster": cluster_resource(call, req)} if req.get("cluster") else {}
        if req.get("cluster") and req.get("service"):
            context["ecs:service"] = service_resource(call, req)
        return Access(context=context) if context else NO_ACCESS
