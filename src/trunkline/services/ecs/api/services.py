"""Services."""

from dataclasses import replace

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Tx
from trunkline.services.ecs import described, naming, store
from trunkline.services.ecs.api.context import Context
from trunkline.services.ecs.model import Launch, Service, TaskSet
from trunkline.services.ecs.naming import checked_name, cluster_name, service_name, service_resource, services_resource
from trunkline.services.ecs.placement import refuse
from trunkline.services.ecs.scheduling.change import Change
from trunkline.services.ecs.scheduling.rolling import new_deployment

_FOR_DEPLOYMENT = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "capacityProviderStrategy",
    "loadBalancers",
)


class Services(Context):
    """Creating, changing, describing and deleting them."""

    @operation(service_resource, writes_once=True)
    async def create_service(self, call: Call, req: Doc) -> Doc:
        cluster = self.cluster(call, req.get("cluster"))
        name = checked_name(req["serviceName"], "The service name")
        controller = (req.get("deploymentController") or {}).get("type", "ECS")
        if req.get("schedulingStrategy") == "DAEMON":
            raise _invalid("The daemon scheduling strategy is not supported with the FARGATE launch type.")
        if req.get("desiredCount", 0) < 0:
            raise _invalid("desiredCount must be 0 or greater.")
        if req.get("desiredCount") is None and controller != "EXTERNAL":
            raise _invalid("Desired count should be specified for REPLICA scheduling strategy.")
        configuration = _configuration(req.get("deploymentConfiguration"), controller, {})
        definition = None
        if controller == "EXTERNAL":
            for member in _FOR_DEPLOYMENT[:-1]:
                if req.get(member):
                    raise _invalid(f"{member} is not supported on services with an EXTERNAL deployment controller.")
            refuse(req)
            launch = Launch(load_balancers=req.get("loadBalancers", []))
        else:
            if not req.get("taskDefinition"):
                raise _invalid("TaskDefinition can not be blank.")
            definition = self.definition(call, req["taskDefinition"])
            launch = await self.placement.launch(call, cluster, definition, req)
        if controller == "CODE_DEPLOY" and not launch.load_balancers:
            raise _invalid("CODE_DEPLOY deployment controller requires a load balancer to be specified.")
        if "healthCheckGracePeriodSeconds" in req and not launch.load_balancers:
            raise _invalid("Health check grace period is only valid for services configured to use load balancers")
        made = Service(
            call.account,
            call.region,
            cluster.name,
            name,
            req.get("desiredCount", 0),
            controller,
            launch,
            definition.arn if definition else "",
            self.kit.clock.now(),
            call.caller.principal.arn,
            configuration=configuration,
            grace_s=req.get("healthCheckGracePeriodSeconds", 0),
            managed_tags=req.get("enableECSManagedTags", False),
            propagate_tags=req.get("propagateTags", "NONE"),
            client_token=req.get("clientToken", ""),
            tags=normalise(req.get("tags"), error="InvalidParameterException"),
        )

        def write(tx: Tx) -> Service:
            known = store.SERVICES.get(tx, call.account, call.region, cluster.name, name)
            if known is not None and known.status == "ACTIVE":
                if made.client_token and known.client_token == made.client_token:
                    return known
                raise _invalid("Creation of service was not idempotent.")
            if known is not None and known.status == "DRAINING":
                raise _invalid("Unable to Start a service that is still Draining.")
            change = Change(made, self.kit.clock)
            if controller == "ECS":
                new_deployment(made, change)
            elif controller == "CODE_DEPLOY":
                store.TASK_SETS.put(tx, self._first_task_set(made))
            store.SERVICES.put(tx, made)
            for event in change.events:
                self.kit.ledger.append(tx, event)
            return made

        service = await self.kit.db.write(write)
        self.waking.service()
        return {"service": self._described(service, tags=True)}

    def _first_task_set(self, service: Service) -> TaskSet:
        now = self.kit.clock.now()
        return TaskSet(
            service.account,
            service.region,
            service.cluster,
            service.name,
            naming.deployment_id(),
            service.task_definition,
            service.launch,
            now,
            now,
            now,
            status="PRIMARY",
            started_by="ECS",
            computed_desired=service.desired_count,
        )

    @operation(service_resource, writes_once=True)
    async def update_service(self, call: Call, req: Doc) -> Doc:
        before = self.active_service(call, req)
        if before.controller != "ECS":
            _check_controlled(before.controller, req)
        if req.get("desiredCount", 0) < 0:
            raise _invalid("desiredCount must be 0 or greater.")
        if (req.get("deploymentController") or {}).get("type", before.controller) != before.controller:
            raise _invalid("Trunkline does not change the deployment controller of a service: create another one.")
        configuration = _configuration(req.get("deploymentConfiguration"), before.controller, before.configuration)
        launch, arn = before.launch, before.task_definition
        redeploy = bool(req.get("forceNewDeployment")) or any(member in req for member in _FOR_DEPLOYMENT)
        if redeploy:
            definition = self.definition(call, req.get("taskDefinition") or before.task_definition)
            cluster = self.cluster(call, req.get("cluster"))
            launch = await self.placement.launch(call, cluster, definition, req, before.launch)
            arn = definition.arn
            redeploy = bool(req.get("forceNewDeployment")) or (launch, arn) != (before.launch, before.task_definition)
        else:
            refuse(req)

        def write(tx: Tx) -> Service:
            service = self.active_service(call, req, tx)
            service.desired_count = req.get("desiredCount", service.desired_count)
            service.configuration = configuration
            service.grace_s = req.get("healthCheckGracePeriodSeconds", service.grace_s)
            service.managed_tags = req.get("enableECSManagedTags", service.managed_tags)
            service.propagate_tags = req.get("propagateTags", service.propagate_tags)
            change = Change(service, self.kit.clock)
            if redeploy:
                service.launch, service.task_definition = launch, arn
                new_deployment(service, change)
            elif service.primary is not None:
                service.primary.desired_count = service.desired_count
                service.paused_until = 0.0
            store.SERVICES.put(tx, service)
            for event in change.events:
                self.kit.ledger.append(tx, event)
            return service

        service = await self.kit.db.write(write)
        self.waking.service()
        return {"service": self._described(service, tags=True)}

    @operation(service_resource, writes_once=True)
    async def delete_service(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Service:
            service = self.service(call, req, tx)
            if service.status == "INACTIVE":
                raise AwsError("ServiceNotFoundException", "Service not found.")
            sets = store.task_sets(tx, service)
            if not req.get("force"):
                if service.desired_count > 0 and service.controller != "EXTERNAL":
                    raise _invalid("The service cannot be stopped while it is scaled above 0.")
                if service.controller != "ECS" and any(one.computed_desired for one in sets):
                    raise _invalid("The service cannot be stopped while the primary deployment is scaled above 0.")
            service.status, service.desired_count = "DRAINING", 0
            service.deleted_at = self.kit.clock.now()
            for one in sets:
                store.TASK_SETS.put(tx, replace(one, status="DRAINING"))
            store.SERVICES.put(tx, service)
            return service

        service = await self.kit.db.write(write)
        self.waking.service()
        return {"service": self._described(service, tags=False)}

    @operation(services_resource)
    async def describe_services(self, call: Call, req: Doc) -> Doc:
        cluster = self.cluster(call, req.get("cluster"))
        if len(req["services"]) > 10:
            raise _invalid("Services cannot have more than 10 elements.")
        if not req["services"]:
            raise _invalid("Services cannot be empty.")
        found, failures = [], []
        for given in req["services"]:
            name = service_name(given)
            one = store.SERVICES.get(self.kit.db, call.account, call.region, cluster.name, name)
            if one is None:
                failures.append({"arn": call.arn(f"service/{cluster.name}/{name}"), "reason": "MISSING"})
            else:
                found.append(self._described(one, tags="TAGS" in req.get("include", [])))
        return {"services": found, "failures": failures}

    @operation(lambda call, req: call.arn(f"service/{cluster_name(req.get('cluster'))}/*"))
    async def list_services(self, call: Call, req: Doc) -> Doc:
        cluster = self.cluster(call, req.get("cluster"))
        services = [
            one
            for one in store.SERVICES.find(self.kit.db, prefix=(call.account, call.region, cluster.name))
            if one.status != "INACTIVE"
            and req.get("launchType", "FARGATE") == "FARGATE"
            and req.get("schedulingStrategy", one.scheduling) == one.scheduling
        ]
        chosen, token = page(
            services,
            req.get("maxResults") or 10,
            req.get("nextToken"),
            key=lambda one: one.name,
            error="InvalidParameterException",
            message="Invalid token",
        )
        return {"serviceArns": [one.arn for one in chosen], "nextToken": token}

    def _described(self, service: Service, *, tags: bool) -> Doc:
        tasks = store.service_tasks(self.kit.db, service)
        return described.service(service, tasks, store.task_sets(self.kit.db, service), tags=tags)


def _configuration(given: Doc | None, controller: str, before: Doc) -> Doc:
    asked = given or {}
    for member in ("alarms", "lifecycleHooks", "linearConfiguration", "canaryConfiguration", "bakeTimeInMinutes"):
        value = asked.get(member)
        if value and not (member == "alarms" and not value.get("enable")):
            raise _invalid(
                f"Trunkline does not support {member} in a deploymentConfiguration: use the CODE_DEPLOY controller."
            )
    if asked.get("strategy", "ROLLING") != "ROLLING":
        raise _invalid(
            f"Trunkline does not support the strategy {asked['strategy']}: use the CODE_DEPLOY deployment controller."
        )
    breaker = asked.get("deploymentCircuitBreaker") or {}
    if breaker.get("enable") and controller != "ECS":
        raise _invalid("deploymentCircuitBreaker is only supported with the ECS deployment controller.")
    if breaker.get("thresholdConfiguration") or breaker.get("resetOnHealthyTask") is False:
        raise _invalid("Trunkline supports the deployment circuit breaker with AWS's own threshold only.")
    merged = {"maximumPercent": 200, "minimumHealthyPercent": 100, **before, **asked}
    if controller == "ECS":
        merged = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}, "strategy": "ROLLING", **merged}
    least, most = merged["minimumHealthyPercent"], merged["maximumPercent"]
    if least < 0 or most < 0 or most > 200 or (least >= 100 and most <= 100) or least > 100:
        raise _invalid(
            "The specified deployment configuration is not valid. Specify a maximumPercent above 100 or a "
            "minimumHealthyPercent below 100 and try again."
        )
    return merged


def _check_controlled(controller: str, req: Doc) -> None:
    """What only the deployment controller may change."""
    for member, words in (("taskDefinition", "task definition"), ("loadBalancers", "load balancers")):
        if member in req:
            how = " Use AWS CodeDeploy to trigger a new deployment." if controller == "CODE_DEPLOY" else ""
            raise _invalid(f"Unable to update {words} on services with a {controller} deployment controller.{how}")
    for member in ("networkConfiguration", "platformVersion", "capacityProviderStrategy", "forceNewDeployment"):
        if req.get(member):
            raise _invalid(f"Cannot update {member} on services with a {controller} deployment controller.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
