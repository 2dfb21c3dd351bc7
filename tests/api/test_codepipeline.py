"""CodePipeline through boto3: executions, doors, approvals, retries, and what its operations refuse."""

import io
import json
import threading
import uuid
import zipfile

import pytest
from botocore.exceptions import ClientError
from tests.support.roles import service_role
from tests.support.server import Server, wait_until


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

        assert wait_until(look, 20, what="the end of the execution") == status

    def deployed(self):
        return self.s3.get_object(Bucket=self.bucket, Key="out/a.txt")["Body"].read().decode()

    def actions(self, execution):
        found = self.pipeline.list_action_executions(pipelineName=self.name, filter={"pipelineExecutionId": execution})[
            "actionExecutionDetails"
        ]
        return {action["actionName"]: action for action in found}


@pytest.fixture
def world(aws, name):
    return World(aws, name)


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def test_a_new_pipeline_runs_by_itself_and_deploys_after_approval(world):
    execution = world.create()
    world.answer(world.token(execution))
    world.ends(execution, "Succeeded")
    assert world.deployed() == "one"
    actions = world.actions(execution)
    assert {name: action["status"] for name, action in actions.items()} == dict.fromkeys(
        ("Fetch", "Ask", "Put"), "Succeeded"
    )
    assert actions["Ask"]["output"]["executionResult"]["externalExecutionSummary"] == "fine"
    assert actions["Fetch"]["output"]["outputVariables"]["ObjectKey"] == "in.zip"
    assert world.runs()[0]["trigger"]["triggerType"] == "CreatePipeline"
    assert world.run(execution)["artifactRevisions"][0]["name"] == "source"


def test_a_rejection_fails_the_stage_and_says_who_and_why(world):
    execution = world.create()
    world.answer(world.token(execution), "Rejected", "not today")
    world.ends(execution, "Failed")
    assert "not today" in world.actions(execution)["Ask"]["output"]["executionResult"]["errorDetails"]["message"]
    assert world.state("Approve")["latestExecution"]["status"] == "Failed"


def test_an_approval_counts_once(world):
    execution = world.create()
    token = world.token(execution)
    world.answer(token)
    message = refused(
        "ApprovalAlreadyCompletedException",
        world.pipeline.put_approval_result,
        pipelineName=world.name,
        stageName="Approve",
        actionName="Ask",
        token=token,
        result={"status": "Rejected", "summary": ""},
    )
    assert "already" in message.lower()
    world.ends(execution, "Succeeded")


def test_an_approval_that_nobody_answers_times_out(tmp_path):
    """The shortest time-out is five minutes: a fast clock rehearses it."""
    with Server(tmp_path / "data", clock=600) as server:
        world = World(server.client, f"t-{uuid.uuid4().hex[:8]}")
        world.declaration["stages"][1]["actions"][0]["timeoutInMinutes"] = 5
        execution = world.create()
        world.ends(execution, "Failed")
        error = world.actions(execution)["Ask"]["output"]["executionResult"]["errorDetails"]
        assert "within 5 minutes" in error["message"]


def test_an_unknown_token_is_refused(world):
    execution = world.create()
    world.token(execution)
    refused(
        "InvalidApprovalTokenException",
        world.pipeline.put_approval_result,
        pipelineName=world.name,
        stageName="Approve",
        actionName="Ask",
        token=str(uuid.uuid4()),
        result={"status": "Approved", "summary": ""},
    )


def test_a_source_that_is_not_there_fails_with_its_reason_and_can_be_retried(world):
    world.declaration["stages"][0]["actions"][0]["configuration"]["S3ObjectKey"] = "later.zip"
    execution = world.create()
    world.ends(execution, "Failed")
    error = world.actions(execution)["Fetch"]["output"]["executionResult"]["errorDetails"]
    assert error["code"] == "NoSuchKey"
    world.put("two", "later.zip")
    world.pipeline.retry_stage_execution(
        pipelineName=world.name, stageName="Source", pipelineExecutionId=execution, retryMode="FAILED_ACTIONS"
    )
    world.answer(world.token(execution))
    world.ends(execution, "Succeeded")
    assert world.deployed() == "two"


