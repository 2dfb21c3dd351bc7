"""The Invoke action: a Lambda function is handed a job and says by itself how it went.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
"""

import orjson

from trunkline.aws.service import Caller
from trunkline.services.codepipeline.action import Action, ActionFailed, Outcome
from trunkline.services.codepipeline.model import Doc

_TIMEOUT_S = 20 * 60
_CONTINUE_S = 30  # as AWS, which invokes again "after a while"


async def perform(action: Action) -> Outcome:
    """Invoke; wait for PutJobSuccessResult or PutJobFailureResult; invoke again while the function asks for it."""
    continuation, round_ = "", 1
    while True:
        await action.wf.step(f"invoke {round_}", _invoke, action, continuation)
        answer = await action.wf.receive(f"job:{action.id}", _TIMEOUT_S, interrupt=action.abandon)
        if answer is None:
            raise ActionFailed("TimeoutError", "The AWS Lambda function did not return a result within 20 minutes.")
        if answer["kind"] == "failure":
            raise ActionFailed(answer["type"], answer["message"])
        if not answer["continuation"]:
            break
        continuation, round_ = answer["continuation"], round_ + 1
        await action.wf.wait(_CONTINUE_S, f"continue {round_}")
    outputs = [artifact["name"] for artifact in action.declaration["outputArtifacts"]]
    return Outcome(
        external_id=answer["external_id"],
        summary=answer["summary"],
        variables=answer["variables"],
        artifacts={name: action.output_location(name) for name in outputs},
    )


async def _invoke(action: Action, continuation: str) -> None:
    data: Doc = {
        "actionConfiguration": {"configuration": action.configuration},
        "inputArtifacts": [
            _artifact(artifact["name"], action.inputs[artifact["name"]])
            for artifact in action.declaration["inputArtifacts"]
            if artifact["name"] in action.inputs
        ],
        "outputArtifacts": [
            _artifact(artifact["name"], action.output_location(artifact["name"]))
            for artifact in action.declaration["outputArtifacts"]
        ],
        "artifactCredentials": await _credentials(action),
    }
    if continuation:
        data["continuationToken"] = continuation
    event = {"CodePipeline.job": {"id": action.token, "accountId": action.account, "data": data}}
    request = {
        "FunctionName": action.configuration["FunctionName"],
        "InvocationType": "Event",
        "Payload": orjson.dumps(event),
    }
    await action.call("lambda", "Invoke", request)


async def _credentials(action: Action) -> Doc:
    """A session of the action's role, with which the function reaches the artifacts."""
    issued = await action.kit.call(
        "sts",
        "AssumeRole",
        {"RoleArn": action.role_arn, "RoleSessionName": action.token[:64]},
        as_=Caller.service("codepipeline.amazonaws.com", action.account, action.region),
    )
    found = issued["Credentials"]
    return {
        "accessKeyId": found["AccessKeyId"],
        "secretAccessKey": found["SecretAccessKey"],
        "sessionToken": found["SessionToken"],
    }


def _artifact(name: str, place: Doc) -> Doc:
    location = {"type": "S3", "s3Location": {"bucketName": place["bucket"], "objectKey": place["key"]}}
    return {"name": name, "revision": place.get("revision"), "location": location}
