"""CodeDeploy's nouns: applications, deployment groups, configurations, revisions, deployments and their states."""

from trunkline.services.codedeploy.model.appspec import AppSpec, FunctionSpec, parse, parse_function
from trunkline.services.codedeploy.model.configs import CONFIG_NAMES, DeploymentConfig, Step, predefined
from trunkline.services.codedeploy.model.deployments import (
    ACTIVE,
    FUNCTION_LIFECYCLE,
    LIFECYCLE,
    Deployment,
    Failure,
    FunctionTarget,
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
    "FUNCTION_LIFECYCLE",
    "LIFECYCLE",
    "AppSpec",
    "Application",
    "Deployment",
    "DeploymentConfig",
    "DeploymentGroup",
    "Doc",
    "Failure",
    "FunctionSpec",
    "FunctionTarget",
    "LifecycleEvent",
    "Revision",
    "Rollback",
    "Status",
    "Step",
    "TaskSet",
    "checked_revision",
    "parse",
    "parse_function",
    "predefined",
    "revision_key",
]