def test_a_newer_execution_supersedes_one_that_waits(world):
    first = world.create()
    world.token(first)
    second = world.start()
    wait_until(lambda: "inboundExecution" in world.state("Approve"), 20, what="a waiting execution")
    third = world.start()
    world.ends(second, "Superseded")
    world.answer(world.token(first))
    world.ends(first, "Succeeded")
    world.answer(world.token(third))
    world.ends(third, "Succeeded")


def test_queued_executions_pass_one_after_another(world):
    world.declaration["executionMode"] = "QUEUED"
    first = world.create()
    second, third = world.start(), world.start()
    for execution in (first, second, third):
        world.answer(world.token(execution))
        world.ends(execution, "Succeeded")


def test_a_disabled_transition_holds_executions_until_it_is_enabled(world):
    first = world.create()
    world.answer(world.token(first))
    world.ends(first, "Succeeded")
    where = {"pipelineName": world.name, "stageName": "Approve", "transitionType": "Inbound"}
    world.pipeline.disable_stage_transition(**where, reason="freeze")
    second = world.start()
    wait_until(lambda: "inboundExecution" in world.state("Approve"), 20, what="a waiting execution")
    assert world.state("Approve")["inboundTransitionState"]["disabledReason"] == "freeze"
    world.pipeline.enable_stage_transition(**where)
    world.answer(world.token(second))
    world.ends(second, "Succeeded")


def test_stopping_lets_the_action_end_and_abandoning_does_not(world):
    first = world.create()
    token = world.token(first)
    where = {"pipelineName": world.name, "pipelineExecutionId": first}
    world.pipeline.stop_pipeline_execution(**where, reason="enough")
    assert world.run(first)["status"] == "Stopping"
    refused("DuplicatedStopRequestException", world.pipeline.stop_pipeline_execution, **where)
    world.answer(token)
    world.ends(first, "Stopped")
    refused("PipelineExecutionNotStoppableException", world.pipeline.stop_pipeline_execution, **where)

    second = world.start()
    world.token(second)
    world.pipeline.stop_pipeline_execution(pipelineName=world.name, pipelineExecutionId=second, abandon=True)
    world.ends(second, "Stopped")
    assert world.actions(second)["Ask"]["status"] == "Abandoned"


def test_variables_reach_configurations(world):
    world.declaration["variables"] = [{"name": "folder", "defaultValue": "default"}]
    world.declaration["stages"][2]["actions"][0]["configuration"]["ObjectKey"] = "#{variables.folder}/#{src.ETag}"
    world.create()
    execution = world.start(variables=[{"name": "folder", "value": "given"}])
    first = next(run for run in world.runs() if run["pipelineExecutionId"] != execution)["pipelineExecutionId"]
    world.answer(world.token(first))
    world.answer(world.token(execution))
    world.ends(execution, "Succeeded")
    etag = world.s3.head_object(Bucket=world.bucket, Key="in.zip")["ETag"].strip('"')
    assert world.s3.head_object(Bucket=world.bucket, Key=f"given/{etag}/a.txt")
    refused(
        "ValidationException",
        world.pipeline.start_pipeline_execution,
        name=world.name,
        variables=[{"name": "nobody", "value": "x"}],
    )


def test_the_same_token_starts_one_execution(world):
    world.create()
    token = str(uuid.uuid4())
    assert world.start(clientRequestToken=token) == world.start(clientRequestToken=token)


def test_an_object_that_changes_starts_the_pipeline(world):
    del world.declaration["stages"][0]["actions"][0]["configuration"]["PollForSourceChanges"]
    world.token(world.create())  # the source has been fetched: what comes now is a change
    world.put("changed")
    wait_until(lambda: len(world.runs()) == 2, 20, what="an execution for the change")


def test_updating_makes_a_version_and_deleting_ends_what_runs(world):
    execution = world.create()
    world.token(execution)
    world.declaration["stages"][2]["actions"][0]["configuration"]["ObjectKey"] = "elsewhere"
    assert world.pipeline.update_pipeline(pipeline=world.declaration)["pipeline"]["version"] == 2
    first = world.pipeline.get_pipeline(name=world.name, version=1)["pipeline"]
    assert first["stages"][2]["actions"][0]["configuration"]["ObjectKey"] == "out"
    world.pipeline.delete_pipeline(name=world.name)
    refused("PipelineNotFoundException", world.pipeline.get_pipeline, name=world.name)
    world.pipeline.delete_pipeline(name=world.name)


