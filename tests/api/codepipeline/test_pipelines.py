"""Pipelines: started, changed, declared, killed."""

import json
import threading
import uuid

import pytest
from tests.api.codepipeline.asking import World, kind, refused
from tests.support.server import Server, wait_until


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
