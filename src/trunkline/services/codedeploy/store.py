"""CodeDeploy's tables."""

from __future__ import annotations

from datetime import datetime

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.codedeploy.model import (
    ACTIVE,
    Application,
    Deployment,
    DeploymentConfig,
    DeploymentGroup,
    Doc,
    Revision,
    predefined,
    revision_key,
)

applications = Table("codedeploy_applications", Application, key=("account", "region", "name"))
groups = Table("codedeploy_groups", DeploymentGroup, key=("account", "region", "application", "name"))
configs = Table("codedeploy_configs", DeploymentConfig, key=("account", "region", "name"))
revisions = Table("codedeploy_revisions", Revision, key=("account", "region", "application", "key"))
deployments = Table("codedeploy_deployments", Deployment, key=("account", "region", "id"), index=("status",))

MIGRATIONS = tuple(table.ddl for table in (applications, groups, configs, revisions, deployments))


def config(reader: Reader, account: str, region: str, name: str) -> DeploymentConfig | None:
    return predefined(name, account, region) or configs.get(reader, account, region, name)


def active(reader: Reader, account: str, region: str) -> list[Deployment]:
    """Deployments that are not over, in one account and region."""
    return [
        deployment
        for status in ACTIVE
        for deployment in deployments.find(reader, account=account, region=region, status=status.value)
    ]


def register(
    tx: Tx, application: Application, location: Doc, now: datetime, *, description: str = "", group: str = ""
) -> None:
    """Note a revision; with a group: that it is being deployed there."""
    place = (application.account, application.region, application.name, revision_key(location))
    revision = revisions.get(tx, *place) or Revision(*place, location=location, registered_at=now)
    revision.description = description or revision.description
    if group:
        revision.first_used_at = revision.first_used_at or now
        revision.last_used_at = now
        revision.groups = sorted({*revision.groups, group})
    revisions.put(tx, revision)
