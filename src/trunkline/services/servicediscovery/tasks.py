"""Tasks of ECS services that have service registries are registered when they run, and taken out when they end.

A reaction to ECS's own task events, done again harmlessly: an instance is the task, by its id.
"""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.events import Event
from trunkline.core.log import get

log = get(__name__)

_GONE = ("InstanceNotFound", "ServiceNotFound")


class TaskInstances:
    """Follows the tasks."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        kit.bus.subscribe(
            "servicediscovery-tasks", self.heard, sources=("aws.ecs",), detail_types=("ECS Task State Change",)
        )

    async def heard(self, event: Event) -> None:
        """A task changed its state."""
        detail = event.detail
        group = detail.get("group", "")
        if not group.startswith("service:"):
            return
        as_ = Caller.service("ecs.amazonaws.com", event.account, event.region)
        runs = detail.get("lastStatus") == "RUNNING" and detail.get("desiredStatus") == "RUNNING"
        ends = detail.get("desiredStatus") == "STOPPED" or detail.get("lastStatus") == "STOPPED"
        if not runs and not ends:
            return
        name = group.partition(":")[2]
        asked = {"cluster": detail["clusterArn"], "services": [name]}
        try:
            services = (await self._kit.call("ecs", "DescribeServices", asked, as_=as_)).get("services", [])
        except AwsError:
            return
        for registry in services[0].get("serviceRegistries", ()) if services else ():
            if runs:
                await self._register(registry, detail, name, as_)
            else:
                await self._deregister(registry, detail, as_)

    async def _register(self, registry: Doc, detail: Doc, service: str, as_: Caller) -> None:
        address = _address(detail)
        if address is None:
            return
        attributes = {
            "AWS_INSTANCE_IPV4": address,
            "AWS_INIT_HEALTH_STATUS": "UNHEALTHY" if detail.get("healthStatus") == "UNHEALTHY" else "HEALTHY",
            "AVAILABILITY_ZONE": detail.get("availabilityZone", ""),
            "REGION": as_.region,
            "ECS_SERVICE_NAME": service,
            "ECS_CLUSTER_NAME": detail["clusterArn"].rpartition("/")[2],
            "ECS_TASK_DEFINITION_FAMILY": detail["taskDefinitionArn"].rpartition("/")[2].partition(":")[0],
        }
        port = registry.get("port") or registry.get("containerPort")
        if port:
            attributes["AWS_INSTANCE_PORT"] = str(port)
        request = {
            "ServiceId": registry["registryArn"],
            "InstanceId": _task_id(detail),
            "Attributes": {key: value for key, value in attributes.items() if value},
        }
        try:
            await self._kit.call("servicediscovery", "RegisterInstance", request, as_=as_)
        except AwsError as error:
            log.warning("a task was not registered", task=detail["taskArn"], error=error)

    async def _deregister(self, registry: Doc, detail: Doc, as_: Caller) -> None:
        request = {"ServiceId": registry["registryArn"], "InstanceId": _task_id(detail)}
        try:
            await self._kit.call("servicediscovery", "DeregisterInstance", request, as_=as_)
        except AwsError as error:
            if error.code not in _GONE:
                raise


def _task_id(detail: Doc) -> str:
    return str(detail["taskArn"]).rpartition("/")[2]


def _address(detail: Doc) -> str | None:
    for attachment in detail.get("attachments", ()):
        for one in attachment.get("details", ()):
            if one["name"] == "privateIPv4Address":
                return str(one["value"])
    return None
