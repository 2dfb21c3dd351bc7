"""Behaviours that others measured on AWS, each with its source: the letters are those of
https://github.com/ministackorg/ministack/issues/1601 (a real account, eu-central-1, 2026-09-02).
"""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.stacks import Stacks, parameter, template


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def proposed(stacks, resources, **sections):
    made = stacks.cfn.create_change_set(
        StackName=stacks.name, ChangeSetName="c", TemplateBody=template(resources, **sections)
    )
    return stacks.cfn.describe_change_set(ChangeSetName=made["Id"])


def test_a7_a_stack_arn_is_taken_wherever_a_name_is(stacks):
    stacks.create({"One": parameter()})
    cfn = stacks.cfn
    assert cfn.describe_stacks(StackName=stacks.id)["Stacks"][0]["StackName"] == stacks.name
    assert cfn.describe_stack_resources(StackName=stacks.id)["StackResources"][0]["LogicalResourceId"] == "One"
    detail = cfn.describe_stack_resource(StackName=stacks.id, LogicalResourceId="One")["StackResourceDetail"]
    assert detail["ResourceStatus"] == "CREATE_COMPLETE"


def test_a9_only_a_real_import_blocks_the_deletion_of_the_exporting_stack(stacks, name):
    outputs = {"O": {"Value": "v", "Export": {"Name": name}}}
    stacks.create({"One": parameter()}, Outputs=outputs)
    mentions = Stacks(stacks.cfn, f"{name}-mentions")
    mentions.create({"One": parameter(name, Metadata={"Fn::ImportValue": name})})
    assert stacks.delete() == "DELETE_COMPLETE"


def test_a9_an_import_whose_name_is_built_blocks_too(stacks, name):
    outputs = {"O": {"Value": "v", "Export": {"Name": f"{name}-out"}}}
    stacks.create({"One": parameter()}, Outputs=outputs)
    user = Stacks(stacks.cfn, f"{name}-user")
    built = {"Fn::ImportValue": {"Fn::Sub": "${Prefix}-out"}}
    user.create({"One": parameter(built)}, Parameters={"Prefix": {"Type": "String", "Default": name}})
    assert stacks.delete() == "DELETE_FAILED"
    user.delete()
    assert stacks.delete() == "DELETE_COMPLETE"


def test_a11_get_template_and_parameters_are_the_previous_ones_after_a_failed_update(stacks):
    resources = {"P": parameter("v", Name=f"/{stacks.name}/p")}
    stacks.create(resources)
    broken = {
        "P": parameter({"Ref": "Tag"}, Name=f"/{stacks.name}/p"),
        "Bad": {
            "Type": "AWS::CloudFormation::CustomResource",
            "DependsOn": "P",
            "Properties": {"ServiceToken": "arn:aws:sns:us-east-1:000000000000:does-not-exist"},
        },
    }
    status = stacks.update(broken, Parameters={"Tag": {"Type": "String", "Default": "v2"}}, given={"Tag": "v2"})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert set(stacks.cfn.get_template(StackName=stacks.name)["TemplateBody"]["Resources"]) == {"P"}
    assert "Parameters" not in stacks.now()


