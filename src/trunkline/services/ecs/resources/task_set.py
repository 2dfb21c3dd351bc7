"""AWS::ECS::TaskSet (Ref: cluster|service|id) and AWS::ECS::PrimaryTaskSet (cluster|service)."""

from typing import ClassVar

from trunkline.aws.casing import into, to_properties, to_request
from trunkline.aws.handlers import given, own_tags, pairs, shown_as, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ecs.resources.cluster import existing_clusters, tagged

_GONE = (
    "ClusterNotFoundException",
    "ServiceNotFoundException",
    "ServiceNotActiveException",
    "TaskSetNotFoundException",
)
_NAMES = {"awsvpcConfiguration": "AwsVpcConfiguration"}
_LAUNCH = (
    "CapacityProviderStrategy",
    "ExternalId",
    "LaunchType",
    "LoadBalancers",
    "NetworkConfiguration",
    "PlatformVersion",
    "ServiceRegistries",
)


class TaskSetType(ResourceType):
    """One version of a service that an external controller deploys."""

    name: ClassVar[str] = "AWS::ECS::TaskSet"
    honoured: ClassVar[frozenset[str]] = frozenset({*_LAUNCH, "Cluster", "Scale", "Service", "Tags", "TaskDefinition"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        properties = {name: value for name, value in wanted.items() if name != "Tags"}
        request = to_request("ecs", "CreateTaskSet", properties)
        tags = pairs(on.tags(wanted.get("Tags")), "key", "value")
        answer = await on.call("ecs", "CreateTaskSet", **request, clientToken=on.token[:36], tags=tags)
        made = answer["taskSet"]
        physical_id = "|".join((wanted["Cluster"], wanted["Service"], made["id"]))
        await on.made(physical_id)
        async with undone(self, on, physical_id):
            await self._steady(on, physical_id)
        return physical_id

    async def _steady(self, on: Provision, physical_id: str) -> None:
        async def look() -> bool | None:
            found = await self._found(on, physical_id)
            return True if found is None or found["stabilityStatus"] == "STEADY_STATE" else None

        await on.until(look, f"the task set {physical_id} did not reach a steady state")

    async def _found(self, on: Provision, physical_id: str) -> Doc | None:
        cluster, service, task_set = physical_id.split("|")
        answer = await on.look(
            "ecs",
            "DescribeTaskSets",
            *_GONE,
            cluster=cluster,
            service=service,
            taskSets=[task_set],
            include=["TAGS"],
        )
        found: Doc | None = next(iter(answer["taskSets"]), None) if answer else None
        return found if found is not None and found["status"] != "DRAINING" else None

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        cluster, service, _ = physical_id.split("|")
        shown: Doc = to_properties("ecs", "TaskSet", found, _NAMES)
        kept = str(on.kept.get("TaskDefinition", ""))
        whole = found["taskDefinition"].rpartition("/")[2]
        same = kept.rpartition("/")[2] in (whole, whole.partition(":")[0])
        return given(
            **{name: shown.get(name) for name in _LAUNCH},
            Id=found["id"],
            Cluster=cluster,
            Service=service,
            TaskDefinition=shown_as(on.kept.get("TaskDefinition"), found["taskDefinition"], same=same),
            Scale=shown["Scale"],
            Tags=own_tags(found.get("tags")),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        cluster, service, task_set = physical_id.split("|")
        if old.get("Scale") != new.get("Scale"):
            scale = into("ecs", "Scale", new.get("Scale") or {"Value": 100, "Unit": "PERCENT"})
            await on.call("ecs", "UpdateTaskSet", cluster=cluster, service=service, taskSet=task_set, scale=scale)
            await self._steady(on, physical_id)
        found = await self._found(on, physical_id)
        if found is not None:
            await tagged(on, found["taskSetArn"], old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        cluster, service, task_set = physical_id.split("|")
        if await self._found(on, physical_id) is None:
            return
        await on.look("ecs", "DeleteTaskSet", *_GONE, cluster=cluster, service=service, taskSet=task_set, force=True)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for cluster in await existing_clusters(on):
            for service in await on.pages("ecs", "ListServices", "serviceArns", cluster=cluster):
                answer = await on.look(
                    "ecs", "DescribeTaskSets", *_GONE, "InvalidParameterException", cluster=cluster, service=service
                )
                name = service.rpartition("/")[2]
                found += [f"{cluster}|{name}|{one['id']}" for one in (answer or {}).get("taskSets", ())]
        return found


class PrimaryTaskSetType(ResourceType):
    """Which task set of a service is its primary one."""

    name: ClassVar[str] = "AWS::ECS::PrimaryTaskSet"
    honoured: ClassVar[frozenset[str]] = frozenset({"Cluster", "Service", "TaskSetId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await on.call(
            "ecs",
            "UpdateServicePrimaryTaskSet",
            cluster=wanted["Cluster"],
            service=wanted["Service"],
            primaryTaskSet=wanted["TaskSetId"],
        )
        return f"{wanted['Cluster']}|{wanted['Service']}"

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        cluster, service = physical_id.split("|")
        answer = await on.look("ecs", "DescribeTaskSets", *_GONE, cluster=cluster, service=service)
        primary = next((one for one in (answer or {}).get("taskSets", ()) if one["status"] == "PRIMARY"), None)
        return primary and {"Cluster": cluster, "Service": service, "TaskSetId": primary["id"]}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        """There is always a primary task set, as long as there is any: nothing is taken away, as on AWS."""
