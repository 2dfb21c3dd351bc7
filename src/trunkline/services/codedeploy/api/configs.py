"""Deployment configurations: AWS's, Trunkline's by their grammar, and those that users make."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.model import CONFIG_NAMES, DeploymentConfig, Doc, predefined
from trunkline.services.codedeploy.model.configs import MOST_MINUTES, PREFIXES

ARN = "arn:aws:codedeploy:{region}:{account}:deploymentconfig:{deploymentConfigName}"


class Configs(found.Operations):
    @operation(ARN)
    async def create_deployment_config(self, call: Call, req: Doc) -> Doc:
        name = req["deploymentConfigName"]
        found.name(name, "InvalidDeploymentConfigNameException", "deployment configuration")
        if name.startswith(PREFIXES):
            raise AwsError(
                "InvalidDeploymentConfigNameException",
                f"Names that begin with {' or '.join(PREFIXES)} stand for predefined deployment configurations.",
            )
        platform = req.get("computePlatform", "Server")
        config = DeploymentConfig(
            account=call.account,
            region=call.region,
            name=name,
            id=ids.uuid(),
            platform=platform,
            created_at=self.kit.clock.now(),
            minimum_healthy=_minimum_healthy(platform, req.get("minimumHealthyHosts")),
            routing=_routing(platform, req.get("trafficRoutingConfig")),
        )
        try:
            await self.kit.db.write(lambda tx: store.configs.insert(tx, config))
        except AlreadyExists as error:
            raise AwsError(
                "DeploymentConfigAlreadyExistsException", f"Deployment configuration already exists: {name}"
            ) from error
        return {"deploymentConfigId": config.id}

    @operation(ARN)
    async def get_deployment_config(self, call: Call, req: Doc) -> Doc:
        return {"deploymentConfigInfo": found.config(self.kit.db, call, req["deploymentConfigName"]).described()}

    @operation("arn:aws:codedeploy:{region}:{account}:deploymentconfig:*")
    async def list_deployment_configs(self, call: Call, req: Doc) -> Doc:
        """The predefined, those that were made, and those of Trunkline's grammar that a group uses."""
        place = (call.account, call.region)
        names = {*CONFIG_NAMES, *(config.name for config in store.configs.find(self.kit.db, prefix=place))}
        names |= {group.config_name for group in store.groups.find(self.kit.db, prefix=place)}
        shown, token = page(names, found.PAGE, req.get("nextToken"), key=str)
        return {"deploymentConfigsList": shown, "nextToken": token}

    @operation(ARN)
    async def delete_deployment_config(self, call: Call, req: Doc) -> None:
        name = req["deploymentConfigName"]
        if predefined(name, call.account, call.region):
            raise AwsError("InvalidOperationException", f"The predefined deployment configuration {name} stays.")

        def delete(tx: Tx) -> None:
            for group in store.groups.find(tx, prefix=(call.account, call.region)):
                if group.config_name == name:
                    raise AwsError(
                        "DeploymentConfigInUseException",
                        f"The deployment configuration {name} is used by the deployment group {group.name}.",
                    )
            store.configs.delete(tx, call.account, call.region, name)

        await self.kit.db.write(delete)


def _minimum_healthy(platform: str, hosts: Doc | None) -> Doc | None:
    if platform != "Server":
        if hosts:
            raise AwsError(
                "InvalidMinimumHealthyHostValueException",
                f"Minimum healthy hosts do not apply to the compute platform {platform}.",
            )
        return None
    value = (hosts or {}).get("value")
    if not hosts or value is None or value < 0 or (hosts.get("type") == "FLEET_PERCENT" and value > 99):
        raise AwsError(
            "InvalidMinimumHealthyHostValueException",
            "The Server compute platform needs minimumHealthyHosts: a HOST_COUNT, or a FLEET_PERCENT from 0 to 99.",
        )
    return hosts


def _routing(platform: str, routing: Doc | None) -> Doc | None:
    if platform == "Server":
        if routing:
            raise _bad_routing("Traffic routing does not apply to the compute platform Server.")
        return None
    kind = (routing or {}).get("type")
    if routing is None or kind is None:
        raise _bad_routing(f"The compute platform {platform} needs a trafficRoutingConfig with a type.")
    if kind == "AllAtOnce":
        return {"type": kind}
    member, pct_name, wait_name = (
        ("timeBasedCanary", "canaryPercentage", "canaryInterval")
        if kind == "TimeBasedCanary"
        else ("timeBasedLinear", "linearPercentage", "linearInterval")
    )
    given = routing.get(member) or {}
    pct, minutes = given.get(pct_name), given.get(wait_name)
    if pct is None or not 1 <= pct <= 99:
        raise _bad_routing(f"{pct_name} must be from 1 to 99.")
    if minutes is None or not 1 <= minutes <= MOST_MINUTES:
        raise _bad_routing(f"{wait_name} must be from 1 to {MOST_MINUTES} minutes.")
    return {"type": kind, member: {pct_name: pct, wait_name: minutes}}


def _bad_routing(message: str) -> AwsError:
    return AwsError("InvalidTrafficRoutingConfigurationException", message)
