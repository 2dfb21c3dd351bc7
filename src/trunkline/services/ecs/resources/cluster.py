"""AWS::ECS::Cluster and AWS::ECS::ClusterCapacityProviderAssociations. Ref gives the cluster's name."""

from typing import ClassVar

from trunkline.aws.casing import into, to_properties, to_request
from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import differs, dropped_tags, given, is_mine, own_tags, pairs
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("ClusterNotFoundException",)
_STRATEGY = "CapacityProviderStrategy"
_IN_PLACE = ("CapacityProviders", "ClusterSettings", "Configuration", "DefaultCapacityProviderStrategy")
_NO_SETTINGS = [{"Name": "containerInsights", "Value": "disabled"}]


async def described(on: Provision, cluster: str) -> Doc | None:
    """An active cluster with everything there is to know."""
    answer = await on.call(
        "ecs", "DescribeClusters", clusters=[cluster], include=["SETTINGS", "CONFIGURATIONS", "TAGS"]
    )
    found: Doc | None = next(iter(answer["clusters"]), None)
    return found if found is not None and found["status"] == "ACTIVE" else None


async def existing_clusters(on: Provision) -> list[str]:
    """The names of all clusters."""
    return [arn.rpartition("/")[2] for arn in await on.pages("ecs", "ListClusters", "clusterArns")]


class ClusterType(ResourceType):
    """A cluster."""

    name: ClassVar[str] = "AWS::ECS::Cluster"
    honoured: ClassVar[frozenset[str]] = frozenset({*_IN_PLACE, "ClusterName", "Tags"})
    recorded: ClassVar[frozenset[str]] = frozenset({"ServiceConnectDefaults"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("ClusterName") or on.name(255))
        there = await described(on, name)
        if there is not None:
            if is_mine(on, there["tags"]):
                return name
            raise AwsError("AlreadyExists", f"Cluster {name} already exists", status=409)
        request = {key: value for key, value in wanted.items() if key in _IN_PLACE}
        made = to_request("ecs", "CreateCluster", request, ClusterSettings="settings")
        tags = pairs(on.tags(wanted.get("Tags")), "key", "value")
        await on.call("ecs", "CreateCluster", clusterName=name, tags=tags, **made)
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await described(on, physical_id)
        if found is None:
            return None
        return given(
            ClusterName=found["clusterName"],
            Arn=found["clusterArn"],
            CapacityProviders=found["capacityProviders"],
            DefaultCapacityProviderStrategy=to_properties("ecs", _STRATEGY, found["defaultCapacityProviderStrategy"]),
            ClusterSettings=to_properties("ecs", "ClusterSettings", found["settings"]),
            Configuration=to_properties("ecs", "ClusterConfiguration", found.get("configuration")),
            Tags=own_tags(found["tags"]),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, "ClusterSettings", "Configuration"):
            await on.call(
                "ecs",
                "UpdateCluster",
                cluster=physical_id,
                settings=into(
                    "ecs",
                    "ClusterSettings",
                    new.get("ClusterSettings", _NO_SETTINGS),
                ),
                configuration=into("ecs", "ClusterConfiguration", new.get("Configuration", {})),
            )
        if differs(old, new, "CapacityProviders", "DefaultCapacityProviderStrategy"):
            await on.call(
                "ecs",
                "PutClusterCapacityProviders",
                cluster=physical_id,
                capacityProviders=new.get("CapacityProviders", []),
                defaultCapacityProviderStrategy=into("ecs", _STRATEGY, new.get("DefaultCapacityProviderStrategy", [])),
            )
        arn = f"arn:aws:ecs:{on.region}:{on.account}:cluster/{physical_id}"
        await tagged(on, arn, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await described(on, physical_id) is not None:
            await on.look("ecs", "DeleteCluster", *_GONE, cluster=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return await existing_clusters(on)


async def tagged(on: Provision, arn: str, old: Doc, new: Doc) -> None:
    """Bring the tags of a resource of ECS from `old` to `new`."""
    tags = on.tags(new.get("Tags"))
    if tags:
        await on.call("ecs", "TagResource", resourceArn=arn, tags=pairs(tags, "key", "value"))
    gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
    if gone:
        await on.call("ecs", "UntagResource", resourceArn=arn, tagKeys=gone)


class ClusterCapacityProviderAssociationsType(ResourceType):
    """Which capacity providers a cluster has. Ref gives the cluster's name."""

    name: ClassVar[str] = "AWS::ECS::ClusterCapacityProviderAssociations"
    honoured: ClassVar[frozenset[str]] = frozenset({"CapacityProviders", "Cluster", "DefaultCapacityProviderStrategy"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await on.call(
            "ecs",
            "PutClusterCapacityProviders",
            cluster=wanted["Cluster"],
            capacityProviders=wanted.get("CapacityProviders", []),
            defaultCapacityProviderStrategy=into("ecs", _STRATEGY, wanted["DefaultCapacityProviderStrategy"]),
        )
        return str(wanted["Cluster"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await described(on, physical_id)
        if found is None or not (found["capacityProviders"] or found["defaultCapacityProviderStrategy"]):
            return None
        return {
            "Cluster": physical_id,
            "CapacityProviders": found["capacityProviders"],
            "DefaultCapacityProviderStrategy": to_properties(
                "ecs", _STRATEGY, found["defaultCapacityProviderStrategy"]
            ),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, {**new, "Cluster": physical_id})

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await described(on, physical_id) is None:
            return
        await on.look(
            "ecs",
            "PutClusterCapacityProviders",
            *_GONE,
            cluster=physical_id,
            capacityProviders=[],
            defaultCapacityProviderStrategy=[],
        )

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for cluster in await existing_clusters(on):
            one = await described(on, cluster)
            if one is not None and one["capacityProviders"]:
                found.append(cluster)
        return found
