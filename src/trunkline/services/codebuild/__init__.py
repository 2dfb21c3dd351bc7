"""CodeBuild: projects whose builds run in containers, as durable workflows.

Real: sources from S3, CodeCommit, CodePipeline and public git servers (GitHub and its like, by HTTPS), buildspec 0.2
(phases, finally, on-failure, env with parameters and secrets, exported variables, artifacts, secondary sources and
artifacts, JUnit reports), privileged mode as access to the host's Docker Engine, output in CloudWatch Logs while it
runs, stop, retry, time-outs, credentials of the role.
Images named aws/codebuild/… stand for trunkline/codebuild:3, which is made from Debian packages.
Caches in S3 and of sources are accepted and stay cold; Docker keeps its layers for all builds.
Credentials for such servers are used, and never shown.
Refused by name: batch builds, fleets, VPCs, file systems, logs in S3, badges, webhooks, debug sessions, Windows, Arm
and Lambda environments, coverage reports and report export.
"""

from trunkline.aws.own_metrics import OwnMetrics
from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.codebuild import store
from trunkline.services.codebuild.api import Api
from trunkline.services.codebuild.logs import LogFollowers
from trunkline.services.codebuild.metrics import Metrics
from trunkline.services.codebuild.resources import TYPES
from trunkline.services.codebuild.workflow import NAME, Runner

_AT_ONCE = 4  # builds beyond that are QUEUED: a build is given two processors, and machines are small


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service; builds under way are followed again when the workflow engine resumes."""
    kit.db.migrate("codebuild", store.STEPS)
    followers = LogFollowers(kit, engines.containers)
    runner = Runner(kit, engines, followers)
    engines.workflows.register(NAME, runner.run, at_once=_AT_ONCE, failed=runner.died)
    own = OwnMetrics(kit, "AWS/CodeBuild", "codebuild.amazonaws.com")
    kit.bus.subscribe("codebuild-metrics", Metrics(own).take, sources=("aws.codebuild",))
    background = Background(own.run)

    async def stop() -> None:
        await followers.stop()
        await background.stop()

    return Service("codebuild", Api(kit, engines.workflows), background.start, stop, resource_types=TYPES)
