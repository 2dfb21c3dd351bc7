"""A source changed: start the pipelines that watch it.

AWS polls such sources, or is told by a rule that the user makes (PollForSourceChanges=false). Here the change itself is
the signal; with PollForSourceChanges=false it is left to the user's rule, as on AWS. S3 sources: see polling.
"""

from collections.abc import Iterator

from trunkline.core.db import Database
from trunkline.core.events import Event
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.model import Doc, Pipeline
from trunkline.services.codepipeline.starting import Starter

SOURCES = ("aws.codecommit", "aws.ecr")
DETAIL_TYPES = ("CodeCommit Repository State Change", "ECR Image Action")


class Reactions:
    """Handlers of other services' events."""

    def __init__(self, db: Database, starter: Starter) -> None:
        self._db = db
        self._starter = starter

    async def source_changed(self, event: Event) -> None:
        """Start every pipeline with a source action that this event is about."""
        for pipeline in store.pipelines.find(self._db, prefix=(event.account, event.region)):
            for action in _sources(pipeline):
                if _concerns(action, event):
                    subject = event.resources[0] if event.resources else event.source
                    await self._starter.on_change(pipeline, subject, f"{event.id}")
                    break


def _sources(pipeline: Pipeline) -> Iterator[Doc]:
    for action in pipeline.stages[0]["actions"]:
        if action["configuration"].get("PollForSourceChanges", "true").lower() != "false":
            yield action


def _concerns(action: Doc, event: Event) -> bool:
    configuration, detail = action["configuration"], event.detail
    match action["actionTypeId"]["provider"], event.source:
        case "CodeCommit", "aws.codecommit":
            return bool(
                detail.get("event") in ("referenceCreated", "referenceUpdated")
                and detail.get("referenceType") == "branch"
                and detail.get("referenceName") == configuration["BranchName"]
                and detail.get("repositoryName") == configuration["RepositoryName"]
            )
        case "ECR", "aws.ecr":
            return bool(
                detail.get("action-type") == "PUSH"
                and detail.get("result") == "SUCCESS"
                and detail.get("repository-name") == configuration["RepositoryName"]
                and detail.get("image-tag") == configuration.get("ImageTag", "latest")
            )
    return False
