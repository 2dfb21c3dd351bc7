"""Where and how tasks may be started: launch types, subnets, load balancers; checked before anything is kept."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc, Kit
from trunkline.services.ecs.model import Cluster, Launch, TaskDefinition

PRINCIPAL = "ecs.amazonaws.com"
_REFUSED = {
    "serviceConnectConfiguration": "Service Connect",
    "volumeConfigurations": "volumes configured at launch",
    "vpcLatticeConfigurations": "VPC Lattice",
    "monitoring": "service monitoring",
}


class Placement:
    """Reads EC2 and Elastic Load Balancing as ECS itself."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def launch(
        self, call: Call, cluster: Cluster, definition: TaskDefinition | None, req: Doc, before: Launch | None = None
    ) -> Launch:
        """The launch that a request asks for; what it leaves out is as `before`."""
        refuse(req)
        before = before or Launch()
        strategy = before.capacity_provider_strategy
        if "capacityProviderStrategy" in req or "launchType" in req or not before.network:
            strategy = _strategy(cluster, req)
        if definition is not None and "FARGATE" not in definition.doc.get("compatibilities", []):
            raise _invalid("Task definition does not support launch_type FARGATE.")
        network = (req.get("networkConfiguration") or {}).get("awsvpcConfiguration") or before.network
        if not network and definition is not None:
            raise _invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        zones = before.zones
        if network and network is not before.network:
            zones = await self._zones(call, network["subnets"], network.get("securityGroups", []))
        balancers = req.get("loadBalancers", before.load_balancers)
        if balancers and definition is not None:
            await self._check_balancers(call, balancers, definition)
        registries = req.get("serviceRegistries", before.registries)
        if registries and registries is not before.registries:
            await self._check_registries(call, registries)
        return Launch(
            "FARGATE",
            strategy,
            _platform(req.get("platformVersion") or before.platform_version),
            {"assignPublicIp": "DISABLED", "securityGroups": [], **network} if network else {},
            zones,
            balancers,
            registries,
        )

    async def _check_registries(self, call: Call, registries: list[Doc]) -> None:
        """Cloud Map registers the tasks itself, when it hears of them; here the services only have to exist."""
        as_ = Caller.service(PRINCIPAL, call.account, call.region)
        if len(registries) > 1:
            raise _invalid("Only one service registry can be specified for a service.")
        for one in registries:
            try:
                await self._kit.call("servicediscovery", "GetService", {"Id": one["registryArn"]}, as_=as_)
            except AwsError as error:
                raise _invalid(f"Service Registry {one['registryArn']} not found.") from error

    async def _zones(self, call: Call, subnets: list[str], groups: list[str]) -> dict[str, str]:
        """The subnets with their zones, once they and the security groups are known to exist."""
        if not subnets:
            raise _invalid("subnets can not be empty.")
        as_ = Caller.service(PRINCIPAL, call.account, call.region)
        try:
            found = await self._kit.call("ec2", "DescribeSubnets", {"SubnetIds": subnets}, as_=as_)
        except AwsError as error:
            names = ", ".join(subnets)
            raise _invalid(
                f"Error retrieving subnet information for [{names}]: {error.message} (ErrorCode: {error.code})"
            ) from error
        if groups:
            try:
                await self._kit.call("ec2", "DescribeSecurityGroups", {"GroupIds": groups}, as_=as_)
            except AwsError as error:
                names = ", ".join(groups)
                raise _invalid(
                    f"Error retrieving security group information for [{names}]: {error.message} "
                    f"(ErrorCode: {error.code})"
                ) from error
        return {one["SubnetId"]: one["AvailabilityZone"] for one in found["Subnets"]}

    async def _check_balancers(self, call: Call, balancers: list[Doc], definition: TaskDefinition) -> None:
        as_ = Caller.service(PRINCIPAL, call.account, call.region)
        for one in balancers:
            if not one.get("targetGroupArn"):
                raise _invalid("Trunkline supports load balancers with target groups only: give targetGroupArn.")
            if one.get("advancedConfiguration"):
                raise _invalid("Trunkline does not support advancedConfiguration: use the CODE_DEPLOY controller.")
            name, port = one.get("containerName"), one.get("containerPort")
            container = next((each for each in definition.containers if each["name"] == name), None)
            if container is None:
                raise _invalid(f"The container {name} does not exist in the task definition.")
            if port not in [each.get("containerPort") for each in container["portMappings"]]:
                raise _invalid(f"The container {name} did not have a container port {port} defined.")
            try:
                found = await self._kit.call(
                    "elbv2", "DescribeTargetGroups", {"TargetGroupArns": [one["targetGroupArn"]]}, as_=as_
                )
            except AwsError as error:
                raise _invalid(f"The specified target group does not exist: {one['targetGroupArn']}") from error
            kind = found["TargetGroups"][0].get("TargetType")
            if kind != "ip":
                raise _invalid(
                    f"The provided target group {one['targetGroupArn']} has target type {kind}, which is incompatible "
                    "with the awsvpc network mode specified in the task definition."
                )


def refuse(req: Doc) -> None:
    """What would be accepted and not done."""
    for member, what in _REFUSED.items():
        if req.get(member):
            raise _invalid(f"Trunkline does not support {what}: leave {member} out.")
    if req.get("enableExecuteCommand"):
        raise _invalid("Trunkline does not support ECS Exec: leave enableExecuteCommand out.")
    if req.get("placementConstraints"):
        raise _invalid("Placement constraints are not supported with FARGATE launch type.")
    if req.get("placementStrategy"):
        raise _invalid("Placement strategies are not supported with FARGATE launch type.")
    if req.get("availabilityZoneRebalancing") == "ENABLED":
        raise _invalid("Trunkline does not support availabilityZoneRebalancing: leave it out.")


def _strategy(cluster: Cluster, req: Doc) -> list[Doc]:
    """The capacity provider strategy, empty for a plain launch type."""
    given: list[Doc] = req.get("capacityProviderStrategy", [])
    if given and req.get("launchType"):
        raise _invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    for item in given:
        if item["capacityProvider"] not in cluster.capacity_providers:
            raise _invalid(
                f"The specified capacity provider '{item['capacityProvider']}' is not associated with the cluster."
            )
    if given:
        return [{"weight": 0, "base": 0, **item} for item in given]
    kind = req.get("launchType")
    if kind is None and cluster.default_strategy:
        return cluster.default_strategy
    if kind != "FARGATE":
        # What AWS says of a cluster without instances, and Trunkline's clusters have none.
        raise _invalid("No Container Instances were found in your cluster.")
    return []


def _platform(version: str) -> str:
    if version not in ("LATEST", "1.4.0", "1.3.0"):
        raise AwsError("PlatformUnknownException", "The specified platform does not exist.")
    return "1.4.0" if version == "LATEST" else version


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
