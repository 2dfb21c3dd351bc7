"""Every template that was applied to a stack: listed, compared, gone back to; by the command."""

import json
import subprocess
import sys

import pytest
from tests.support.server import ACCESS_KEY, SECRET_KEY


def template(**properties):
    resources = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": properties}}
    if "DisplayName" in properties:
        resources["Queue"] = {"Type": "AWS::SQS::Queue"}
    parameters = {"Stage": {"Type": "String", "Default": "dev"}, "Secret": {"Type": "String", "NoEcho": True}}
    return json.dumps({"Parameters": parameters, "Resources": resources})


@pytest.fixture
def trunkline(server):
    def run(*arguments, code=0):
        env = {
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "PATH": "/usr/bin:/bin",
        }
        command = [sys.executable, "-m", "trunkline", "stack", *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout

    return run


@pytest.fixture
def stack(aws, name):
    """A stack of two versions."""
    cloudformation = aws("cloudformation")
    secret = [{"ParameterKey": "Secret", "ParameterValue": "hush"}]
    cloudformation.create_stack(StackName=name, TemplateBody=template(), Parameters=secret)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    stage = [{"ParameterKey": "Stage", "ParameterValue": "prod"}, {"ParameterKey": "Secret", "UsePreviousValue": True}]
    cloudformation.update_stack(StackName=name, TemplateBody=template(DisplayName="two"), Parameters=stage)
    cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    yield name
    cloudformation.delete_stack(StackName=name)


def test_the_log_names_every_version_with_its_principal(stack, trunkline):
    found = json.loads(trunkline("log", stack, "--json"))["versions"]
    assert [(one["number"], one["outcome"], one["current"]) for one in found] == [
        (1, "applied", False), (2, "applied", True),
    ]  # fmt: skip
    assert {one["principal"] for one in found} == {"arn:aws:iam::000000000000:root"}
    assert found[1]["parameters"] == {"Stage": "prod", "Secret": "****"}
    newest, oldest = trunkline("log", stack).splitlines()[1:]
    assert newest.split()[0] == "2"
    assert newest.endswith("+1 ~1 -0")
    assert oldest.endswith("+1 ~0 -0")


def test_the_diff_names_what_changed(stack, trunkline):
    assert trunkline("diff", stack).splitlines() == [
        "+ Resources/Queue (AWS::SQS::Queue)",
        "~ Resources/Topic (AWS::SNS::Topic)",
        "    /Properties/DisplayName: (none) -> two",
        "~ parameter Stage: dev -> prod",
    ]
    backwards = json.loads(trunkline("diff", stack, "2", "1", "--json"))
    assert [(one["action"], one["name"]) for one in backwards["changes"]] == [("remove", "Queue"), ("change", "Topic")]
    assert trunkline("diff", stack, "--text").splitlines()[:2] == [f"--- {stack} v1", f"+++ {stack} v2"]


def test_restore_goes_back_to_a_version_and_is_one_itself(aws, stack, trunkline):
    assert trunkline("restore", stack, "1") == f"{stack}: UPDATE_COMPLETE\n"
    resources = aws("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    assert [one["LogicalResourceId"] for one in resources] == ["Topic"]
    assert len(json.loads(trunkline("log", stack, "--json"))["versions"]) == 3
    assert "already" in trunkline("restore", stack, "1")


def test_a_failed_version_is_told_as_such(aws, stack, trunkline):
    cloudformation = aws("cloudformation")
    resources = {"Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/x", "TargetKeyId": "none"}}}
    cloudformation.update_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_rollback_complete").wait(StackName=stack, WaiterConfig={"Delay": 0.1})
    found = json.loads(trunkline("log", stack, "--json"))["versions"]
    assert [one["outcome"] for one in found] == ["applied", "applied", "failed"]
    assert [one["current"] for one in found] == [False, True, False]


def test_a_stack_that_never_was_has_no_log(trunkline):
    trunkline("log", "never-was", code=1)
