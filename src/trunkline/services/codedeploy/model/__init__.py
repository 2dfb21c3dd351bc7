"""CodeDeploy's nouns: applications, deployment groups, configurations, revisions, deployments and their states."""

from trunkline.services.codedeploy.model.appspec import AppSpec, parse
from trunkline.services.codedeploy.model.configs import CONFIG_NAMES, DeploymentConfig, Step, predefined
from trunkline.services.codedeploy.model.deployments import (
    ACTIVE,
    LIFECYCLE,
    Deployment,
    Failure,
    LifecycleEvent,
    Rollback,
    Status,
    TaskSet,
)
from trunkline.services.codedeploy.model.groups import Application, DeploymentGroup, Doc
from trunkline.services.codedeploy.model.revisions import Revision, checked_revision, revision_key

__all__ = [
    "ACTIVE",
    "CONFIG_NAMES",
    "LIFECYCLE",
    "AppSpec",
    "Application",
    "Deployment",
    "DeploymentConfig",
    "DeploymentGroup",
    "Doc",
    "Failure",
    "LifecycleEvent",
    "Revision",
    "Rollback",
    "Status",
    "Step",
    "TaskSet",
    "checked_revision",
    "parse",
    "predefined",
    "revision_key",
]