def test_a12_a_renamed_resource_is_told_as_a_replacement(stacks):
    stacks.create({"P": parameter(Name=f"/{stacks.name}/a")})
    change = proposed(stacks, {"P": parameter(Name=f"/{stacks.name}/b")})["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["Replacement"]) == ("Modify", "True")
    assert change["Details"][0]["Target"]["RequiresRecreation"] == "Always"


def test_a13_events_and_resources_come_in_pages(stacks):
    stacks.create({f"P{number}": parameter() for number in range(105)})
    first = stacks.cfn.list_stack_resources(StackName=stacks.name)
    assert len(first["StackResourceSummaries"]) == 100
    assert len(stacks.resources()) == 105
    assert len(stacks.cfn.describe_stack_events(StackName=stacks.name)["StackEvents"]) == 100
    events = stacks.events()
    assert len(events) == 105 * 3 + 2
    assert [one["Timestamp"] for one in events] == sorted(one["Timestamp"] for one in events)
    with pytest.raises(ClientError, match="ValidationError"):
        stacks.cfn.describe_stack_events(StackName=stacks.name, NextToken="nonsense")


@pytest.mark.parametrize("operation", ["create_stack", "validate_template", "create_change_set"])
def test_b1_an_unrecognized_type_is_refused_before_anything_exists(stacks, operation):
    body = template({"Good": parameter(), "Bad": {"Type": "AWS::No::Such"}})
    more = {} if operation == "validate_template" else {"StackName": stacks.name}
    if operation == "create_change_set":
        more |= {"ChangeSetName": "c", "ChangeSetType": "CREATE"}
    with pytest.raises(ClientError) as refused:
        getattr(stacks.cfn, operation)(TemplateBody=body, **more)
    assert refused.value.response["Error"] == {
        "Code": "ValidationError",
        "Message": "Template format error: Unrecognized resource types: [AWS::No::Such]",
        "Type": "Sender",
    }
    with pytest.raises(ClientError, match="does not exist"):
        stacks.cfn.describe_stacks(StackName=stacks.name)


def test_b1_an_unrecognized_type_behind_a_false_condition_is_none(stacks):
    resources = {"Good": parameter(), "Bad": {"Type": "AWS::No::Such", "Condition": "Never"}}
    assert stacks.create(resources, Conditions={"Never": {"Fn::Equals": ["a", "b"]}}) == "CREATE_COMPLETE"


def test_b2_an_unknown_attribute_fails_when_it_is_resolved_and_the_stack_rolls_back(stacks):
    outputs = {"O": {"Value": {"Fn::GetAtt": ["One", "Nope"]}, "Export": {"Name": stacks.name}}}
    assert stacks.create({"One": parameter()}, Outputs=outputs) == "ROLLBACK_COMPLETE"
    reason = stacks.reasons("ROLLBACK_IN_PROGRESS")[0]
    assert "Requested attribute Nope does not exist in schema for AWS::SSM::Parameter" in reason
    assert stacks.name not in {one["Name"] for one in stacks.cfn.list_exports()["Exports"]}


def test_b7_parameter_constraints_in_awss_words(stacks):
    declared = {"P": {"Type": "String", "AllowedPattern": "^[a-z]+$"}}
    with pytest.raises(ClientError) as refused:
        stacks.create({"One": parameter()}, Parameters=declared, given={"P": "A1"})
    assert refused.value.response["Error"]["Message"] == "Parameter 'P' must match pattern ^[a-z]+$"


def test_b9_unknown_cloudformation_types_are_unrecognized_like_any_other(stacks):
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::CloudFormation::Nonsense\]"):
        stacks.create({"One": {"Type": "AWS::CloudFormation::Nonsense"}})


def test_a_policy_edit_is_a_change_and_a_depends_on_edit_is_none(stacks):
    """https://github.com/ministackorg/ministack/pull/1646 (measured 2026-09-02)."""
    stacks.create({"A": parameter(), "B": parameter()})
    change = proposed(stacks, {"A": parameter(UpdateReplacePolicy="Retain"), "B": parameter()})["Changes"]
    assert [(one["ResourceChange"]["Replacement"], one["ResourceChange"]["Scope"]) for one in change] == [
        ("False", ["UpdateReplacePolicy"])
    ]
    stacks.cfn.delete_change_set(StackName=stacks.name, ChangeSetName="c")
    assert proposed(stacks, {"A": parameter(), "B": parameter(DependsOn="A")})["Status"] == "FAILED"


def test_list_imports_of_an_export_that_nobody_imports_is_refused(stacks, name):
    """https://github.com/ministackorg/ministack/pull/1649."""
    stacks.create({"One": parameter()}, Outputs={"O": {"Value": "v", "Export": {"Name": name}}})
    with pytest.raises(ClientError, match=f"Export '{name}' is not imported by any stack."):
        stacks.cfn.list_imports(ExportName=name)


