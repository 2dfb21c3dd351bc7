"""Stacks as actions: made, updated, replaced and deleted, directly or by change sets.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
"""

import io
import zipfile
from typing import Any

import orjson

from trunkline.aws.errors import AwsError
from trunkline.services.codepipeline.action import Action, ActionFailed, Outcome, streamed
from trunkline.services.codepipeline.actions import stack_inputs
from trunkline.services.codepipeline.model import Doc

_POLL_S = 0.5
_FAILED_STATES = (
    "CREATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "DELETE_FAILED",
    "UPDATE_ROLLBACK_FAILED",
    "REVIEW_IN_PROGRESS",
)
_DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
_NOTHING = ("No updates are to be performed", "didn't contain changes", "no changes")
_MAX_BODY_BYTES = 51_200


async def perform(action: Action) -> Outcome:
    """Do what ActionMode says and wait for its end."""
    stack = Stack(action)
    match action.configuration["ActionMode"]:
        case "CREATE_UPDATE":
            await stack.make()
        case "REPLACE_ON_FAILURE":
            if await action.wf.step("state", stack.state) in _FAILED_STATES:
                await stack.delete()
            await stack.make()
        case "DELETE_ONLY":
            await stack.delete()
            return Outcome(summary=f"{stack.name} is deleted")
        case "CHANGE_SET_REPLACE":
            return await stack.prepare()
        case "CHANGE_SET_EXECUTE":
            await stack.execute()
        case mode:
            raise ActionFailed("ConfigurationError", f"The ActionMode {mode} is not known.")
    return await stack.outcome()


