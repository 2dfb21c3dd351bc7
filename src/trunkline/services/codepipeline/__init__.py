"""CodePipeline: V1 and V2 pipelines that run for real, as durable workflows.

Real: stages and run orders, the execution modes SUPERSEDED, QUEUED and PARALLEL, variables and namespaces, artifacts in
S3, transitions, retry of a stage, stop and abandon, manual approval with SNS; sources CodeCommit, S3 and ECR (which
start the pipeline by themselves), CodeBuild, CodeDeployToECS, ECS, S3 and CloudFormation deployments
(stacks and change sets), Lambda invocations. An action's own role is assumed by the pipeline's.
Refused by name: other actions, stage conditions, triggers of CodeStar connections, cross-region actions, webhooks,
custom actions and job workers, rollback of a stage.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.codepipeline import reactions, store
from trunkline.services.codepipeline.api import Api
from trunkline.services.codepipeline.polling import Poller
from trunkline.services.codepipeline.progress import Progress
from trunkline.services.codepipeline.resources import TYPES
from trunkline.services.codepipeline.starting import Starter
from trunkline.services.codepipeline.workflow import NAME, Runner


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service; its pipelines' unfinished executions go on when the workflow engine resumes."""
    kit.db.migrate("codepipeline", store.STEPS)
    progress = Progress(kit.ledger, kit.clock)
    runner = Runner(kit, engines, progress)
    engines.workflows.register(NAME, runner.run, failed=runner.died)
    starter = Starter(kit, engines.workflows, progress)
    react = reactions.Reactions(kit.db, starter)
    kit.bus.subscribe(
        "codepipeline.sources", react.source_changed, sources=reactions.SOURCES, detail_types=reactions.DETAIL_TYPES
    )
    poller = Poller(kit, starter)
    api = Api(kit, engines.workflows, progress, starter)
    return Service("codepipeline", api, start=poller.start, stop=poller.stop, resource_types=TYPES)
