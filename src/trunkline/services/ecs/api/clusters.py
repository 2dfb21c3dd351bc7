"""Clusters and their capacity providers."""

from collections.abc import Callable
from dataclasses import replace

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Tx
from trunkline.services.ecs import described, store
from trunkline.services.ecs.api.context import Context
from trunkline.services.ecs.model import RUNNING, Cluster
from trunkline.services.ecs.naming import checked_name, cluster_name, cluster_resource

_PROVIDERS = ("FARGATE", "FARGATE_SPOT")


class Clusters(Context):
    """Making, describing and removing them."""

    @operation(cluster_resource, writes_once=True)
    async def create_cluster(self, call: Call, req: Doc) -> Doc:
        name = checked_name(req.get("clusterName") or "default", "The cluster name")
        if req.get("serviceConnectDefaults"):
            raise AwsError("InvalidParameterException", "Trunkline does not support Service Connect: leave it out.")
        made = Cluster(
            call.account,
            call.region,
            name,
            self.kit.clock.now(),
            settings=req.get("settings") or [{"name": "containerInsights", "value": "disabled"}],
            configuration=req.get("configuration"),
            capacity_providers=_providers(req.get("capacityProviders", [])),
            default_strategy=_strategy(
                req.get("defaultCapacityProviderStrategy", []), req.get("capacityProviders", [])
            ),
            tags=normalise(req.get("tags"), error="InvalidParameterException"),
        )

        def write(tx: Tx) -> Cluster:
            known = store.CLUSTERS.get(tx, call.account, call.region, name)
            if known is not None and known.status == "ACTIVE":
                return known
            store.CLUSTERS.put(tx, made)
            return made

        return {"cluster": described.cluster(await self.kit.db.write(write), {}, ("TAGS", "SETTINGS"))}

    @operation(lambda call, req: [call.arn(f"cluster/{cluster_name(c)}") for c in req.get("clusters") or ["default"]])
    async def describe_clusters(self, call: Call, req: Doc) -> Doc:
        found, failures = [], []
        for given in req.get("clusters") or ["default"]:
            name = cluster_name(given)
            one = store.CLUSTERS.get(self.kit.db, call.account, call.region, name)
            if one is None:
                failures.append({"arn": call.arn(f"cluster/{name}"), "reason": "MISSING"})
            else:
                found.append(described.cluster(one, self._counts(one), req.get("include", [])))
        return {"clusters": found, "failures": failures}

    @operation()
    async def list_clusters(self, call: Call, req: Doc) -> Doc:
        names: list[str] = [
            one.name
            for one in store.CLUSTERS.find(self.kit.db, prefix=(call.account, call.region))
            if one.status == "ACTIVE"
        ]
        found, token = page(
            names,
            req.get("maxResults") or 100,
            req.get("nextToken"),
            key=str,
            error="InvalidParameterException",
            message="Invalid token",
        )
        return {"clusterArns": [call.arn(f"cluster/{name}") for name in found], "nextToken": token}

    @operation(cluster_resource, writes_once=True)
    async def delete_cluster(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Cluster:
            one = self.cluster(call, req["cluster"], tx)
            services = store.SERVICES.find(tx, prefix=(call.account, call.region, one.name))
            if any(service.status != "INACTIVE" for service in services):
                raise AwsError(
                    "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
                )
            if store.TASKS.find(tx, prefix=(call.account, call.region, one.name), active=1, limit=1):
                raise AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
            gone = replace(one, status="INACTIVE")
            store.CLUSTERS.put(tx, gone)
            return gone

        return {"cluster": described.cluster(await self.kit.db.write(write), {}, ("TAGS", "SETTINGS"))}

    @operation(cluster_resource, writes_once=True)
    async def put_cluster_capacity_providers(self, call: Call, req: Doc) -> Doc:
        def change(one: Cluster) -> Cluster:
            providers = _providers(req["capacityProviders"])
            strategy = _strategy(req["defaultCapacityProviderStrategy"], providers)
            return replace(one, capacity_providers=providers, default_strategy=strategy)

        return await self._change_cluster(call, req, change)

    @operation(cluster_resource, writes_once=True)
    async def update_cluster_settings(self, call: Call, req: Doc) -> Doc:
        return await self._change_cluster(call, req, lambda one: replace(one, settings=req["settings"]))

    @operation(cluster_resource, writes_once=True)
    async def update_cluster(self, call: Call, req: Doc) -> Doc:
        if req.get("serviceConnectDefaults"):
            raise AwsError("InvalidParameterException", "Trunkline does not support Service Connect: leave it out.")

        def change(one: Cluster) -> Cluster:
            settings = req.get("settings", one.settings)
            return replace(one, settings=settings, configuration=req.get("configuration", one.configuration))

        return await self._change_cluster(call, req, change)

    @operation()
    async def describe_capacity_providers(self, call: Call, req: Doc) -> Doc:
        wanted: list[str] = [one.rpartition("/")[2] for one in req.get("capacityProviders") or _PROVIDERS]
        found: list[Doc] = [
            {
                "capacityProviderArn": call.arn(f"capacity-provider/{name}"),
                "name": name,
                "status": "ACTIVE",
                "tags": [],
            }
            for name in wanted
            if name in _PROVIDERS
        ]
        failures = [
            {"arn": call.arn(f"capacity-provider/{name}"), "reason": "MISSING"}
            for name in wanted
            if name not in _PROVIDERS
        ]
        return {"capacityProviders": found, "failures": failures}

    async def _change_cluster(self, call: Call, req: Doc, change: Callable[[Cluster], Cluster]) -> Doc:
        def write(tx: Tx) -> Cluster:
            changed = change(self.cluster(call, req["cluster"], tx))
            store.CLUSTERS.put(tx, changed)
            return changed

        one = await self.kit.db.write(write)
        return {"cluster": described.cluster(one, self._counts(one), ("TAGS", "SETTINGS", "CONFIGURATIONS"))}

    def _counts(self, one: Cluster) -> dict[str, int]:
        tasks = store.TASKS.find(self.kit.db, prefix=(one.account, one.region, one.name), active=1)
        services = store.SERVICES.find(self.kit.db, prefix=(one.account, one.region, one.name))
        return {
            "running": sum(task.last_status == RUNNING for task in tasks),
            "pending": sum(task.is_starting for task in tasks),
            "services": sum(service.status == "ACTIVE" for service in services),
        }


def _providers(names: list[str]) -> list[str]:
    for name in names:
        if name not in _PROVIDERS:
            raise AwsError("InvalidParameterException", f"The specified capacity provider {name} was not found.")
    return list(dict.fromkeys(names))


def _strategy(items: list[Doc], providers: list[str]) -> list[Doc]:
    for item in items:
        if item["capacityProvider"] not in providers:
            raise AwsError(
                "InvalidParameterException",
                f"The specified capacity provider '{item['capacityProvider']}' is not associated with the cluster.",
            )
    return [{"weight": 0, "base": 0, **item} for item in items]
