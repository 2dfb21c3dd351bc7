"""Deployment groups: the ECS service, its load balancer, and what makes a deployment stop and roll back."""

from __future__ import annotations

from trunkline.aws import tags as tagging
from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.api.applications import ARN as APPLICATION_ARN
from trunkline.services.codedeploy.api.settings import MEMBERS, checked_settings
from trunkline.services.codedeploy.model import Application, DeploymentConfig, DeploymentGroup, Doc

ARN = "arn:aws:codedeploy:{region}:{account}:deploymentgroup:{applicationName}/{deploymentGroupName}"
RENAMED_ARN = "arn:aws:codedeploy:{region}:{account}:deploymentgroup:{applicationName}/{currentDeploymentGroupName}"
DEFAULT_CONFIG = {
    "ECS": "CodeDeployDefault.ECSAllAtOnce",
    "Lambda": "CodeDeployDefault.LambdaAllAtOnce",
    "Server": "CodeDeployDefault.OneAtATime",
}


class Groups(found.Operations):
    @operation(ARN)
    async def create_deployment_group(self, call: Call, req: Doc) -> Doc:
        application = found.application(self.kit.db, call, req["applicationName"])
        name = found.name(req["deploymentGroupName"], "InvalidDeploymentGroupNameException", "deployment group")
        group = DeploymentGroup(
            account=call.account,
            region=call.region,
            application=application.name,
            name=name,
            id=ids.uuid(),
            platform=application.platform,
            config_name=self._config_for(call, application, req.get("deploymentConfigName")).name,
            role_arn=req["serviceRoleArn"],
            settings=checked_settings(application.platform, {key: req[key] for key in MEMBERS if key in req}),
            tags=tagging.normalise(req.get("tags"), error="InvalidTagsToAddException"),
        )
        await self.trusted(call, group.role_arn)

        def insert(tx: Tx) -> None:
            found.application(tx, call, application.name)
            _one_group_a_service(tx, group)
            store.groups.insert(tx, group)

        try:
            await self.kit.db.write(insert)
        except AlreadyExists as error:
            raise _exists(name) from error
        return {"deploymentGroupId": group.id}

    @operation(ARN)
    async def get_deployment_group(self, call: Call, req: Doc) -> Doc:
        group = found.group(self.kit.db, call, req["applicationName"], req["deploymentGroupName"])
        return {"deploymentGroupInfo": group.described()}

    @operation(APPLICATION_ARN)
    async def batch_get_deployment_groups(self, call: Call, req: Doc) -> Doc:
        found.application(self.kit.db, call, req["applicationName"])
        place = (call.account, call.region, req["applicationName"])
        names = found.limited(req["deploymentGroupNames"])
        groups = {name: store.groups.get(self.kit.db, *place, name) for name in names}
        missing = [name for name, group in groups.items() if group is None]
        return {
            "deploymentGroupsInfo": [group.described() for group in groups.values() if group],
            "errorMessage": f"No Deployment Group found for name: {', '.join(missing)}" if missing else None,
        }

    @operation(APPLICATION_ARN)
    async def list_deployment_groups(self, call: Call, req: Doc) -> Doc:
        name = req["applicationName"]
        found.application(self.kit.db, call, name)
        groups = store.groups.find(self.kit.db, prefix=(call.account, call.region, name))
        shown, token = page(groups, found.PAGE, req.get("nextToken"), key=lambda one: one.name)
        return {"applicationName": name, "deploymentGroups": [one.name for one in shown], "nextToken": token}

    @operation(RENAMED_ARN)
    async def update_deployment_group(self, call: Call, req: Doc) -> Doc:
        application = found.application(self.kit.db, call, req["applicationName"])
        current, new = req["currentDeploymentGroupName"], req.get("newDeploymentGroupName")
        if new:
            found.name(new, "InvalidDeploymentGroupNameException", "deployment group")
        found.group(self.kit.db, call, application.name, current)
        config_name = req.get("deploymentConfigName")
        config = self._config_for(call, application, config_name) if config_name else None
        if "serviceRoleArn" in req:
            await self.trusted(call, req["serviceRoleArn"])

        def update(tx: Tx) -> None:
            group = found.group(tx, call, application.name, current)
            given = {key: req[key] for key in MEMBERS if key in req}
            group.settings = checked_settings(group.platform, {**group.settings, **given})
            group.role_arn = req.get("serviceRoleArn", group.role_arn)
            group.config_name = config.name if config else group.config_name
            if new and new != current:
                if store.groups.get(tx, call.account, call.region, application.name, new):
                    raise _exists(new)
                store.groups.delete(tx, call.account, call.region, application.name, current)
                group.name = new
            _one_group_a_service(tx, group)
            store.groups.put(tx, group)

        await self.kit.db.write(update)
        return {"hooksNotCleanedUp": []}

    @operation(ARN)
    async def delete_deployment_group(self, call: Call, req: Doc) -> Doc:
        """A running deployment goes on to its end. Deleting what is not there is no error."""
        place = (call.account, call.region, req["applicationName"], req["deploymentGroupName"])
        await self.kit.db.write(lambda tx: store.groups.delete(tx, *place))
        return {"hooksNotCleanedUp": []}

    def _config_for(self, call: Call, application: Application, name: str | None) -> DeploymentConfig:
        config = found.config(self.kit.db, call, name or DEFAULT_CONFIG[application.platform])
        if config.platform != application.platform:
            raise AwsError(
                "InvalidDeploymentConfigNameException",
                f"The deployment configuration {config.name} is for the compute platform {config.platform},"
                f" the application for {application.platform}.",
            )
        return config


def _one_group_a_service(tx: Tx, group: DeploymentGroup) -> None:
    """Two groups shifting one service's traffic would undo each other; AWS refuses that too."""
    if not group.service:
        return
    for other in store.groups.find(tx, prefix=(group.account, group.region)):
        if other.id != group.id and other.service == group.service:
            raise AwsError(
                "ECSServiceMappingLimitExceededException",
                f"The ECS service {group.service.get('serviceName')} is in the deployment group {other.name} already.",
            )


def _exists(name: str) -> AwsError:
    return AwsError("DeploymentGroupAlreadyExistsException", f"Deployment group already exists: {name}")
