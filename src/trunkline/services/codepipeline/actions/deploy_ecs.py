"""Rolling deployment to an ECS service: images from imagedefinitions.json put into its task definition.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECS.html
"""

from trunkline.services.codepipeline.action import Action, ActionFailed, Outcome
from trunkline.services.codepipeline.actions import files, task_definitions
from trunkline.services.codepipeline.model import Doc

_POLL_S = 0.5
_DEFAULT_TIMEOUT_MIN = 60


async def perform(action: Action) -> Outcome:
    """Succeeds when the service's new deployment has completed."""
    cluster, service = action.configuration["ClusterName"], action.configuration["ServiceName"]
    where = {"cluster": cluster, "service": service}

    async def update() -> str:
        artifact = action.declaration["inputArtifacts"][0]["name"]
        name = action.configuration.get("FileName", "imagedefinitions.json")
        images = _images(files.json(await files.text(action, artifact, name), name), name)
        current = await _service(action, cluster, service)
        known = await action.call("ecs", "DescribeTaskDefinition", {"taskDefinition": current["taskDefinition"]})
        definition = known["taskDefinition"]
        for container in definition["containerDefinitions"]:
            container["image"] = images.pop(container["name"], container["image"])
        if images:
            raise ActionFailed(
                "InvalidArtifact", f"{name} names containers that the task definition lacks: {', '.join(images)}."
            )
        arn = await task_definitions.register(action, definition)
        await action.call("ecs", "UpdateService", {**where, "taskDefinition": arn})
        return arn

    arn = await action.wf.step("update-service", update)
    await action.note(arn, "")

    async def settled() -> Doc | None:
        current = await _service(action, cluster, service)
        deployment = next((d for d in current["deployments"] if d["taskDefinition"] == arn), None)
        if deployment is None:
            return {"state": "FAILED", "why": "The service was changed by somebody else, or rolled back."}
        state = deployment.get("rolloutState")
        if state == "FAILED" or (state == "COMPLETED" and len(current["deployments"]) == 1):
            return {"state": state, "why": deployment.get("rolloutStateReason", "")}
        return None

    timeout_min = int(action.configuration.get("DeploymentTimeout", _DEFAULT_TIMEOUT_MIN))
    result = await action.wf.poll(
        "service", settled, every_s=_POLL_S, timeout_s=timeout_min * 60, interrupt=action.abandon
    )
    if result is None:
        raise ActionFailed("JobFailed", f"The service did not become stable within {timeout_min} minutes.")
    if result["state"] != "COMPLETED":
        raise ActionFailed("JobFailed", f"The deployment of {service} failed: {result['why']}")
    return Outcome(external_id=arn, summary=f"{service} runs {arn}")


async def _service(action: Action, cluster: str, service: str) -> Doc:
    answer = await action.call("ecs", "DescribeServices", {"cluster": cluster, "services": [service]})
    if not answer["services"]:
        raise ActionFailed("ConfigurationError", f"The cluster {cluster} has no service {service}.")
    found: Doc = answer["services"][0]
    return found


def _images(content: object, name: str) -> dict[str, str]:
    if not isinstance(content, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("imageUri"), str)
        for entry in content
    ):
        raise ActionFailed("InvalidArtifact", f'{name} must be a JSON list of {{"name", "imageUri"}} objects.')
    return {entry["name"]: entry["imageUri"] for entry in content}
