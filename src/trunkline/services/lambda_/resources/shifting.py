"""An alias whose UpdatePolicy has CodeDeploy move it: the stack waits for the deployment's end.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
"""

import json

from trunkline.aws.resources import NotStabilized, Provision
from trunkline.aws.service import Doc

TIMEOUT_S = 36 * 3600.0
_OVER = ("Succeeded", "Failed", "Stopped")
_HOOKS = ("BeforeAllowTraffic", "AfterAllowTraffic")


async def shifted(on: Provision, policy: Doc, old: Doc, new: Doc) -> None:
    """Move the alias from its version to the new one; NotStabilized when the deployment does not succeed."""
    application, group = policy.get("ApplicationName"), policy.get("DeploymentGroupName")
    if not application or not group:
        raise NotStabilized("CodeDeployLambdaAliasUpdate needs an ApplicationName and a DeploymentGroupName")
    place = {"applicationName": application, "deploymentGroupName": group}
    description = f"{on.stack_name} {on.logical_id} {on.token}"
    id = await _begun(on, place, description) if on.resumed else ""
    if not id:
        content = {"content": json.dumps(_appspec(policy, old, new))}
        revision = {"revisionType": "AppSpecContent", "appSpecContent": content}
        made = await on.call("codedeploy", "CreateDeployment", **place, revision=revision, description=description)
        id = str(made["deploymentId"])

    async def over() -> Doc | None:
        info: Doc = (await on.call("codedeploy", "GetDeployment", deploymentId=id))["deploymentInfo"]
        return info if info["status"] in _OVER else None

    ended = await on.until(over, f"CodeDeploy deployment {id} does not end", timeout_s=TIMEOUT_S)
    if ended["status"] != "Succeeded":
        why = (ended.get("errorInformation") or {}).get("message", "")
        raise NotStabilized(f"CodeDeploy deployment {id} ended {ended['status']}: {why}")


async def _begun(on: Provision, place: Doc, description: str) -> str:
    """The deployment that an earlier run of this attempt asked for; CreateDeployment takes no client token."""
    for id in await on.pages("codedeploy", "ListDeployments", "deployments", **place):
        found = (await on.call("codedeploy", "GetDeployment", deploymentId=id))["deploymentInfo"]
        if found.get("description") == description:
            return str(id)
    return ""


def _appspec(policy: Doc, old: Doc, new: Doc) -> Doc:
    function = str(new["FunctionName"]).rpartition(":")[2]
    properties = {
        "Name": function,
        "Alias": new["Name"],
        "CurrentVersion": old["FunctionVersion"],
        "TargetVersion": new["FunctionVersion"],
    }
    hooks = [{event: policy[f"{event}Hook"]} for event in _HOOKS if policy.get(f"{event}Hook")]
    resource = {function: {"Type": "AWS::Lambda::Function", "Properties": properties}}
    return {"version": 0.0, "Resources": [resource], "Hooks": hooks}
