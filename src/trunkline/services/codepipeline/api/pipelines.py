"""Pipelines: create, read, change, delete, list, tag, and the doors between their stages."""

from functools import partial

from trunkline.aws import arn as arns
from trunkline.aws import tags as tag_rules
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.codepipeline import store, structure
from trunkline.services.codepipeline.api.support import NAMED, PIPELINE, Group, paged, pipeline
from trunkline.services.codepipeline.model import Pipeline, PipelineVersion

_DECLARED = "arn:aws:codepipeline:{region}:{account}:*"


def _declared(call: Call, req: Doc) -> str:
    return call.arn(str(req["pipeline"]["name"]))


class Pipelines(Group):
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_Operations.html"""

    @operation(_declared)
    async def create_pipeline(self, call: Call, req: Doc) -> Doc:
        """Create a pipeline and, as AWS does, start it once."""
        declaration = structure.check(req["pipeline"], call.region)
        declaration["version"] = 1
        tags = tag_rules.normalise(req.get("tags"), error="InvalidTagsException", too_many="TooManyTagsException")
        now = self._kit.clock.now()
        made = Pipeline(
            call.account,
            call.region,
            declaration["name"],
            call.arn(declaration["name"]),
            1,
            declaration,
            now,
            now,
            tags,
        )
        trigger = {"triggerType": "CreatePipeline", "triggerDetail": call.caller.principal.arn}
        try:
            await self._db.write(partial(self._create, made=made, trigger=trigger))
        except AlreadyExists as error:
            raise AwsError(
                "PipelineNameInUseException",
                f"A pipeline with the name '{made.name}' already exists in account '{call.account}'",
            ) from error
        return {"pipeline": declaration, "tags": tag_rules.pairs(tags, key="key", value="value")}

    def _create(self, tx: Tx, made: Pipeline, trigger: Doc) -> None:
        store.pipelines.insert(tx, made)
        self._keep_version(tx, made)
        self._starter.start(tx, made, trigger)

    def _keep_version(self, tx: Tx, made: Pipeline) -> None:
        store.versions.put(tx, PipelineVersion(made.account, made.region, made.name, made.version, made.declaration))

    @operation(NAMED)
    async def get_pipeline(self, call: Call, req: Doc) -> Doc:
        found = pipeline(self._db, call, req["name"])
        declaration = found.declaration
        if "version" in req:
            kept = store.versions.get(self._db, call.account, call.region, found.name, req["version"])
            if kept is None:
                raise AwsError(
                    "PipelineVersionNotFoundException",
                    f"Version {req['version']} of pipeline '{found.name}' was not found",
                )
            declaration = kept.declaration
        metadata = {"pipelineArn": found.arn, "created": found.created, "updated": found.updated}
        return {"pipeline": declaration, "metadata": metadata}

    @operation(_declared)
    async def update_pipeline(self, call: Call, req: Doc) -> Doc:
        """A new version; executions under way go on with the version they started with."""
        declaration = structure.check(req["pipeline"], call.region)

        def update(tx: Tx) -> Doc:
            found = pipeline(tx, call, declaration["name"])
            found.version += 1
            found.declaration = {**declaration, "version": found.version}
            found.updated = self._kit.clock.now()
            names = {stage["name"] for stage in found.stages}
            found.disabled = {name: why for name, why in found.disabled.items() if name in names}
            store.pipelines.put(tx, found)
            self._keep_version(tx, found)
            return found.declaration

        return {"pipeline": await self._db.write(update)}

    @operation(NAMED)
    async def delete_pipeline(self, call: Call, req: Doc) -> Doc:
        """Delete a pipeline; what runs is cancelled. Deleting one that is not there is no error, as on AWS."""

        def delete(tx: Tx) -> None:
            found = store.pipelines.get(tx, call.account, call.region, req["name"])
            if found is None:
                return
            for run in store.of_pipeline(tx, found):
                if not run.done and not run.stopping:
                    self._progress.stopping(tx, run, abandon=True, reason="The pipeline was deleted.")
                    self._abandon(tx, run.id)
            store.pipelines.delete(tx, call.account, call.region, req["name"])

        await self._db.write(delete)
        return {}

    def _abandon(self, tx: Tx, execution_id: str) -> None:
        from trunkline.services.codepipeline.api.executions import abandon

        abandon(tx, self._workflows, execution_id)

    @operation(_DECLARED)
    async def list_pipelines(self, call: Call, req: Doc) -> Doc:
        items = [
            {
                "name": found.name,
                "version": found.version,
                "pipelineType": found.declaration["pipelineType"],
                "executionMode": found.mode,
                "created": found.created,
                "updated": found.updated,
            }
            for found in store.pipelines.find(self._db, prefix=(call.account, call.region))
        ]
        return paged(items, req, 1000, "pipelines", "name")

    @operation(PIPELINE)
    async def disable_stage_transition(self, call: Call, req: Doc) -> Doc:
        """Close the door of a stage: executions wait before it."""
        _inbound_only(req)

        def disable(tx: Tx) -> None:
            found = _with_stage(pipeline(tx, call, req["pipelineName"]), req["stageName"])
            found.disabled[req["stageName"]] = {
                "reason": req["reason"],
                "by": call.caller.principal.arn,
                "at": self._kit.clock.time(),
            }
            store.pipelines.put(tx, found)

        await self._db.write(disable)
        return {}

    @operation(PIPELINE)
    async def enable_stage_transition(self, call: Call, req: Doc) -> Doc:
        """Open it again."""
        _inbound_only(req)

        def enable(tx: Tx) -> None:
            found = _with_stage(pipeline(tx, call, req["pipelineName"]), req["stageName"])
            found.disabled.pop(req["stageName"], None)
            store.pipelines.put(tx, found)

        await self._db.write(enable)
        return {}

    @operation("{resourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        found = self._tagged(call, req["resourceArn"])
        return {"tags": tag_rules.pairs(found.tags, key="key", value="value")}

    @operation("{resourceArn}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        self._tagged(call, req["resourceArn"])
        new = tag_rules.normalise(req["tags"], error="InvalidTagsException", too_many="TooManyTagsException")

        def tag(tx: Tx) -> None:
            found = pipeline(tx, call, req["resourceArn"].rsplit(":", 1)[1])
            found.tags = tag_rules.merge(found.tags, new, too_many="TooManyTagsException")
            store.pipelines.put(tx, found)

        await self._db.write(tag)
        return {}

    @operation("{resourceArn}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        self._tagged(call, req["resourceArn"])

        def untag(tx: Tx) -> None:
            found = pipeline(tx, call, req["resourceArn"].rsplit(":", 1)[1])
            found.tags = {key: value for key, value in found.tags.items() if key not in req["tagKeys"]}
            store.pipelines.put(tx, found)

        await self._db.write(untag)
        return {}

    def _tagged(self, call: Call, arn: str) -> Pipeline:
        try:
            parsed = arns.parse(arn)
        except ValueError as error:
            raise AwsError("InvalidArnException", f"{arn} is not a valid ARN.") from error
        found = store.pipelines.get(self._db, parsed.account, parsed.region, parsed.resource)
        if parsed.service != "codepipeline" or parsed.account != call.account or found is None:
            raise AwsError("ResourceNotFoundException", f"The resource {arn} was not found.")
        return found


def _inbound_only(req: Doc) -> None:
    if req["transitionType"] != "Inbound":
        raise AwsError("ValidationException", "Only Inbound transitions can be disabled and enabled.")


def _with_stage(found: Pipeline, stage: str) -> Pipeline:
    if stage not in [declared["name"] for declared in found.stages]:
        raise AwsError("StageNotFoundException", f"Stage '{stage}' not found in pipeline '{found.name}'")
    return found
