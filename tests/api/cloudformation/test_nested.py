"""Nested stacks: made, updated, rolled back and deleted with their parent."""

import pytest
from tests.support.stacks import Stacks, parameter, template

NESTED = "AWS::CloudFormation::Stack"


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


@pytest.fixture
def upload(aws, server, name):
    aws("s3").create_bucket(Bucket=name)

    def put(key, body):
        aws("s3").put_object(Bucket=name, Key=key, Body=body.encode())
        return f"{server.endpoint}/{name}/{key}"

    return put


def child(url, **parameters):
    return {"Type": NESTED, "Properties": {"TemplateURL": url, "Parameters": parameters}}


def inner(value="v", **more):
    return template(
        {"P": parameter({"Ref": "Value"}, **more)},
        Parameters={"Value": {"Type": "String", "Default": value}},
        Outputs={"Name": {"Value": {"Ref": "P"}}},
    )


def test_a_nested_stacks_life(stacks, upload, aws):
    url = upload("child.json", inner())
    resources = {"Child": child(url, Value="one"), "After": parameter({"Fn::GetAtt": ["Child", "Outputs.Name"]})}
    assert stacks.create(resources, Tags=[{"Key": "team", "Value": "a"}]) == "CREATE_COMPLETE"
    nested = stacks.cfn.describe_stacks(StackName=stacks.physical("Child"))["Stacks"][0]
    assert (nested["ParentId"], nested["RootId"]) == (stacks.id, stacks.id)
    assert nested["StackName"].startswith(f"{stacks.name}-Child-")
    assert nested["Tags"] == [{"Key": "team", "Value": "a"}]
    ssm = aws("ssm")
    name = nested["Outputs"][0]["OutputValue"]
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "one"
    assert ssm.get_parameter(Name=stacks.physical("After"))["Parameter"]["Value"] == name
    resources["Child"] = child(url, Value="two")
    assert stacks.update(resources) == "UPDATE_COMPLETE"
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "two"
    assert stacks.delete() == "DELETE_COMPLETE"
    assert stacks.cfn.describe_stacks(StackName=nested["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_a_nested_stack_that_fails_rolls_its_parent_back_and_says_why(stacks, upload, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    url = upload("child.json", inner(Name=taken))
    assert stacks.create({"Child": child(url)}) == "ROLLBACK_COMPLETE"
    reason = stacks.reasons("CREATE_FAILED")[0]
    nested = stacks.physical("Child")
    assert reason.startswith(f"Embedded stack {nested} was not successfully created: ")
    assert "The following resource(s) failed to create: [P]." in reason
    assert stacks.cfn.describe_stacks(StackName=nested)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_a_failure_beside_a_nested_update_puts_the_nested_stack_back(stacks, upload, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    url = upload("child.json", inner())
    stacks.create({"Child": child(url, Value="one")})
    name = stacks.cfn.describe_stacks(StackName=stacks.physical("Child"))["Stacks"][0]["Outputs"][0]["OutputValue"]
    status = stacks.update({"Child": child(url, Value="two"), "Bad": parameter(Name=taken, DependsOn="Child")})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert aws("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "one"


def test_a_new_template_under_the_same_url_is_an_update(stacks, upload, aws):
    url = upload("child.json", inner("one"))
    stacks.create({"Child": child(url)})
    with pytest.raises(Exception, match="No updates are to be performed"):
        stacks.update({"Child": child(url)})
    upload("child.json", inner("two"))
    assert stacks.update({"Child": child(url)}) == "UPDATE_COMPLETE"


def test_the_changes_of_nested_stacks_are_told_by_change_sets_of_their_own(stacks, upload):
    url = upload("child.json", inner())
    stacks.create({"Child": child(url, Value="one"), "Same": child(upload("same.json", inner()))})
    made = stacks.cfn.create_change_set(
        StackName=stacks.name,
        ChangeSetName="deep",
        IncludeNestedStacks=True,
        TemplateBody=template({"Child": child(url, Value="two"), "Same": child(upload("same.json", inner()))}),
    )
    described = stacks.cfn.describe_change_set(ChangeSetName=made["Id"])
    changes = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in described["Changes"]}
    assert set(changes) == {"Child"}
    deep = stacks.cfn.describe_change_set(ChangeSetName=changes["Child"]["ChangeSetId"])
    assert deep["ParentChangeSetId"] == deep["RootChangeSetId"] == made["Id"]
    assert [one["ResourceChange"]["LogicalResourceId"] for one in deep["Changes"]] == ["P"]


def test_the_nested_stacks_of_a_new_stack_are_told_too(stacks, upload):
    made = stacks.cfn.create_change_set(
        StackName=stacks.name,
        ChangeSetName="deep",
        ChangeSetType="CREATE",
        IncludeNestedStacks=True,
        TemplateBody=template({"Child": child(upload("child.json", inner()))}),
    )
    change = stacks.cfn.describe_change_set(ChangeSetName=made["Id"])["Changes"][0]["ResourceChange"]
    deep = stacks.cfn.describe_change_set(ChangeSetName=change["ChangeSetId"])
    assert [one["ResourceChange"]["Action"] for one in deep["Changes"]] == ["Add"]
    stacks.cfn.execute_change_set(ChangeSetName=made["Id"])
    stacks.id = made["StackId"]
    assert stacks.ended() == "CREATE_COMPLETE"


@pytest.mark.parametrize("value", [["a", "b"], {"a": "b"}])
def test_a_parameter_of_a_nested_stack_is_a_text(stacks, upload, value):
    """In AWS's words; a list is to be joined."""
    assert stacks.create({"Child": child(upload("child.json", inner()), Value=value)}) == "ROLLBACK_COMPLETE"
    (reason,) = stacks.reasons("CREATE_FAILED")
    assert "Value of property Parameters must be an object with String (or simple type) properties" in reason
