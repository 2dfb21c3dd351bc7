"""What is told of stacks, their resources, events and templates."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import REGION
from tests.support.stacks import Stacks, parameter, template


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def test_stacks_are_listed_by_status_deleted_ones_too(stacks):
    stacks.create({"One": parameter()}, Description="what it is")
    listed = stacks.cfn.list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"]
    mine = next(one for one in listed if one["StackId"] == stacks.id)
    assert mine["TemplateDescription"] == "what it is"
    assert mine["LastOperations"][0]["OperationType"] == "CREATE_STACK"
    stacks.delete()
    pages = stacks.cfn.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    deleted = {one["StackId"]: one for page in pages for one in page["StackSummaries"]}
    assert deleted[stacks.id]["DeletionTime"] >= deleted[stacks.id]["CreationTime"]
    names = [
        one["StackName"] for page in stacks.cfn.get_paginator("describe_stacks").paginate() for one in page["Stacks"]
    ]
    assert stacks.name not in names
    assert stacks.cfn.describe_stacks(StackName=stacks.id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_events_by_operation_and_failures_alone(stacks, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    made = stacks.cfn.create_stack(StackName=stacks.name, TemplateBody=template({"Bad": parameter(Name=taken)}))
    stacks.id = made["StackId"]
    stacks.ended()
    events = stacks.cfn.describe_events(OperationId=made["OperationId"])["OperationEvents"]
    assert {one["OperationType"] for one in events} == {"CREATE_STACK"}
    failed = stacks.cfn.describe_events(StackName=stacks.name, Filters={"FailedEvents": True})["OperationEvents"]
    assert [(one["LogicalResourceId"], one["EventType"]) for one in failed] == [("Bad", "PROVISIONING_ERROR")]


def test_resources_by_name_and_by_physical_id(stacks):
    stacks.create({"One": parameter(Metadata={"why": "because"}), "Two": parameter()})
    detail = stacks.cfn.describe_stack_resource(StackName=stacks.name, LogicalResourceId="One")["StackResourceDetail"]
    assert json.loads(detail["Metadata"]) == {"why": "because"}
    assert detail["DriftInformation"] == {"StackResourceDriftStatus": "NOT_CHECKED"}
    owner = stacks.cfn.describe_stack_resources(PhysicalResourceId=detail["PhysicalResourceId"])["StackResources"]
    assert {one["LogicalResourceId"] for one in owner} == {"One", "Two"}
    with pytest.raises(ClientError, match=f"Resource Three does not exist for stack {stacks.name}"):
        stacks.cfn.describe_stack_resource(StackName=stacks.name, LogicalResourceId="Three")
    with pytest.raises(ClientError, match="Stack for nothing does not exist"):
        stacks.cfn.describe_stack_resources(PhysicalResourceId="nothing")


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("describe_stacks", "Stack with id nobody does not exist"),
        ("describe_stack_events", r"Stack \[nobody\] does not exist"),
        ("get_template", "Stack with id nobody does not exist"),
        ("list_stack_resources", "Stack with id nobody does not exist"),
        ("get_stack_policy", r"Stack \[nobody\] does not exist"),
        ("list_change_sets", r"Stack \[nobody\] does not exist"),
    ],
)
def test_a_stack_that_is_not_there_in_awss_words(stacks, operation, message):
    with pytest.raises(ClientError, match=message) as refused:
        getattr(stacks.cfn, operation)(StackName="nobody")
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_the_summary_of_a_template(stacks):
    body = template(
        {"One": parameter(), "Other": {"Type": "AWS::No::Such"}},
        Parameters={"P": {"Type": "String", "Default": "d", "AllowedValues": ["d", "e"]}},
        Description="text",
    )
    found = stacks.cfn.get_template_summary(
        TemplateBody=body, TemplateSummaryConfig={"TreatUnrecognizedResourceTypesAsWarnings": True}
    )
    assert found["ResourceTypes"] == ["AWS::SSM::Parameter", "AWS::No::Such"]
    assert found["Warnings"] == {"UnrecognizedResourceTypes": ["AWS::No::Such"]}
    assert found["Parameters"][0]["ParameterConstraints"] == {"AllowedValues": ["d", "e"]}
    assert found["ResourceIdentifierSummaries"][0] == {
        "ResourceType": "AWS::SSM::Parameter",
        "LogicalResourceIds": ["One"],
        "ResourceIdentifiers": ["Name"],
    }
    stacks.create({"One": parameter()})
    assert stacks.cfn.get_template_summary(StackName=stacks.name)["ResourceTypes"] == ["AWS::SSM::Parameter"]


def test_a_template_is_read_from_s3_as_the_caller(stacks, aws, server):
    aws("s3").create_bucket(Bucket=stacks.name)
    aws("s3").put_object(Bucket=stacks.name, Key="a/t.json", Body=template({"One": parameter()}).encode())
    url = f"{server.endpoint}/{stacks.name}/a/t.json"
    made = stacks.cfn.create_stack(StackName=stacks.name, TemplateURL=url)
    stacks.id = made["StackId"]
    assert stacks.ended() == "CREATE_COMPLETE"
    other = f"https://{stacks.name}.s3.{REGION}.amazonaws.com/a/t.json"
    assert stacks.cfn.validate_template(TemplateURL=other)["Parameters"] == []
    with pytest.raises(ClientError, match="S3 error"):
        stacks.cfn.create_stack(StackName=f"{stacks.name}-b", TemplateURL=f"{url}x")
    with pytest.raises(ClientError, match="TemplateURL must be a supported URL"):
        stacks.cfn.validate_template(TemplateURL="ftp://somewhere/t.json")


def test_limits_of_the_account(aws):
    limits = {one["Name"]: one["Value"] for one in aws("cloudformation").describe_account_limits()["AccountLimits"]}
    assert limits["StackLimit"] == 2000


def test_a_wrong_name_is_refused_in_awss_words(stacks):
    with pytest.raises(ClientError, match=r"at 'stackName' failed to satisfy constraint") as refused:
        stacks.cfn.create_stack(StackName="1-wrong", TemplateBody=template({"One": parameter()}))
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_the_metadata_of_a_resource_has_its_functions_resolved_but_no_secrets(stacks):
    said = {"Files": {"/etc/x": {"Fn::Sub": "${AWS::StackName} ${One} ${Who}"}}, "Count": [1, {"Ref": "Who"}]}
    resources = {
        "One": parameter(),
        "Two": parameter(Metadata=said),
        "Three": parameter(Metadata={"P": "{{resolve:ssm:/x}}"}),
    }
    parameters = {"Who": {"Type": "String", "Default": "you"}}
    assert stacks.create(resources, Parameters=parameters) == "CREATE_COMPLETE"

    def metadata(logical_id):
        found = stacks.cfn.describe_stack_resource(StackName=stacks.name, LogicalResourceId=logical_id)
        return json.loads(found["StackResourceDetail"]["Metadata"])

    one = stacks.resources()["One"]["PhysicalResourceId"]
    assert metadata("Two") == {"Files": {"/etc/x": f"{stacks.name} {one} you"}, "Count": [1, "you"]}
    assert metadata("Three") == {"P": "{{resolve:ssm:/x}}"}
