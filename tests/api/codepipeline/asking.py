"""What the tests of CodePipeline share."""

import io
import zipfile

import pytest
from botocore.exceptions import ClientError
from tests.support.roles import service_role
from tests.support.server import wait_until


def kind(category, provider):
    return {"category": category, "owner": "AWS", "provider": provider, "version": "1"}


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


class World:
    """A pipeline: a zip in S3, an approval, and a bucket to deploy to."""

    def __init__(self, aws, name, **changes):
        self.aws, self.name = aws, name
        self.pipeline = aws("codepipeline")
        self.s3 = aws("s3")
        self.role = service_role(aws, name, "codepipeline")
        self.bucket = f"{name}-b"
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.put("one")
        self.declaration = {
            "name": name,
            "roleArn": self.role,
            "artifactStore": {"type": "S3", "location": self.bucket},
            "pipelineType": "V2",
            "stages": [
                {
                    "name": "Source",
                    "actions": [
                        {
                            "name": "Fetch",
                            "actionTypeId": kind("Source", "S3"),
                            "namespace": "src",
                            "outputArtifacts": [{"name": "source"}],
                            "configuration": {
                                "S3Bucket": self.bucket,
                                "S3ObjectKey": "in.zip",
                                "PollForSourceChanges": "false",
                            },
                        }
                    ],
                },
                {"name": "Approve", "actions": [{"name": "Ask", "actionTypeId": kind("Approval", "Manual")}]},
                {
                    "name": "Deploy",
                    "actions": [
                        {
                            "name": "Put",
                            "actionTypeId": kind("Deploy", "S3"),
                            "inputArtifacts": [{"name": "source"}],
                            "configuration": {"BucketName": self.bucket, "Extract": "true", "ObjectKey": "out"},
                        }
                    ],
                },
            ],
            **changes,
        }

    def put(self, text, key="in.zip"):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=zipped(**{"a.txt": text}))

    def create(self):
        self.pipeline.create_pipeline(pipeline=self.declaration)
        return self.runs()[0]["pipelineExecutionId"]

    def start(self, **more):
        return self.pipeline.start_pipeline_execution(name=self.name, **more)["pipelineExecutionId"]

    def runs(self):
        return self.pipeline.list_pipeline_executions(pipelineName=self.name)["pipelineExecutionSummaries"]

    def run(self, execution):
        return self.pipeline.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=execution)[
            "pipelineExecution"
        ]

    def state(self, stage):
        states = self.pipeline.get_pipeline_state(name=self.name)["stageStates"]
        return next(state for state in states if state["stageName"] == stage)

    def token(self, execution):
        def look():
            state = self.state("Approve")
            if state.get("latestExecution", {}).get("pipelineExecutionId") == execution:
                return state["actionStates"][0].get("latestExecution", {}).get("token")
            return None

        return wait_until(look, 20, what="the request for approval")

    def answer(self, token, status="Approved", summary="fine"):
        return self.pipeline.put_approval_result(
            pipelineName=self.name,
            stageName="Approve",
            actionName="Ask",
            token=token,
            result={"status": status, "summary": summary},
        )

    def ends(self, execution, status):
        def look():
            found = self.run(execution)["status"]
            return found if found not in ("InProgress", "Stopping") else None

        found = wait_until(look, 20, what="the end of the execution")
        assert found == status, {name: one["output"] for name, one in self.actions(execution).items()}

    def deployed(self):
        return self.s3.get_object(Bucket=self.bucket, Key="out/a.txt")["Body"].read().decode()

    def actions(self, execution):
        found = self.pipeline.list_action_executions(pipelineName=self.name, filter={"pipelineExecutionId": execution})[
            "actionExecutionDetails"
        ]
        return {action["actionName"]: action for action in found}


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]
