"""AWS::CodePipeline::Pipeline. Ref gives its name.

Not offered: webhooks and custom action types.
"""

from typing import Any, ClassVar

from trunkline.aws.casing import into, to_properties
from trunkline.aws.handlers import differs, dropped_tags, given, is_mine, own_tags, pairs, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = "PipelineNotFoundException"
_DECLARED = ("ArtifactStore", "ExecutionMode", "PipelineType", "RoleArn", "Stages", "Triggers", "Variables")


class PipelineType(ResourceType):
    """A pipeline; it starts once when it is made, as on AWS."""

    name: ClassVar[str] = "AWS::CodePipeline::Pipeline"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {*_DECLARED, "ArtifactStores", "DisableInboundStageTransitions", "Name", "RestartExecutionOnUpdate", "Tags"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("Name") or on.name(100))
        found = await on.look("codepipeline", "GetPipeline", _GONE, name=name) if on.resumed else None
        if found is None or not is_mine(on, await self._tags(on, name)):
            await on.call(
                "codepipeline",
                "CreatePipeline",
                pipeline=_declaration(wanted, name),
                tags=pairs(on.tags(wanted.get("Tags")), "key", "value"),
            )
        async with undone(self, on, name):
            await self._transitions(on, name, {}, wanted)
        return name

    async def _transitions(self, on: Provision, name: str, old: Doc, new: Doc) -> None:
        """Close and open the doors of stages."""
        wanted = {one["StageName"]: one["Reason"] for one in new.get("DisableInboundStageTransitions") or ()}
        door = {"pipelineName": name, "transitionType": "Inbound"}
        for stage, reason in wanted.items():
            await on.call("codepipeline", "DisableStageTransition", stageName=stage, reason=reason, **door)
        stages = [stage["Name"] for stage in new["Stages"]]
        for one in old.get("DisableInboundStageTransitions") or ():
            if one["StageName"] not in wanted and one["StageName"] in stages:
                await on.call("codepipeline", "EnableStageTransition", stageName=one["StageName"], **door)

    def _arn(self, on: Provision, name: str) -> str:
        return f"arn:aws:codepipeline:{on.region}:{on.account}:{name}"

    async def _tags(self, on: Provision, name: str) -> list[Doc]:
        answer = await on.call("codepipeline", "ListTagsForResource", resourceArn=self._arn(on, name))
        tags: list[Doc] = answer["tags"]
        return tags

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("codepipeline", "GetPipeline", _GONE, name=physical_id)
        if answer is None:
            return None
        declared = answer["pipeline"]
        shown: Doc = to_properties("codepipeline", "PipelineDeclaration", declared)
        stores = declared.get("artifactStores")
        state = await on.call("codepipeline", "GetPipelineState", name=physical_id)
        closed = [
            {"StageName": stage["stageName"], "Reason": stage["inboundTransitionState"].get("disabledReason", "")}
            for stage in state["stageStates"]
            if not stage.get("inboundTransitionState", {}).get("enabled", True)
        ]
        return given(
            **{member: shown.get(member) for member in _DECLARED},
            Name=physical_id,
            Arn=self._arn(on, physical_id),
            Version=str(declared["version"]),
            ArtifactStores=stores
            and [
                {"Region": region, "ArtifactStore": to_properties("codepipeline", "ArtifactStore", store)}
                for region, store in stores.items()
            ],
            DisableInboundStageTransitions=closed,
            RestartExecutionOnUpdate=on.kept.get("RestartExecutionOnUpdate"),
            Tags=own_tags(await self._tags(on, physical_id)),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, *_DECLARED, "ArtifactStores"):
            await on.call("codepipeline", "UpdatePipeline", pipeline=_declaration(new, physical_id))
            if new.get("RestartExecutionOnUpdate"):
                await on.call("codepipeline", "StartPipelineExecution", name=physical_id, clientRequestToken=on.token)
        await self._transitions(on, physical_id, old, new)
        tags = on.tags(new.get("Tags"))
        arn = self._arn(on, physical_id)
        if tags:
            await on.call("codepipeline", "TagResource", resourceArn=arn, tags=pairs(tags, "key", "value"))
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        if gone:
            await on.call("codepipeline", "UntagResource", resourceArn=arn, tagKeys=gone)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("codepipeline", "DeletePipeline", name=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["name"] for one in await on.pages("codepipeline", "ListPipelines", "pipelines")]


def _declaration(properties: Doc, name: str) -> Doc:
    given_properties = {member: properties[member] for member in _DECLARED if member in properties}
    declaration: Any = into("codepipeline", "PipelineDeclaration", given_properties)
    if properties.get("ArtifactStores"):
        declaration["artifactStores"] = {
            one["Region"]: into("codepipeline", "ArtifactStore", one["ArtifactStore"])
            for one in properties["ArtifactStores"]
        }
    return {**declaration, "name": name}


TYPES: tuple[ResourceType, ...] = (PipelineType(),)
