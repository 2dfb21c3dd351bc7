"""Cloud Control: create, read, update, delete and list for every resource type that CloudFormation makes here.

Real: requests are durable and survive a crash; client tokens; JSON patches; identifiers of several parts; roles;
cancelling. Refused: types that Trunkline does not have (UnsupportedActionException), versions of types are ignored as
there is one of each.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.cloudcontrol import store
from trunkline.services.cloudcontrol.api import Api
from trunkline.services.cloudcontrol.workflow import NAME, Runner


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service; requests under way go on when the workflow engine resumes."""
    kit.db.migrate("cloudcontrol", store.STEPS)
    runner = Runner(kit)
    engines.workflows.register(NAME, runner.run, failed=runner.died)
    return Service("cloudcontrol", Api(kit, engines.workflows, runner))