def test_a_waiting_stack_tells_the_time_out_without_a_handlers_words(stacks):
    """Wording seen in https://github.com/iotFab/iota-aws-full-node/issues/24."""
    resources = {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1"},
        },
    }
    stacks.create(resources)
    assert stacks.reasons("CREATE_FAILED") == ["WaitCondition timed out. Received 0 conditions when expecting 1"]


def test_no_echo_parameters_are_shown_nowhere(stacks):
    secret = f"s3cret-{stacks.name}"
    declared = {"P": {"Type": "String", "NoEcho": True}}
    stacks.create({"One": parameter({"Ref": "P"})}, Parameters=declared, given={"P": secret})
    assert stacks.now()["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "****"}]
    assert secret not in json.dumps(stacks.events(), default=str)


def test_secrets_of_dynamic_references_are_shown_nowhere(stacks, aws):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html"""
    secret = f"hunter2-{stacks.name}"
    aws("secretsmanager").create_secret(Name=stacks.name, SecretString=json.dumps({"p": secret}))
    reference = f"{{{{resolve:secretsmanager:{stacks.name}:SecretString:p}}}}"
    stacks.create({"One": parameter(reference), "Two": parameter("a")})
    assert aws("ssm").get_parameter(Name=stacks.physical("One"))["Parameter"]["Value"] == secret
    described = proposed(stacks, {"One": parameter(reference, Description="new"), "Three": parameter(reference)})
    shown = stacks.cfn.describe_change_set(ChangeSetName=described["ChangeSetId"], IncludePropertyValues=True)
    assert secret not in json.dumps(shown, default=str)
    stacks.cfn.execute_change_set(ChangeSetName=described["ChangeSetId"])
    assert stacks.ended() == "UPDATE_COMPLETE"
    assert secret not in json.dumps(stacks.events(), default=str)


def test_dynamic_references_are_resolved_anew_as_the_template_changes(stacks, aws):
    """https://github.com/ministackorg/ministack/pull/1647 (a real account, 2026-09-02)."""
    ssm, place = aws("ssm"), f"/{stacks.name}/latest"
    ssm.put_parameter(Name=place, Value="1", Type="String")
    aws("secretsmanager").create_secret(Name=stacks.name, SecretString="a")
    resources = {
        "Latest": parameter(f"{{{{resolve:ssm:{place}}}}}"),
        "Pinned": parameter(f"{{{{resolve:ssm:{place}:1}}}}"),
        "Secret": parameter(f"{{{{resolve:secretsmanager:{stacks.name}}}}}"),
    }

    def values():
        return [ssm.get_parameter(Name=stacks.physical(name))["Parameter"]["Value"] for name in resources]

    stacks.create(resources)
    ssm.put_parameter(Name=place, Value="2", Type="String", Overwrite=True)
    aws("secretsmanager").put_secret_value(SecretId=stacks.name, SecretString="b")
    assert stacks.update(resources) == "UPDATE_COMPLETE"
    assert values() == ["1", "1", "a"]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.cfn.update_stack(StackName=stacks.name, UsePreviousTemplate=True)
    assert stacks.update({**resources, "New": parameter()}) == "UPDATE_COMPLETE"
    assert values() == ["2", "1", "a"]
    resources["Secret"]["Properties"]["Description"] = "changed"
    assert stacks.update({**resources, "New": parameter()}) == "UPDATE_COMPLETE"
    assert values() == ["2", "1", "b"]


def test_a_replaced_resource_that_is_to_be_kept_is_skipped_in_the_cleanup(stacks, aws):
    """https://github.com/ministackorg/ministack/pull/1701, part of A12."""
    old = f"/{stacks.name}/old"
    stacks.create({"P": parameter(Name=old, UpdateReplacePolicy="Retain")})
    assert stacks.update({"P": parameter(Name=f"{old}-not", UpdateReplacePolicy="Retain")}) == "UPDATE_COMPLETE"
    assert aws("ssm").get_parameter(Name=old)["Parameter"]["Value"] == "v"
    assert stacks.history("P")[-1] == "DELETE_SKIPPED"
