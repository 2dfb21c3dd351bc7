"""Instances: register, discover, their health."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.servicediscovery import store
from trunkline.services.servicediscovery.api.context import Context, page
from trunkline.services.servicediscovery.model import HEALTHY, UNHEALTHY, Instance, Registry, check_instance, invalid

_INITIAL = "AWS_INIT_HEALTH_STATUS"


class InstanceOperations(Context):
    """Operations on instances."""

    @operation("{ServiceId}")
    async def register_instance(self, call: Call, req: Doc) -> Doc:
        attributes = dict(req["Attributes"])

        def register(tx: Tx) -> dict[str, str]:
            registry = store.registry(tx, call, req["ServiceId"])
            check_instance(registry, attributes)
            initial = attributes.get(_INITIAL, HEALTHY)
            if _INITIAL in attributes and initial not in (HEALTHY, UNHEALTHY):
                raise invalid(f"{_INITIAL} must be {HEALTHY} or {UNHEALTHY}.")
            kept = {key: value for key, value in attributes.items() if key != _INITIAL}
            there = store.INSTANCES.get(tx, *_place(registry), req["InstanceId"])
            health = initial if there is None or _INITIAL in attributes else there.health
            creator = req.get("CreatorRequestId", "")
            store.INSTANCES.put(tx, Instance(*_place(registry), req["InstanceId"], kept, creator, health))
            _changed(tx, registry)
            return {"INSTANCE": req["InstanceId"], "SERVICE": registry.id}

        return await self._done(call, "REGISTER_INSTANCE", register)

    @operation("{ServiceId}")
    async def deregister_instance(self, call: Call, req: Doc) -> Doc:
        def deregister(tx: Tx) -> dict[str, str]:
            registry = store.registry(tx, call, req["ServiceId"])
            _instance(tx, registry, req["InstanceId"])
            store.INSTANCES.delete(tx, *_place(registry), req["InstanceId"])
            _changed(tx, registry)
            return {"INSTANCE": req["InstanceId"], "SERVICE": registry.id}

        return await self._done(call, "DEREGISTER_INSTANCE", deregister)

    @operation("{ServiceId}")
    async def get_instance(self, call: Call, req: Doc) -> Doc:
        found = _instance(self._db, store.registry(self._db, call, req["ServiceId"]), req["InstanceId"])
        return {"ResourceOwner": found.account, "Instance": _shown(found)}

    @operation("{ServiceId}")
    async def list_instances(self, call: Call, req: Doc) -> Doc:
        found = store.instances(self._db, store.registry(self._db, call, req["ServiceId"]))
        shown, token = page(found, req, lambda one: one.id)
        return {"ResourceOwner": call.account, "Instances": [_shown(one) for one in shown], "NextToken": token}

    @operation()
    async def discover_instances(self, call: Call, req: Doc) -> Doc:
        registry = store.by_name(self._db, call, req["NamespaceName"], req["ServiceName"])
        every = [one for one in store.instances(self._db, registry) if _has(one, req.get("QueryParameters", {}))]
        optional = [one for one in every if _has(one, req.get("OptionalParameters", {}))]
        every = optional or every
        chosen = _by_health(every, req.get("HealthStatus", "HEALTHY_OR_ELSE_ALL"))[: req.get("MaxResults", 100)]
        checked = registry.custom_check is not None or bool(registry.check)
        return {
            "Instances": [
                {
                    "InstanceId": one.id,
                    "NamespaceName": req["NamespaceName"],
                    "ServiceName": registry.name,
                    "HealthStatus": one.health if checked else "UNKNOWN",
                    "Attributes": one.attributes,
                }
                for one in chosen
            ],
            "InstancesRevision": registry.revision,
        }

    @operation()
    async def discover_instances_revision(self, call: Call, req: Doc) -> Doc:
        registry = store.by_name(self._db, call, req["NamespaceName"], req["ServiceName"])
        return {"InstancesRevision": registry.revision}

    @operation("{ServiceId}")
    async def get_instances_health_status(self, call: Call, req: Doc) -> Doc:
        registry = store.registry(self._db, call, req["ServiceId"])
        wanted = req.get("Instances")
        found = store.instances(self._db, registry)
        if wanted:
            found = [_instance(self._db, registry, name) for name in wanted]
        shown, token = page(found, req, lambda one: one.id)
        return {"Status": {one.id: one.health for one in shown}, "NextToken": token}

    @operation("{ServiceId}")
    async def update_instance_custom_health_status(self, call: Call, req: Doc) -> Doc:
        def update(tx: Tx) -> None:
            registry = store.registry(tx, call, req["ServiceId"])
            found = _instance(tx, registry, req["InstanceId"])
            if registry.custom_check is None:
                raise AwsError("CustomHealthNotFound", "The service has no custom health check.")
            found.health = req["Status"]
            store.INSTANCES.put(tx, found)
            _changed(tx, registry)

        await self._db.write(update)
        return {}


def _place(registry: Registry) -> tuple[str, str, str]:
    return registry.account, registry.region, registry.id


def _instance(reader: Reader, registry: Registry, name: str) -> Instance:
    found = store.INSTANCES.get(reader, *_place(registry), name)
    if found is None:
        raise AwsError("InstanceNotFound", f"Instance not found: {name}")
    return found


def _changed(tx: Tx, registry: Registry) -> None:
    registry.revision += 1
    store.REGISTRIES.put(tx, registry)


def _has(one: Instance, wanted: dict[str, str]) -> bool:
    return all(one.attributes.get(key) == value for key, value in wanted.items())


def _by_health(found: list[Instance], wanted: str) -> list[Instance]:
    if wanted == "ALL":
        return found
    if wanted == UNHEALTHY:
        return [one for one in found if one.health == UNHEALTHY]
    healthy = [one for one in found if one.health == HEALTHY]
    return healthy if wanted == HEALTHY else healthy or found


def _shown(one: Instance) -> Doc:
    return {"Id": one.id, "CreatorRequestId": one.creator or None, "Attributes": one.attributes}
