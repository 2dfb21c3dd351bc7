"""CodeDeploy's operations, one file for each of its nouns."""

from __future__ import annotations

from trunkline.services.codedeploy.api.applications import Applications
from trunkline.services.codedeploy.api.configs import Configs
from trunkline.services.codedeploy.api.deployments import DeploymentOperations
from trunkline.services.codedeploy.api.groups import Groups
from trunkline.services.codedeploy.api.hooks import Hooks
from trunkline.services.codedeploy.api.revisions import Revisions
from trunkline.services.codedeploy.api.tagging import Tagging
from trunkline.services.codedeploy.api.targets import Targets


class Api(Applications, Groups, Configs, Revisions, DeploymentOperations, Targets, Hooks, Tagging):
    """What the gateway calls."""


__all__ = ["Api"]
