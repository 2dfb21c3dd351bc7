"""Executions: approvals, stages, modes, variables."""

import uuid

from tests.api.codepipeline.asking import World, refused
from tests.support.server import Server, wait_until


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
