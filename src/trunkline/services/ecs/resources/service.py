"""AWS::ECS::Service. Ref gives its ARN.

Made and changed only once its tasks run and the old ones are gone; a roll-out that the deployment circuit breaker gives
up fails the resource, as on AWS.
"""

from typing import Any, ClassVar

from trunkline.aws.casing import to_properties, to_request
from trunkline.aws.handlers import given, own_tags, pairs, shown_as, undone
from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ecs.resources.cluster import existing_clusters, tagged

_GONE = ("ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException")
_RECORDED = frozenset(
    {
        "AvailabilityZoneRebalancing",
        "EnableExecuteCommand",
        "Monitoring",
        "PlacementConstraints",
        "Role",
        "GatewayConnectors",
    }
)
_OF_DEPLOYMENT = (
    "CapacityProviderStrategy",
    "LoadBalancers",
    "NetworkConfiguration",
    "PlatformVersion",
    "ServiceRegistries",
    "TaskDefinition",
)
# What UpdateService takes, with what a property means that the template has no more.
_UPDATED: dict[str, Any] = {
    "DeploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
    "EnableECSManagedTags": False,
    "HealthCheckGracePeriodSeconds": 0,
    "PropagateTags": "NONE",
    **dict.fromkeys(_OF_DEPLOYMENT),
    "LoadBalancers": [],
    "ServiceRegistries": [],
    "PlatformVersion": "LATEST",
}


