"""CodePipeline's Invoke action: a function is handed a job, and says by itself how it went."""

import json

import pytest
from tests.api.lambda_.conftest import zipped
from tests.support.roles import service_role
from tests.support.server import wait_until

SOURCE = """
import json
import boto3

def handler(event, context):
    job = event["CodePipeline.job"]
    data = job["data"]
    given = json.loads(data["actionConfiguration"]["configuration"]["UserParameters"])
    pipeline = boto3.client("codepipeline")
    if given.get("fail"):
        details = {"type": "JobFailed", "message": "as asked"}
        pipeline.put_job_failure_result(jobId=job["id"], failureDetails=details)
        return
    place = data["inputArtifacts"][0]["location"]["s3Location"]
    keys = data["artifactCredentials"]
    s3 = boto3.client("s3", aws_access_key_id=keys["accessKeyId"], aws_secret_access_key=keys["secretAccessKey"],
                      aws_session_token=keys["sessionToken"])
    size = s3.head_object(Bucket=place["bucketName"], Key=place["objectKey"])["ContentLength"]
    pipeline.put_job_success_result(jobId=job["id"], outputVariables={"Size": str(size)},
                                    executionDetails={"summary": "looked at it"})
"""


@pytest.mark.parametrize("fail", [False, True])
def test_a_pipeline_waits_for_what_its_function_says(aws, make, name, fail):
    role = service_role(aws, f"{name}-pipeline", "codepipeline")
    function = make(SOURCE, Timeout=30)
    s3, pipelines = aws("s3"), aws("codepipeline")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="source.zip", Body=zipped(a__txt="a"))

    def action(category: str, provider: str, **more) -> dict:
        kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
        return {"name": provider, "actionTypeId": kind, **more}

    source = {"S3Bucket": name, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"}
    job = {"FunctionName": function, "UserParameters": json.dumps({"fail": fail})}
    stages = [
        {"name": "From", "actions": [action("Source", "S3", configuration=source, outputArtifacts=[{"name": "Code"}])]},
        {"name": "Do", "actions": [action("Invoke", "Lambda", configuration=job, inputArtifacts=[{"name": "Code"}])]},
    ]
    store = {"type": "S3", "location": name}
    pipelines.create_pipeline(pipeline={"name": name, "roleArn": role, "artifactStore": store, "stages": stages})

    def ended():
        found = pipelines.list_action_executions(pipelineName=name)["actionExecutionDetails"]
        return next((one for one in found if one["actionName"] == "Lambda" and one["status"] != "InProgress"), None)

    result = wait_until(ended, what="the action")
    if fail:
        assert result["status"] == "Failed"
        assert result["output"]["executionResult"]["errorDetails"] == {"code": "JobFailed", "message": "as asked"}
    else:
        assert result["status"] == "Succeeded"
        assert result["output"]["outputVariables"] == {"Size": str(len(zipped(a__txt="a")))}
        assert result["output"]["executionResult"]["externalExecutionSummary"] == "looked at it"
    pipelines.delete_pipeline(name=name)
