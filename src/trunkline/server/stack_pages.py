"""The pages behind `trunkline stack`: every template that was ever applied to a stack, by whom, from which commit."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Stack, Status, Version

Doc = dict[str, Any]
Page = Callable[[Caller, dict[str, str]], Awaitable[Doc]]
_PIPELINE = "codepipeline.amazonaws.com"
_HIDDEN = "****"
_SLACK_S = 5.0  # between a pipeline's action and the version it makes


class StackPages:
    """Looks only: going back is an ordinary update, made by whoever asks for it."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def pages(self) -> dict[tuple[str, str], tuple[str, Page]]:
        return {
            ("GET", "stack/versions"): ("GetStackVersions", self._versions),
            ("GET", "stack/version"): ("GetStackVersions", self._version),
        }

    async def _versions(self, caller: Caller, query: dict[str, str]) -> Doc:
        stack = self._stack(caller, query.get("stack", ""))
        found = [self._line(stack, one) for one in self._applied(stack)]
        if any(one["source"] == _PIPELINE and not one["commit"] for one in found):
            await self._add_commits(caller, stack, found)
        return {"stack": stack.name, "stack_id": stack.id, "status": stack.status.value, "versions": found}

    async def _version(self, caller: Caller, query: dict[str, str]) -> Doc:
        stack = self._stack(caller, query.get("stack", ""))
        number = int(query.get("number") or stack.stable or stack.version)
        version = store.versions.get(self._kit.db, stack.id, number)
        if version is None or version.outcome == "proposed":
            raise AwsError("ValidationError", f"Stack {stack.name} has no version {number}", status=400)
        shown = {"body": version.body, "processed": version.processed, "no_echo": version.no_echo}
        return {**self._line(stack, version), **shown}

    def _stack(self, caller: Caller, name: str) -> Stack:
        """The stack of this name, or else the last one that had it."""
        found = store.stack(self._kit.db, caller.account, caller.region, name)
        if found is None:
            gone = store.stacks.find(self._kit.db, prefix=(caller.account, caller.region), name=name)
            found = max(gone, key=lambda one: one.deleted or one.created, default=None)
        if found is None:
            raise AwsError("ValidationError", f"Stack [{name}] does not exist", status=400)
        return found

    def _applied(self, stack: Stack) -> list[Version]:
        """Oldest first, without what was only proposed by a change set."""
        found = store.versions.find(self._kit.db, prefix=(stack.id,))
        return [one for one in sorted(found, key=lambda one: one.number) if one.outcome != "proposed"]

    def _line(self, stack: Stack, version: Version) -> Doc:
        given = {name: _HIDDEN if name in version.no_echo else value for name, value in version.given.items()}
        return {
            "number": version.number,
            "time": version.at.isoformat(timespec="milliseconds"),
            "principal": version.principal,
            "source": version.source_ip,
            "commit": version.commit,
            "outcome": self._outcome(stack, version),
            "current": version.number == stack.stable and stack.status is not Status.DELETE_COMPLETE,
            "parameters": given,
            "tags": version.tags,
            "resources": len(version.processed.get("Resources", {})),
        }

    def _outcome(self, stack: Stack, version: Version) -> str:
        if version.outcome:
            return version.outcome
        return "in progress" if stack.version == version.number and stack.status.in_progress else "failed"

    async def _add_commits(self, caller: Caller, stack: Stack, versions: list[Doc]) -> None:
        """Which commit a pipeline brought: of the action on this stack that was at work when the version was made."""
        try:
            actions = await self._actions(caller, stack)
        except AwsError:  # who asks may not see pipelines
            return
        for version in versions:
            at = datetime.fromisoformat(version["time"]).timestamp()
            for began, ended, commit in actions:
                if version["source"] == _PIPELINE and began - _SLACK_S <= at <= ended + _SLACK_S:
                    version["commit"] = commit

    async def _actions(self, caller: Caller, stack: Stack) -> list[tuple[float, float, str]]:
        async def pages(operation: str, result: str, **params: Any) -> list[Doc]:
            return await self._kit.call.pages("codepipeline", operation, result, params, as_=caller)

        found: list[tuple[float, float, str]] = []
        for pipeline in await pages("ListPipelines", "pipelines"):
            name = pipeline["name"]
            for one in await pages("ListActionExecutions", "actionExecutionDetails", pipelineName=name):
                if (one.get("input") or {}).get("configuration", {}).get("StackName") != stack.name:
                    continue
                asked = {"pipelineName": name, "pipelineExecutionId": one["pipelineExecutionId"]}
                answer = await self._kit.call("codepipeline", "GetPipelineExecution", asked, as_=caller)
                revisions = answer["pipelineExecution"].get("artifactRevisions") or [{}]
                times = (one["startTime"].timestamp(), one["lastUpdateTime"].timestamp())
                found.append((*times, revisions[0].get("revisionId", "")))
        return found
