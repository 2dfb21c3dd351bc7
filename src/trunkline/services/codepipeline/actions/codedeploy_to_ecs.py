"""Blue/green deployment to ECS: fill the templates in, register the task definition, create the deployment, wait.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
"""

from trunkline.services.codepipeline.action import Action, ActionFailed, Outcome
from trunkline.services.codepipeline.actions import files, task_definitions
from trunkline.services.codepipeline.model import Doc

_POLL_S = 0.5
_ENDED = ("Succeeded", "Failed", "Stopped")


async def perform(action: Action) -> Outcome:
    """Succeeds when the deployment does; a deployment that rolled back fails the action with its reason."""

    async def start() -> str:
        definition = await _task_definition(action)
        arn = await task_definitions.register(action, definition)
        appspec = await files.text(
            action,
            action.configuration["AppSpecTemplateArtifact"],
            action.configuration.get("AppSpecTemplatePath", "appspec.yaml"),
        )
        return await _create(action, appspec.replace("<TASK_DEFINITION>", arn))

    deployment_id = await action.wf.step("create-deployment", start)
    await action.note(deployment_id, "")

    async def ended() -> Doc | None:
        answer = await action.call("codedeploy", "GetDeployment", {"deploymentId": deployment_id})
        info = answer["deploymentInfo"]
        if info["status"] not in _ENDED:
            return None
        error = info.get("errorInformation") or {}
        return {"status": info["status"], "code": error.get("code", ""), "message": error.get("message", "")}

    result = await action.wf.poll("deployment", ended, every_s=_POLL_S, interrupt=action.abandon)
    if result is None or result["status"] != "Succeeded":
        found = result or {"status": "Failed", "code": "", "message": ""}
        why = found["message"] or found["code"] or "no reason given"
        message = f"Deployment {deployment_id} ended {found['status']}: {why}"
        raise ActionFailed(found["code"] or "JobFailed", message, external_id=deployment_id)
    return Outcome(
        external_id=deployment_id,
        summary=f"Deployment {deployment_id} succeeded",
        variables={"DeploymentId": deployment_id},
    )


async def _task_definition(action: Action) -> Doc:
    configuration = action.configuration
    path = configuration.get("TaskDefinitionTemplatePath", "taskdef.json")
    template = await files.text(action, configuration["TaskDefinitionTemplateArtifact"], path)
    for number in range(1, 5):
        artifact = configuration.get(f"Image{number}ArtifactName")
        if not artifact:
            continue
        placeholder = configuration.get(f"Image{number}ContainerName", "IMAGE1_NAME" if number == 1 else "")
        if not placeholder:
            raise ActionFailed("ConfigurationError", f"Image{number}ContainerName is missing.")
        detail = files.json(await files.text(action, artifact, "imageDetail.json"), "imageDetail.json")
        if not isinstance(detail, dict) or not isinstance(detail.get("ImageURI"), str):
            raise ActionFailed("InvalidArtifact", "imageDetail.json has no ImageURI.")
        template = template.replace(f"<{placeholder}>", detail["ImageURI"])
    definition = files.json(template, path)
    if not isinstance(definition, dict):
        raise ActionFailed("InvalidArtifact", f"{path} is not a JSON object.")
    return definition


async def _create(action: Action, appspec: str) -> str:
    """Create the deployment, or find the one that an interrupted try has made."""
    group = {
        "applicationName": action.configuration["ApplicationName"],
        "deploymentGroupName": action.configuration["DeploymentGroupName"],
    }
    description = f"CodePipeline {action.pipeline}, action execution {action.id}"
    newest = (await action.look("codedeploy", "ListDeployments", group)).get("deployments", [])[:10]
    if newest:
        infos = await action.look("codedeploy", "BatchGetDeployments", {"deploymentIds": newest})
        for info in infos["deploymentsInfo"]:
            if info.get("description") == description:
                return str(info["deploymentId"])
    answer = await action.call(
        "codedeploy",
        "CreateDeployment",
        {
            **group,
            "description": description,
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec}},
        },
    )
    return str(answer["deploymentId"])
