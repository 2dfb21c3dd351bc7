"""What the operations work with, and how they look things up."""

from trunkline.aws.arn import parse
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core.db import Reader
from trunkline.services.ecs import naming, store
from trunkline.services.ecs.model import Cluster, Service, TaskDefinition
from trunkline.services.ecs.placement import Placement
from trunkline.services.ecs.waking import Waking


class Context:
    """Holds the kit for the operations."""

    def __init__(self, kit: Kit, placement: Placement, waking: Waking) -> None:
        self.kit = kit
        self.placement = placement
        self.waking = waking

    def cluster(self, call: Call, given: str | None, reader: Reader | None = None) -> Cluster:
        found = store.CLUSTERS.get(reader or self.kit.db, call.account, call.region, naming.cluster_name(given))
        if found is None or found.status == "INACTIVE":
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        return found

    def service(self, call: Call, req: Doc, reader: Reader | None = None) -> Service:
        cluster = self.cluster(call, req.get("cluster"), reader)
        name = naming.service_name(req["service"])
        found = store.SERVICES.get(reader or self.kit.db, call.account, call.region, cluster.name, name)
        if found is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        return found

    def active_service(self, call: Call, req: Doc, reader: Reader | None = None) -> Service:
        found = self.service(call, req, reader)
        if found.status != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
        return found

    def definition(self, call: Call, given: str, *, active: bool = True) -> TaskDefinition:
        """By family, family:revision or ARN; AWS's words when there is none."""
        name = given
        account, region = call.account, call.region
        if given.startswith("arn:"):
            try:
                place = parse(given)
            except ValueError as error:
                raise AwsError("InvalidParameterException", "Invalid arn syntax.") from error
            account, region = place.account, place.region
            name = given.partition("/")[2]
        family, _, revision = name.partition(":")
        if revision and not revision.isdigit():
            raise AwsError("ClientException", f"Invalid revision number. Number: {revision}")
        if revision:
            found = store.DEFINITIONS.get(self.kit.db, account, region, family, int(revision))
        else:
            found = store.latest(self.kit.db, account, region, family)
        if found is None or found.status == "DELETED":
            raise AwsError("ClientException", "Unable to describe task definition.")
        if active and found.status != "ACTIVE":
            raise AwsError("ClientException", "TaskDefinition is inactive")
        return found
