"""Looking things up, or answering AWS's error that there is no such thing."""

from __future__ import annotations

import re
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Kit
from trunkline.core.db import Reader
from trunkline.engines.workflows import Workflows
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.model import (
    Application,
    Deployment,
    DeploymentConfig,
    DeploymentGroup,
    Doc,
    checked_revision,
)
from trunkline.services.codedeploy.model.revisions import InvalidRevision

PAGE = 100
NAME = re.compile(r"[A-Za-z0-9+=,.@_ -]{1,100}")
DEPLOYMENT_ID = re.compile(r"d-[A-Z0-9]{9,}")


class Operations:
    """What every group of operations works with."""

    def __init__(self, kit: Kit, engine: Workflows) -> None:
        self.kit = kit
        self.engine = engine

    async def trusted(self, call: Call, role_arn: str) -> None:
        """CodeDeploy must be able to assume the role now, so that a typo shows here and not in a deployment."""
        try:
            await self.kit.call.assume(role_arn, service="codedeploy.amazonaws.com", region=call.region)
        except AwsError as error:
            raise AwsError("InvalidRoleException", f"Cannot assume role provided: {error.message}") from error


def application(reader: Reader, call: Call, name: str) -> Application:
    found = store.applications.get(reader, call.account, call.region, name)
    if found is None:
        raise AwsError("ApplicationDoesNotExistException", f"No application found for name: {name}")
    return found


def group(reader: Reader, call: Call, application_name: str, name: str) -> DeploymentGroup:
    application(reader, call, application_name)
    found = store.groups.get(reader, call.account, call.region, application_name, name)
    if found is None:
        raise AwsError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
    return found


def config(reader: Reader, call: Call, name: str) -> DeploymentConfig:
    found = store.config(reader, call.account, call.region, name)
    if found is None:
        raise AwsError("DeploymentConfigDoesNotExistException", f"No Deployment Config found for name: {name}")
    return found


def deployment(reader: Reader, call: Call, deployment_id: str | None) -> Deployment:
    if not deployment_id:
        raise AwsError("DeploymentIdRequiredException", "The deployment ID is required.")
    if not DEPLOYMENT_ID.fullmatch(deployment_id):
        raise AwsError("InvalidDeploymentIdException", f"The deployment ID {deployment_id} has an invalid format.")
    found = store.deployments.get(reader, call.account, call.region, deployment_id)
    if found is None:
        raise AwsError("DeploymentDoesNotExistException", f"The deployment {deployment_id} could not be found")
    return found


def revision(location: Any) -> Doc:
    if not location:
        raise AwsError("RevisionRequiredException", "The revision is missing.")
    try:
        return checked_revision(location)
    except InvalidRevision as error:
        raise AwsError("InvalidRevisionException", str(error)) from error


def name(value: str, error: str, what: str) -> str:
    if not NAME.fullmatch(value):
        raise AwsError(error, f"The {what} name {value} has characters that are not allowed.")
    return value


def limited(items: list[Any], error: str = "BatchLimitExceededException", most: int = 100) -> list[Any]:
    if len(items) > most:
        raise AwsError(error, f"The maximum number of items in one call is {most}; {len(items)} were given.")
    return items