class ServiceType(ResourceType):
    """A service that keeps tasks running."""

    name: ClassVar[str] = "AWS::ECS::Service"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {
            *_UPDATED,
            "Cluster",
            "DeploymentController",
            "DesiredCount",
            "ForceNewDeployment",
            "LaunchType",
            "PlacementStrategies",
            "SchedulingStrategy",
            "ServiceConnectConfiguration",
            "ServiceName",
            "Tags",
        }
    )
    recorded: ClassVar[frozenset[str]] = _RECORDED
    timeout_s: ClassVar[float] = 3 * 3600

    def refusals(self, wanted: Doc) -> list[str]:
        connect = wanted.get("ServiceConnectConfiguration")
        if isinstance(connect, dict) and connect.get("Enabled") not in (False, "false"):
            return ["Trunkline does not support Service Connect: use service discovery or a load balancer."]
        return []

    async def create(self, on: Provision, wanted: Doc) -> str:
        properties = {
            name: value
            for name, value in wanted.items()
            if name not in _RECORDED | {"Tags", "ForceNewDeployment", "ServiceConnectConfiguration"}
        }
        request = to_request("ecs", "CreateService", properties, PlacementStrategies="placementStrategy")
        request["serviceName"] = wanted.get("ServiceName") or on.name(255)
        if _controller(wanted) != "EXTERNAL" and wanted.get("SchedulingStrategy") != "DAEMON":
            request.setdefault("desiredCount", 1)
        tags = pairs(on.tags(wanted.get("Tags")), "key", "value")
        answer = await on.call("ecs", "CreateService", **request, clientToken=on.token[:36], tags=tags)
        arn = str(answer["service"]["serviceArn"])
        await on.made(arn)
        async with undone(self, on, arn):
            await self._steady(on, arn, _primary(answer["service"]))
        return arn

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await _described(on, physical_id)
        if found is None:
            return None
        shown: Doc = to_properties("ecs", "Service", found)
        kept = on.kept
        return given(
            **{name: shown.get(name) for name in _UPDATED if name not in ("TaskDefinition", "DeploymentConfiguration")},
            ServiceArn=physical_id,
            Name=found["serviceName"],
            ServiceName=found["serviceName"],
            Cluster=shown_as(
                kept.get("Cluster"),
                found["clusterArn"],
                same=_last(kept.get("Cluster") or "default") == _last(found["clusterArn"]),
            ),
            TaskDefinition=_definition(kept.get("TaskDefinition"), found.get("taskDefinition")),
            DeploymentConfiguration=to_properties(
                "ecs", "DeploymentConfiguration", found.get("deploymentConfiguration")
            ),
            DeploymentController=to_properties("ecs", "DeploymentController", found["deploymentController"]),
            DesiredCount=found["desiredCount"],
            LaunchType=found.get("launchType"),
            SchedulingStrategy=found["schedulingStrategy"],
            PlacementStrategies=to_properties("ecs", "PlacementStrategies", found.get("placementStrategy")),
            ForceNewDeployment=kept.get("ForceNewDeployment"),
            ServiceConnectConfiguration=kept.get("ServiceConnectConfiguration"),
            Tags=own_tags(found.get("tags")),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        request: Doc = {}
        for name, default in _UPDATED.items():
            if old.get(name) != new.get(name):
                request |= to_request("ecs", "UpdateService", {name: new.get(name, default)})
        if "DesiredCount" in new and old.get("DesiredCount") != new["DesiredCount"]:
            request["desiredCount"] = new["DesiredCount"]
        forced = new.get("ForceNewDeployment") or {}
        if forced.get("EnableForceNewDeployment") and forced != old.get("ForceNewDeployment"):
            request["forceNewDeployment"] = True
        if _controller(new) == "CODE_DEPLOY":
            # CodeDeploy shifts between versions; the template only says which one the service began with.
            for name in ("taskDefinition", "loadBalancers", "networkConfiguration", "platformVersion"):
                request.pop(name, None)
        if request:
            cluster, name = _names(physical_id)
            answer = await on.call("ecs", "UpdateService", cluster=cluster, service=name, **request)
            await self._steady(on, physical_id, _primary(answer["service"]))
        await tagged(on, physical_id, old, new)

    async def _steady(self, on: Provision, arn: str, deployment: str) -> None:
        async def look() -> bool | None:
            found = await _described(on, arn)
            if found is None:
                raise NotStabilized(f"The service {arn} was deleted while it was waited for.")
            return _settled(found, deployment)

        await on.until(look, f"the service {arn} did not reach a steady state", timeout_s=self.timeout_s)

    async def delete(self, on: Provision, physical_id: str) -> None:
        cluster, name = _names(physical_id)
        if await _described(on, physical_id) is not None:
            await on.look("ecs", "DeleteService", *_GONE, cluster=cluster, service=name, force=True)

        async def gone() -> bool | None:
            answer = await on.look("ecs", "DescribeServices", *_GONE, cluster=cluster, services=[name])
            left = [one for one in answer["services"] if one["status"] != "INACTIVE"] if answer else []
            return None if left else True

        await on.until(gone, f"the service {physical_id} is still draining", timeout_s=self.timeout_s)

    async def existing(self, on: Provision) -> list[str]:
        found: list[str] = []
        for cluster in await existing_clusters(on):
            found += await on.pages("ecs", "ListServices", "serviceArns", cluster=cluster)
        return found


async def _described(on: Provision, arn: str) -> Doc | None:
    cluster, name = _names(arn)
    answer = await on.look("ecs", "DescribeServices", *_GONE, cluster=cluster, services=[name], include=["TAGS"])
    found: Doc | None = next(iter(answer["services"]), None) if answer else None
    return found if found is not None and found["status"] == "ACTIVE" else None


def _primary(service: Doc) -> str:
    """The id of the deployment that an answer began or left in place."""
    deployments = service.get("deployments") or ()
    return next((str(one["id"]) for one in deployments if one["status"] == "PRIMARY"), "")


def _settled(service: Doc, deployment: str) -> bool | None:
    """True once everything asked for runs; None while not; NotStabilized when the circuit breaker gave up.

    A roll-out that was taken back leaves another deployment as the primary one: the last that had completed.
    """
    controller = service["deploymentController"]["type"]
    if controller == "EXTERNAL":
        return True
    if controller == "CODE_DEPLOY":
        sets = service.get("taskSets") or []
        return True if all(one["stabilityStatus"] == "STEADY_STATE" for one in sets) else None
    deployments = service["deployments"]
    for one in deployments:
        if one["rolloutState"] == "FAILED" and deployment in ("", one["id"]):
            raise NotStabilized("Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.")
    primary = next((one for one in deployments if one["status"] == "PRIMARY"), None)
    if primary is not None and deployment not in ("", primary["id"]):
        raise NotStabilized("Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.")
    done = primary is not None and primary["rolloutState"] == "COMPLETED" and len(deployments) == 1
    return True if done and service["runningCount"] == service["desiredCount"] else None


def _names(arn: str) -> tuple[str, str]:
    """Cluster and service of a service's ARN."""
    pieces = arn.split("/")
    return pieces[-2] if len(pieces) > 2 else "default", pieces[-1]


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _definition(kept: str | None, found: str | None) -> str | None:
    """A task definition may be named by its family, family and revision, or ARN."""
    if kept is None or found is None:
        return found
    whole = _last(found)
    return kept if _last(kept) in (whole, whole.partition(":")[0]) else found


def _controller(properties: Doc) -> str:
    return str((properties.get("DeploymentController") or {}).get("Type", "ECS"))
