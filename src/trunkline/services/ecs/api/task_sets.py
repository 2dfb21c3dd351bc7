"""Task sets of services that CodeDeploy or an external controller deploys."""

from dataclasses import replace

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Reader, Tx
from trunkline.services.ecs import described, naming, store
from trunkline.services.ecs.api.context import Context
from trunkline.services.ecs.model import Launch, Service, TaskSet
from trunkline.services.ecs.naming import service_resource, task_set_id, task_set_resource
from trunkline.services.ecs.scheduling.task_sets import computed_desired

_MOST = 5


class TaskSets(Context):
    """Creating, scaling, promoting and deleting them."""

    @operation(service_resource, writes_once=True)
    async def create_task_set(self, call: Call, req: Doc) -> Doc:
        service = self._controlled(call, req)
        definition = self.definition(call, req["taskDefinition"])
        cluster = self.cluster(call, req["cluster"])
        # A CodeDeploy service's new set runs where its primary one does unless the AppSpec says otherwise.
        before = service.launch if service.controller == "CODE_DEPLOY" else Launch()
        launch = await self.placement.launch(call, cluster, definition, req, before)
        scale = _scale(req.get("scale") or {"value": 0.0, "unit": "PERCENT"})
        now = self.kit.clock.now()
        codedeploy = service.controller == "CODE_DEPLOY"
        made = TaskSet(
            call.account,
            call.region,
            cluster.name,
            service.name,
            naming.deployment_id(),
            definition.arn,
            launch,
            now,
            now,
            now,
            external_id=req.get("externalId", ""),
            started_by="CODE_DEPLOY" if codedeploy else "",
            scale_percent=scale,
            client_token=req.get("clientToken", ""),
            tags=normalise(req.get("tags"), error="InvalidParameterException"),
        )
        made.computed_desired = computed_desired(service, made)

        def write(tx: Tx) -> TaskSet:
            self.active_service(call, req, tx)
            sets = store.task_sets(tx, service)
            same = next((one for one in sets if made.client_token and one.client_token == made.client_token), None)
            if same is not None:
                return same
            if len(sets) >= _MOST:
                raise AwsError("LimitExceededException", f"A service can have no more than {_MOST} task sets.")
            store.TASK_SETS.insert(tx, made)
            return made

        found = await self.kit.db.write(write)
        self.waking.service()
        return {"taskSet": self._described_set(found, service)}

    @operation(task_set_resource, writes_once=True)
    async def update_task_set(self, call: Call, req: Doc) -> Doc:
        service = self._controlled(call, req)
        scale = _scale(req["scale"])

        def write(tx: Tx) -> TaskSet:
            one = _task_set(tx, service, req["taskSet"])
            changed = replace(one, scale_percent=scale, updated_at=self.kit.clock.now(), stability="STABILIZING")
            changed.computed_desired = computed_desired(service, changed)
            store.TASK_SETS.put(tx, changed)
            return changed

        found = await self.kit.db.write(write)
        self.waking.service()
        return {"taskSet": self._described_set(found, service)}

    @operation(task_set_resource, writes_once=True)
    async def delete_task_set(self, call: Call, req: Doc) -> Doc:
        service = self._controlled(call, req)

        def write(tx: Tx) -> TaskSet:
            one = _task_set(tx, service, req["taskSet"])
            if one.status == "PRIMARY" and not req.get("force"):
                raise AwsError("InvalidParameterException", "The primary task set cannot be deleted.")
            if one.computed_desired > 0 and not req.get("force"):
                raise AwsError(
                    "InvalidParameterException",
                    "The task set cannot be deleted while it is scaled above 0: scale it down or use force.",
                )
            changed = replace(one, status="DRAINING", updated_at=self.kit.clock.now(), computed_desired=0)
            store.TASK_SETS.put(tx, changed)
            return changed

        found = await self.kit.db.write(write)
        self.waking.service()
        return {"taskSet": self._described_set(found, service)}

    @operation(task_set_resource, writes_once=True)
    async def update_service_primary_task_set(self, call: Call, req: Doc) -> Doc:
        service = self._controlled(call, req)

        def write(tx: Tx) -> TaskSet:
            now = self.kit.clock.now()
            chosen = _task_set(tx, service, req["primaryTaskSet"])
            if chosen.status == "DRAINING":
                raise AwsError(
                    "InvalidParameterException", "A task set that is draining cannot become the primary one."
                )
            for one in store.task_sets(tx, service):
                if one.status == "PRIMARY" and one.id != chosen.id:
                    store.TASK_SETS.put(tx, replace(one, status="ACTIVE", updated_at=now))
            chosen = replace(chosen, status="PRIMARY", updated_at=now)
            store.TASK_SETS.put(tx, chosen)
            fresh = self.active_service(call, req, tx)
            fresh.task_definition, fresh.launch = chosen.task_definition, chosen.launch
            store.SERVICES.put(tx, fresh)
            return chosen

        found = await self.kit.db.write(write)
        self.waking.service()
        return {"taskSet": self._described_set(found, service)}

    @operation(service_resource)
    async def describe_task_sets(self, call: Call, req: Doc) -> Doc:
        service = self._controlled(call, req)
        sets = store.task_sets(self.kit.db, service)
        failures = []
        if req.get("taskSets"):
            wanted = [task_set_id(given) for given in req["taskSets"]]
            missing = [one for one in wanted if one not in {each.id for each in sets}]
            failures = [
                {"arn": call.arn(f"task-set/{service.cluster}/{service.name}/{one}"), "reason": "MISSING"}
                for one in missing
            ]
            sets = [one for one in sets if one.id in wanted]
        with_tags = "TAGS" in req.get("include", [])
        tasks = store.service_tasks(self.kit.db, service)
        return {
            "taskSets": [described.task_set(one, service, tasks, tags=with_tags) for one in sets],
            "failures": failures,
        }

    def _controlled(self, call: Call, req: Doc) -> Service:
        service = self.active_service(call, req)
        if service.controller == "ECS":
            raise AwsError(
                "InvalidParameterException",
                "Task sets are only supported on services with a CODE_DEPLOY or EXTERNAL deployment controller.",
            )
        return service

    def _described_set(self, one: TaskSet, service: Service) -> Doc:
        return described.task_set(one, service, store.service_tasks(self.kit.db, service), tags=True)


def _task_set(reader: Reader, service: Service, given: str) -> TaskSet:
    key = (service.account, service.region, service.cluster, service.name, task_set_id(given))
    found = store.TASK_SETS.get(reader, *key)
    if found is None:
        raise AwsError("TaskSetNotFoundException", "The specified task set was not found.")
    return found


def _scale(given: Doc) -> float:
    value = float(given.get("value", 0.0))
    if given.get("unit", "PERCENT") != "PERCENT" or not 0 <= value <= 100:
        raise AwsError("InvalidParameterException", "The scale of a task set is a percentage from 0 to 100.")
    return value