def test_a_role_that_codepipeline_may_not_assume_fails_the_source(world):
    world.aws("iam").update_assume_role_policy(
        RoleName=world.name,
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        ),
    )
    execution = world.create()
    world.ends(execution, "Failed")
    assert "AssumeRole" in world.actions(execution)["Fetch"]["output"]["executionResult"]["errorDetails"]["message"]


def test_executions_survive_a_kill(tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        world = World(server.client, f"t-{uuid.uuid4().hex[:8]}")
        execution = world.create()
        token = world.token(execution)
        server.kill()
        server.start()
        world.answer(token)
        world.ends(execution, "Succeeded")
        assert world.deployed() == "one"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.update(stages=d["stages"][:1]), "InvalidStructureException"),
        (lambda d: d["stages"][1].update(name="Source"), "InvalidStageDeclarationException"),
        (lambda d: d["stages"].reverse(), "InvalidStageDeclarationException"),
        (
            lambda d: d["stages"][2]["actions"][0].update(inputArtifacts=[{"name": "nothing"}]),
            "InvalidActionDeclarationException",
        ),
        (
            lambda d: d["stages"][2]["actions"][0].update(actionTypeId=kind("Deploy", "ElasticBeanstalk")),
            "InvalidActionDeclarationException",
        ),
        (
            lambda d: d["stages"][2]["actions"][0]["configuration"].pop("BucketName"),
            "InvalidActionDeclarationException",
        ),
        (
            lambda d: d["stages"][2]["actions"][0]["configuration"].update(ObjectKey="#{nobody.X}"),
            "InvalidActionDeclarationException",
        ),
        (lambda d: d.update(artifactStores={}), None),
        (lambda d: d.pop("artifactStore"), "InvalidStructureException"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(world, change, code):
    change(world.declaration)
    if code is None:
        world.create()
    else:
        refused(code, world.pipeline.create_pipeline, pipeline=world.declaration)
        refused("PipelineNotFoundException", world.pipeline.get_pipeline, name=world.name)


def test_names_are_taken_once(world):
    world.create()
    refused("PipelineNameInUseException", world.pipeline.create_pipeline, pipeline=world.declaration)


def test_tags_and_lists_page(world):
    world.create()
    arn = world.pipeline.get_pipeline(name=world.name)["metadata"]["pipelineArn"]
    world.pipeline.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "a"}])
    assert world.pipeline.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "a"}]
    world.pipeline.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert world.pipeline.list_tags_for_resource(resourceArn=arn)["tags"] == []
    refused("ResourceNotFoundException", world.pipeline.list_tags_for_resource, resourceArn=arn + "x")
    for _ in range(3):
        world.start()
    pages = world.pipeline.get_paginator("list_pipeline_executions").paginate(
        pipelineName=world.name, PaginationConfig={"PageSize": 2}
    )
    seen = [run["pipelineExecutionId"] for found in pages for run in found["pipelineExecutionSummaries"]]
    assert len(seen) == len(set(seen)) == 4
    assert world.name in [p["name"] for p in world.pipeline.list_pipelines()["pipelines"]]
    assert any(t["id"]["provider"] == "CodeBuild" for t in world.pipeline.list_action_types()["actionTypes"])


def test_an_approval_is_announced_through_sns(world):
    """The request for approval reaches an HTTP subscriber, signed, in AWS's JSON form."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from urllib.request import urlopen

    got = []

    class Subscriber(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            if body["Type"] == "SubscriptionConfirmation":
                threading.Thread(target=lambda: urlopen(body["SubscribeURL"]).read()).start()
            else:
                got.append(json.loads(body["Message"]))

        def log_message(self, *args):
            pass

    web = HTTPServer(("127.0.0.1", 0), Subscriber)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    try:
        sns = world.aws("sns")
        topic = sns.create_topic(Name=world.name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{web.server_port}/")
        wait_until(lambda: sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1", 20)
        world.declaration["stages"][1]["actions"][0]["configuration"] = {
            "NotificationArn": topic,
            "CustomData": "look at it",
        }
        execution = world.create()
        token = world.token(execution)
        wait_until(lambda: got, 20, what="the announcement")
        assert got[0]["approval"]["token"] == token
        assert got[0]["approval"]["customData"] == "look at it"
    finally:
        web.shutdown()
