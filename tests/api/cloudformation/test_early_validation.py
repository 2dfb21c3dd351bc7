"""What would surely fail fails the change set, with the place in the template told by DescribeEvents.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

import pytest
from tests.support.stacks import Stacks, parameter, template


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def proposed(stacks, resources, **more):
    made = stacks.cfn.create_change_set(
        StackName=stacks.name,
        ChangeSetName="c",
        ChangeSetType=more.pop("kind", "CREATE"),
        TemplateBody=template(resources),
        **more,
    )
    return stacks.cfn.describe_change_set(ChangeSetName=made["Id"])


def told(stacks, change_set):
    by_id = stacks.cfn.describe_events(ChangeSetName=change_set["ChangeSetId"])["OperationEvents"]
    failed = {"FailedEvents": True}
    by_name = stacks.cfn.describe_events(StackName=stacks.name, ChangeSetName="c", Filters=failed)["OperationEvents"]
    assert by_name == by_id
    return by_id


def test_a_property_against_its_schema(stacks):
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": "soon", "Colour": "red"}}
    found = proposed(stacks, {"Queue": queue, "Good": parameter()})
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"] == (
        "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early "
        "Validation errors, use the DescribeEvents API for detailed failure information."
    )
    events = told(stacks, found)
    assert {event["ValidationName"] for event in events} == {"PROPERTY_VALIDATION"}
    (event,) = [one for one in events if one["ValidationPath"] == "/Resources/Queue/Properties/VisibilityTimeout"]
    assert event["EventType"] == "VALIDATION_ERROR"
    assert event["OperationType"] == "CREATE_CHANGESET"
    assert (event["ValidationStatus"], event["ValidationFailureMode"]) == ("FAILED", "FAIL")
    assert event["LogicalResourceId"] == "Queue"
    assert event["ValidationStatusReason"] == "expected type: Integer, found: String"


def test_a_name_that_is_taken(stacks, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="v", Type="String")
    found = proposed(stacks, {"P": parameter(Name=taken)})
    assert "AWS::EarlyValidation::ResourceExistenceCheck" in found["StatusReason"]
    (event,) = told(stacks, found)
    assert event["ValidationName"] == "NAME_CONFLICT_VALIDATION"
    assert event["PhysicalResourceId"] == taken
    assert event["ValidationPath"] == "/Resources/P/Properties/Name"
    assert event["ValidationStatusReason"] == (
        f"Resource of type 'AWS::SSM::Parameter' with identifier '{taken}' already exists."
    )


def test_what_the_change_set_imports_is_no_conflict(stacks, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="v", Type="String")
    resources = {"P": parameter(Name=taken, DeletionPolicy="Retain")}
    found = proposed(stacks, resources, ImportExistingResources=True)
    assert found["Status"] == "CREATE_COMPLETE"
    assert found["Changes"][0]["ResourceChange"]["Action"] == "Import"


def test_a_resource_that_the_stack_has_is_no_conflict(stacks):
    stacks.create({"P": parameter(Name=f"/{stacks.name}/p")})
    found = proposed(stacks, {"P": parameter("new", Name=f"/{stacks.name}/p")}, kind="UPDATE")
    assert found["Status"] == "CREATE_COMPLETE"
    assert told(stacks, found) == []
