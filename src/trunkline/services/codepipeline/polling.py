"""S3 sources with PollForSourceChanges: look for a new version, as AWS does, since S3 tells nobody unless asked to.

A version starts a pipeline once: it is compared with what the newest execution fetched, and its name is the token of
the start.
"""

import asyncio
from functools import partial

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core.log import get
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.action import Roles
from trunkline.services.codepipeline.model import Doc, Pipeline
from trunkline.services.codepipeline.starting import Starter

log = get(__name__)

_EVERY_S = 2.0


class Poller:
    """One task for all pipelines of the server."""

    def __init__(self, kit: Kit, starter: Starter) -> None:
        self._kit = kit
        self._starter = starter
        self._roles = Roles(kit)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin looking."""
        self._task = asyncio.create_task(self._run(), name="codepipeline-poller")

    async def stop(self) -> None:
        """Leave off."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._kit.clock.sleep(_EVERY_S)
            for pipeline in store.pipelines.find(self._kit.db):
                for action in polled(pipeline):
                    try:
                        await self._look(pipeline, action)
                    except AwsError as error:
                        log.debug("a source cannot be polled", pipeline=pipeline.name, error=error)

    async def _look(self, pipeline: Pipeline, action: Doc) -> None:
        runs = store.of_pipeline(self._kit.db, pipeline)
        newest = runs[-1] if runs else None
        if newest is not None and not newest.done and not newest.revisions:
            return  # it is fetching right now
        bucket, key = action["configuration"]["S3Bucket"], action["configuration"]["S3ObjectKey"]
        role = action.get("roleArn") or pipeline.declaration["roleArn"]
        through = str(pipeline.declaration["roleArn"])
        caller = await self._roles.caller(role, pipeline.region, pipeline.name, through=through)
        head = await self._kit.call("s3", "HeadObject", {"Bucket": bucket, "Key": key}, as_=caller)
        version = head.get("VersionId", "null")
        known = {revision["revisionId"] for revision in newest.revisions} if newest is not None else set()
        if version in known:
            return
        trigger = {"triggerType": "PollForSourceChanges", "triggerDetail": action["name"]}
        token = f"poll:{bucket}/{key}@{version}"
        await self._kit.db.write(partial(self._starter.start, pipeline=pipeline, trigger=trigger, token=token))


def polled(pipeline: Pipeline) -> list[Doc]:
    """The pipeline's source actions that have to be looked after."""
    return [
        action
        for action in pipeline.stages[0]["actions"]
        if action["actionTypeId"]["provider"] == "S3"
        and action["configuration"].get("PollForSourceChanges", "true").lower() != "false"
    ]
