"""Build and test actions: a CodeBuild project run on the input artifacts.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
"""

import posixpath
from typing import Any

import orjson

from trunkline.services.codepipeline.action import Action, ActionFailed, Outcome
from trunkline.services.codepipeline.model import Doc

_POLL_S = 0.5


async def perform(action: Action) -> Outcome:
    """Start the build, wait for its end, and take over what it exported and put out."""
    request = _request(action)

    async def start() -> str:
        answer = await action.call("codebuild", "StartBuild", request)
        return str(answer["build"]["id"])

    build_id = await action.wf.step("start-build", start)
    await action.note(build_id, "")

    async def ended() -> Doc | None:
        found = await action.call("codebuild", "BatchGetBuilds", {"ids": [build_id]})
        if not found["builds"]:
            return {"status": "FAILED", "why": f"The build {build_id} was deleted while it ran.", "exported": {}}
        build = found["builds"][0]
        if build["buildStatus"] == "IN_PROGRESS":
            return None
        exported = {v["name"]: v.get("value", "") for v in build.get("exportedEnvironmentVariables", [])}
        return {"status": build["buildStatus"], "why": _why(build), "exported": exported}

    result = await action.wf.poll("build", ended, every_s=_POLL_S, interrupt=action.abandon)
    if result is None or result["status"] != "SUCCEEDED":
        status, why = (result["status"], result["why"]) if result else ("FAILED", "")
        raise ActionFailed("JobFailed", f"Build terminated with state: {status}.{why}", external_id=build_id)
    outputs = [output["name"] for output in action.declaration["outputArtifacts"]]
    return Outcome(
        external_id=build_id,
        variables=result["exported"],
        artifacts={name: action.output_location(name) for name in outputs},
    )


def _request(action: Action) -> Doc:
    inputs = [artifact["name"] for artifact in action.declaration["inputArtifacts"]]
    outputs = [artifact["name"] for artifact in action.declaration["outputArtifacts"]]
    primary = action.configuration.get("PrimarySource") or inputs[0]
    if primary not in inputs:
        raise ActionFailed("ConfigurationError", f"PrimarySource {primary} is not an input artifact of the action.")
    request: Doc = {
        "projectName": action.configuration["ProjectName"],
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": _location(action.inputs[primary]),
        "idempotencyToken": action.wf.key("start-build"),
        "artifactsOverride": {"type": "NO_ARTIFACTS"},
    }
    if revision := action.inputs[primary].get("revision"):
        request["environmentVariablesOverride"] = [
            {"name": "CODEBUILD_RESOLVED_SOURCE_VERSION", "value": revision, "type": "PLAINTEXT"}
        ]
    secondary = [
        {"type": "S3", "location": _location(action.inputs[name]), "sourceIdentifier": name}
        for name in inputs
        if name != primary
    ]
    if secondary:
        request["secondarySourcesOverride"] = secondary
    if len(outputs) == 1:
        request["artifactsOverride"] = _artifact(action, outputs[0])
    elif outputs:
        request["secondaryArtifactsOverride"] = [
            {**_artifact(action, name), "artifactIdentifier": name} for name in outputs
        ]
    if variables := _variables(action):
        request["environmentVariablesOverride"] = [*request.get("environmentVariablesOverride", []), *variables]
    return request


def _variables(action: Action) -> list[Doc]:
    text = action.configuration.get("EnvironmentVariables")
    if not text:
        return []
    try:
        given: Any = orjson.loads(text)
        return [{"name": v["name"], "value": v["value"], "type": v.get("type", "PLAINTEXT")} for v in given]
    except (orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise ActionFailed(
            "ConfigurationError", 'EnvironmentVariables is not a JSON list of {"name", "value", "type"} objects.'
        ) from error


def _artifact(action: Action, name: str) -> Doc:
    place = action.output_location(name)
    folder, file = posixpath.split(place["key"])
    return {
        "type": "S3",
        "location": place["bucket"],
        "path": folder,
        "name": file,
        "namespaceType": "NONE",
        "packaging": "ZIP",
        "overrideArtifactName": False,
    }


def _location(place: Doc) -> str:
    return f"{place['bucket']}/{place['key']}"


def _why(build: Doc) -> str:
    """The first phase that failed, and what it said."""
    for phase in build.get("phases", []):
        if phase.get("phaseStatus") in ("FAILED", "FAULT", "TIMED_OUT", "CLIENT_ERROR"):
            for context in phase.get("contexts", []):
                if context.get("message"):
                    code = context.get("statusCode", "")
                    return f" Phase: {phase['phaseType']}, Code: {code}, Message: {context['message']}"
            return f" Phase: {phase['phaseType']}"
    return ""
