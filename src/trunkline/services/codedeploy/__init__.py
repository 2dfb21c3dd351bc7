"""AWS CodeDeploy: deployments of ECS services and functions, whose traffic moves step by step and comes back by itself.

Real: applications, deployment groups, configurations (AWS's, custom ones, Trunkline's steps by name: see
model/configs.py), revisions, deployments as durable workflows (workflow/deploy.py; of aliases: functions.py), stop,
continue, automatic rollback on failure, stop and alarm (workflow/undo.py), lifecycle hooks that are Lambda functions
(workflow/hooks.py), triggers to SNS, tags, events.

Refused: deployments to the compute platform Server (its applications and groups are kept as records); GitHub
revisions.

Unlike AWS: without automatic rollback, a deployment that is stopped after traffic moved keeps both task sets and the
weights as they are; the group's next deployment first returns the traffic to the original and removes what was kept.
"""

from __future__ import annotations

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.api import Api
from trunkline.services.codedeploy.reactions import Reactions
from trunkline.services.codedeploy.resources import TYPES
from trunkline.services.codedeploy.workflow import Deployments


def build(kit: Kit, engines: Engines) -> Service:
    kit.db.migrate("codedeploy", store.MIGRATIONS)
    Deployments(kit, engines.workflows)
    Reactions(kit, engines.workflows)
    return Service(name="codedeploy", api=Api(kit, engines.workflows), resource_types=TYPES)
