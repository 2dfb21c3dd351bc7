"""What keeps a stack from being changed: policies, protection, exports in use, capabilities, states, tokens."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.custom_provider import provider
from tests.support.server import wait_until
from tests.support.stacks import Stacks, parameter, template

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def exporting(name, value="v"):
    return {"Outputs": {"O": {"Value": value, "Export": {"Name": name}}}}


def test_an_export_in_use_keeps_its_stack_from_deletion_and_change(stacks, aws, name):
    stacks.create({"One": parameter()}, **exporting(name))
    user = Stacks(stacks.cfn, f"{name}-user")
    assert user.create({"P": parameter({"Fn::ImportValue": name})}) == "CREATE_COMPLETE"
    assert {"Name": name, "Value": "v", "ExportingStackId": stacks.id} in stacks.cfn.list_exports()["Exports"]
    assert stacks.cfn.list_imports(ExportName=name)["Imports"] == [user.name]
    status = stacks.update({"One": parameter()}, **exporting(name, "w"))
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.reasons("UPDATE_ROLLBACK_IN_PROGRESS") == [
        f"Export {name} cannot be updated as it is in use by {user.name}"
    ]
    assert stacks.delete() == "DELETE_FAILED"
    reason = f"Delete canceled. Cannot delete export {name} as it is in use by {user.name}."
    assert stacks.now()["StackStatusReason"] == reason
    user.delete()
    assert stacks.delete() == "DELETE_COMPLETE"


def test_an_import_that_nobody_exports_fails_with_its_name(stacks):
    assert stacks.create({"P": parameter({"Fn::ImportValue": "nobody"})}) == "ROLLBACK_COMPLETE"
    assert stacks.reasons("CREATE_FAILED") == ["No export named nobody found."]
    with pytest.raises(ClientError, match="Export 'nobody' does not exist"):
        stacks.cfn.list_imports(ExportName="nobody")


def test_two_stacks_cannot_export_one_name(stacks, name):
    stacks.create({"One": parameter()}, **exporting(name))
    other = Stacks(stacks.cfn, f"{name}-other")
    assert other.create({"One": parameter()}, **exporting(name)) == "ROLLBACK_COMPLETE"
    assert f"Export with name {name} is already exported by stack {name}" in other.reasons("ROLLBACK_IN_PROGRESS")[0]


def test_a_protected_stack_is_not_deleted(stacks):
    stacks.create({"One": parameter()}, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        stacks.delete()
    stacks.cfn.update_termination_protection(StackName=stacks.name, EnableTerminationProtection=False)
    assert stacks.delete() == "DELETE_COMPLETE"


def policy(*statements):
    return json.dumps({"Statement": [{"Principal": "*", **one} for one in statements]})


def test_a_stack_policy_denies_changes_and_one_for_the_update_allows_them(stacks):
    keep = policy(
        {"Effect": "Allow", "Action": "Update:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "Update:*", "Resource": "LogicalResourceId/Kept"},
    )
    stacks.create({"Kept": parameter("a"), "Free": parameter("b")}, StackPolicyBody=keep)
    assert json.loads(stacks.cfn.get_stack_policy(StackName=stacks.name)["StackPolicyBody"]) == json.loads(keep)
    assert stacks.update({"Kept": parameter("a"), "Free": parameter("B")}) == "UPDATE_COMPLETE"
    assert stacks.update({"Kept": parameter("A"), "Free": parameter("B")}) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.reasons("UPDATE_FAILED") == [
        "Action denied by stack policy: Statement [#2] does not allow [Update:Modify] for resource "
        "[LogicalResourceId/Kept]"
    ]
    assert stacks.update({"Free": parameter("B")}) == "UPDATE_ROLLBACK_COMPLETE"
    free = policy({"Effect": "Allow", "Action": "Update:*", "Resource": "*"})
    changed = {"Kept": parameter("A"), "Free": parameter("B")}
    assert stacks.update(changed, StackPolicyDuringUpdateBody=free) == "UPDATE_COMPLETE"


def test_a_malformed_stack_policy_is_refused(stacks):
    stacks.create({"One": parameter()})
    with pytest.raises(ClientError, match="Error validating stack policy"):
        stacks.cfn.set_stack_policy(StackName=stacks.name, StackPolicyBody='{"Statement": [{"Effect": "Maybe"}]}')


def test_iam_resources_need_a_capability(stacks):
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_IAM\]") as refused:
        stacks.create({"R": ROLE})
    assert refused.value.response["Error"]["Code"] == "InsufficientCapabilitiesException"
    named = json.loads(json.dumps(ROLE))
    named["Properties"]["RoleName"] = stacks.name
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_NAMED_IAM\]"):
        stacks.create({"R": named}, Capabilities=["CAPABILITY_IAM"])
    assert stacks.create({"R": named}, Capabilities=["CAPABILITY_NAMED_IAM"]) == "CREATE_COMPLETE"


def test_a_name_is_taken_once(stacks):
    stacks.create({"One": parameter()}, ClientRequestToken="one")
    with pytest.raises(ClientError, match=f"Stack \\[{stacks.name}\\] already exists") as refused:
        stacks.create({"One": parameter()})
    assert refused.value.response["Error"]["Code"] == "AlreadyExistsException"
    again = stacks.cfn.create_stack(
        StackName=stacks.name, TemplateBody=template({"One": parameter()}), ClientRequestToken="one"
    )
    assert again["StackId"] == stacks.id
    assert {one["ClientRequestToken"] for one in stacks.events()} == {"one"}


def test_a_stack_that_was_rolled_back_can_only_be_deleted(stacks, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    stacks.create({"Bad": parameter(Name=taken)})
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stacks.update({"Good": parameter()})
    assert stacks.delete() == "DELETE_COMPLETE"


def test_unknown_types_and_refused_properties_are_named_together_before_anything_is_made(stacks):
    with pytest.raises(ClientError) as refused:
        stacks.create({"Good": parameter(), "A": {"Type": "AWS::Nobody::Knows"}, "B": {"Type": "AWS::Not::There"}})
    assert refused.value.response["Error"]["Message"] == (
        "Template format error: Unrecognized resource types: [AWS::Nobody::Knows, AWS::Not::There]"
    )
    with pytest.raises(ClientError, match="does not exist"):
        stacks.cfn.describe_stacks(StackName=stacks.name)


def test_the_stacks_role_does_the_work_and_is_kept(stacks, aws, name):
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    assert stacks.create({"One": parameter()}, RoleARN=role) == "ROLLBACK_COMPLETE"
    assert "not authorized" in stacks.reasons("CREATE_FAILED")[0]
    allow = {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}
    aws("iam").put_role_policy(
        RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    )
    stacks.delete()
    assert stacks.create({"One": parameter()}, RoleARN=role) == "CREATE_COMPLETE"
    assert stacks.now()["RoleARN"] == role
    assert stacks.update({"One": parameter("w")}) == "UPDATE_COMPLETE"
    assert stacks.delete() == "DELETE_COMPLETE"


def test_notifications_in_awss_format(stacks, aws, name):
    messages = []
    with provider(aws, name) as topic:
        topic.took = lambda message: messages.append(message["Message"])
        stacks.create({"One": parameter()}, NotificationARNs=[topic.topic])
        wait_until(lambda: len(messages) >= 5, what="five notifications")
    fields = dict(line.split("=", 1) for line in messages[0].strip().splitlines())
    assert fields["StackId"] == f"'{stacks.id}'"
    assert set(fields) >= {"Timestamp", "EventId", "LogicalResourceId", "ResourceStatus", "ResourceType", "StackName"}


def test_stack_tags_go_to_resources_and_change_with_the_stack(stacks, aws):
    tags = [{"Key": "team", "Value": "a"}]
    stacks.create({"One": parameter(Tags={"own": "1"})}, Tags=tags)

    def seen():
        listed = aws("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=stacks.physical("One"))
        return {one["Key"]: one["Value"] for one in listed["TagList"]}

    assert seen() == {
        "own": "1",
        "team": "a",
        "aws:cloudformation:stack-id": stacks.id,
        "aws:cloudformation:stack-name": stacks.name,
        "aws:cloudformation:logical-id": "One",
    }
    status = stacks.update({"One": parameter(Tags={"own": "1"})}, Tags=[{"Key": "team", "Value": "b"}])
    assert status == "UPDATE_COMPLETE"
    assert seen()["team"] == "b"