class Stack:
    """The stack of one action."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self._configuration = action.configuration
        self.name = action.configuration["StackName"]

    async def _call(self, operation: str, **params: Any) -> Doc:
        given = {name: value for name, value in params.items() if value is not None}
        return await self._action.call("cloudformation", operation, {"StackName": self.name, **given})

    async def _described(self) -> Doc | None:
        try:
            answer = await self._call("DescribeStacks")
        except AwsError as error:
            if "does not exist" in error.message:
                return None
            raise
        found: Doc = answer["Stacks"][0]
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    async def state(self) -> str:
        """Its status; "" when there is none."""
        found = await self._described()
        return str(found["StackStatus"]) if found else ""

    async def make(self) -> None:
        """Create it, or update the one there is."""
        token = self._action.wf.key("stack")

        async def begin() -> Doc:
            request = await self._request()
            state = await self.state()
            created = state in ("", "REVIEW_IN_PROGRESS")
            try:
                answer = await self._call(
                    "CreateStack" if created else "UpdateStack", **request, ClientRequestToken=token
                )
            except AwsError as error:
                if not created and any(words in error.message for words in _NOTHING):
                    return {"id": self.name, "changed": False}
                raise
            return {"id": answer["StackId"], "changed": True}

        begun = await self._action.wf.step("stack", begin)
        await self._action.note(begun["id"], "")
        if begun["changed"]:
            await self._wait()

    async def _request(self) -> Doc:
        """What creating, updating and change sets have in common."""
        settings = await stack_inputs.read(self._action)
        capabilities = self._configuration.get("Capabilities", "")
        return {
            **await self._template(),
            "Parameters": settings.parameters,
            "Tags": settings.tags or None,
            "StackPolicyBody": settings.policy,
            "Capabilities": [one.strip() for one in capabilities.split(",") if one.strip()],
            "RoleARN": self._configuration.get("RoleArn") or None,
        }

    async def _template(self) -> Doc:
        place = self._configuration.get("TemplatePath")
        if not place:
            raise ActionFailed("ConfigurationError", "TemplatePath is needed to create or update a stack.")
        body = await stack_inputs.file(self._action, place)
        if len(body.encode()) <= _MAX_BODY_BYTES:
            return {"TemplateBody": body}
        # Larger ones are read from S3, as AWS does it.
        kept = await self._action.upload("template", streamed(body.encode()))
        return {"TemplateURL": f"{self._action.kit.settings.endpoint}/{kept['bucket']}/{kept['key']}"}

    async def delete(self) -> None:
        """Delete it; one that is not there is deleted already."""
        role = self._configuration.get("RoleArn") or None

        async def begin() -> bool:
            if not await self.state():
                return False
            await self._call("DeleteStack", RoleARN=role)
            return True

        if await self._action.wf.step("delete", begin):

            async def gone() -> str | None:
                state = await self.state()
                return None if state == "DELETE_IN_PROGRESS" else state or "DELETE_COMPLETE"

            state = await self._action.wf.poll("deleted", gone, every_s=_POLL_S, interrupt=self._action.abandon)
            if state != "DELETE_COMPLETE":
                raise ActionFailed("JobFailed", f"The stack {self.name} could not be deleted: it is {state}.")

    async def prepare(self) -> Outcome:
        """Make the change set anew; one without changes is good, too."""
        name = self._change_set()

        async def begin() -> str:
            request = await self._request()
            request.pop("StackPolicyBody")
            state = await self.state()
            if state:
                await self._call("DeleteChangeSet", ChangeSetName=name)
            kind = "CREATE" if state in ("", "REVIEW_IN_PROGRESS") else "UPDATE"
            answer = await self._call(
                "CreateChangeSet",
                ChangeSetName=name,
                ChangeSetType=kind,
                ClientToken=self._action.wf.key("change-set"),
                **request,
            )
            return str(answer["Id"])

        identity = await self._action.wf.step("change-set", begin)
        await self._action.note(identity, "")

        async def made() -> Doc | None:
            found = await self._call("DescribeChangeSet", ChangeSetName=name)
            if found["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return None
            return {"status": found["Status"], "why": found.get("StatusReason", "")}

        result = await self._action.wf.poll("made", made, every_s=_POLL_S, interrupt=self._action.abandon)
        if result is None or (result["status"] == "FAILED" and not _is_nothing(result["why"])):
            why = result["why"] if result else "it was not made in time"
            raise ActionFailed("JobFailed", f"The change set {name} failed: {why}", external_id=identity)
        return Outcome(external_id=identity, summary=f"Change set {name} was made")

    async def execute(self) -> None:
        """Execute the change set; nothing to change is no failure."""
        name = self._change_set()
        token = self._action.wf.key("execute")

        async def begin() -> bool:
            try:
                found = await self._call("DescribeChangeSet", ChangeSetName=name)
            except AwsError as error:
                if error.code in ("ChangeSetNotFound", "ChangeSetNotFoundException"):
                    return False  # an earlier run of this step executed it, and it is gone
                raise
            if found["Status"] == "FAILED" and _is_nothing(found.get("StatusReason", "")):
                return False
            if found.get("ExecutionStatus") == "AVAILABLE":
                await self._call("ExecuteChangeSet", ChangeSetName=name, ClientRequestToken=token)
            return True

        await self._action.wf.step("execute", begin)
        await self._wait()

    def _change_set(self) -> str:
        name = self._configuration.get("ChangeSetName")
        if not name:
            raise ActionFailed("ConfigurationError", "ChangeSetName is needed to make or execute a change set.")
        return name

    async def _wait(self) -> None:
        async def settled() -> Doc | None:
            found = await self._described()
            if found is None:
                return {"status": "DELETE_COMPLETE", "why": "it was deleted"}
            status = found["StackStatus"]
            if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
                return None
            return {"status": status, "why": found.get("StackStatusReason", "")}

        result = await self._action.wf.poll("stack", settled, every_s=_POLL_S, interrupt=self._action.abandon)
        if result is None or result["status"] not in _DONE:
            status, why = (result["status"], result["why"]) if result else ("", "")
            raise ActionFailed("JobFailed", f"The stack {self.name} is {status}. {why}".strip())

    async def outcome(self) -> Outcome:
        """The stack's outputs: as variables, and as a file when one is wanted."""
        found = await self._described() or {}
        outputs = {one["OutputKey"]: str(one["OutputValue"]) for one in found.get("Outputs") or ()}
        artifacts: dict[str, Doc] = {}
        file_name = self._configuration.get("OutputFileName")
        if file_name and self._action.declaration["outputArtifacts"]:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr(file_name, orjson.dumps(outputs, option=orjson.OPT_INDENT_2))
            artifact = self._action.declaration["outputArtifacts"][0]["name"]
            artifacts[artifact] = await self._action.upload(artifact, streamed(packed.getvalue()))
        return Outcome(
            external_id=found.get("StackId", ""),
            summary=f"{self.name} is {found.get('StackStatus', 'gone')}",
            variables=outputs,
            artifacts=artifacts,
        )


def _is_nothing(reason: str) -> bool:
    return any(words in reason for words in _NOTHING)
