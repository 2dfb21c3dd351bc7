"""Stack refactoring: resources move between stacks and stay as they are."""

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until
from tests.support.stacks import Stacks, parameter, template


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def refactor(cfn, definitions, **more):
    made = cfn.create_stack_refactor(
        StackDefinitions=[{"StackName": name, "TemplateBody": body} for name, body in definitions.items()], **more
    )["StackRefactorId"]
    return made, cfn.describe_stack_refactor(StackRefactorId=made)


def executed(cfn, made):
    cfn.execute_stack_refactor(StackRefactorId=made)

    def look():
        found = cfn.describe_stack_refactor(StackRefactorId=made)
        return found if found["ExecutionStatus"] != "EXECUTE_IN_PROGRESS" else None

    return wait_until(look, what="the refactoring's end")


def test_a_resource_moves_to_a_new_stack_and_gets_another_name(stacks, aws, name):
    stacks.create({"Kept": parameter("a"), "Moved": parameter("b"), "Renamed": parameter("c")})
    before = {key: one["PhysicalResourceId"] for key, one in stacks.resources().items()}
    other = Stacks(stacks.cfn, f"{name}-other")
    made, found = refactor(
        stacks.cfn,
        {
            stacks.name: template({"Kept": parameter("a"), "NewName": parameter("c")}),
            other.name: template({"Moved": parameter("b")}, Outputs={"O": {"Value": {"Ref": "Moved"}}}),
        },
        EnableStackCreation=True,
        ResourceMappings=[
            {
                "Source": {"StackName": stacks.name, "LogicalResourceId": "Renamed"},
                "Destination": {"StackName": stacks.name, "LogicalResourceId": "NewName"},
            }
        ],
    )
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    actions = stacks.cfn.list_stack_refactor_actions(StackRefactorId=made)["StackRefactorActions"]
    assert sorted((one["Action"], one["Entity"], one.get("Detection", "")) for one in actions) == [
        ("CREATE", "STACK", ""),
        ("MOVE", "RESOURCE", "AUTO"),
        ("MOVE", "RESOURCE", "MANUAL"),
    ]
    assert executed(stacks.cfn, made)["ExecutionStatus"] == "EXECUTE_COMPLETE"
    other.id = stacks.cfn.describe_stacks(StackName=other.name)["Stacks"][0]["StackId"]
    now = {key: one["PhysicalResourceId"] for key, one in stacks.resources().items()}
    assert now == {"Kept": before["Kept"], "NewName": before["Renamed"]}
    assert other.outputs() == {"O": before["Moved"]}
    assert (stacks.now()["StackStatus"], other.now()["StackStatus"]) == ("UPDATE_COMPLETE", "CREATE_COMPLETE")
    tags = aws("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=before["Moved"])["TagList"]
    assert {"Key": "aws:cloudformation:stack-name", "Value": other.name} in tags
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.update({"Kept": parameter("a"), "NewName": parameter("c")})
    assert other.delete() == "DELETE_COMPLETE"
    assert stacks.delete() == "DELETE_COMPLETE"


def test_what_would_change_a_resource_is_no_refactoring(stacks):
    stacks.create({"One": parameter("a"), "Two": parameter("b")})
    _, found = refactor(stacks.cfn, {stacks.name: template({"One": parameter("A"), "Other": parameter("b")})})
    assert found["Status"] == "CREATE_FAILED"
    assert f"Modified: [{stacks.name}.One]" in found["StatusReason"]
    made, found = refactor(stacks.cfn, {stacks.name: template({"One": parameter("a"), "New": parameter("x")})})
    assert found["Status"] == "CREATE_FAILED"
    assert f"[{stacks.name}.New, {stacks.name}.Two]" in found["StatusReason"]
    with pytest.raises(ClientError, match="cannot be executed"):
        stacks.cfn.execute_stack_refactor(StackRefactorId=made)


def test_a_stack_that_is_not_there_is_made_only_if_that_is_allowed(stacks, name):
    stacks.create({"One": parameter("a"), "Two": parameter("b")})
    definitions = {stacks.name: template({"One": parameter("a")}), f"{name}-new": template({"Two": parameter("b")})}
    with pytest.raises(ClientError, match="does not exist"):
        refactor(stacks.cfn, definitions)
