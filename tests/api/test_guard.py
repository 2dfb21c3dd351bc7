"""Guard mode: direct changes to what a stack owns are refused, or flagged; the stack and everybody else go on."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server
from tests.support.server import wait_until as wait

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
RESOURCES = {
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "one"}},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
    "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
}


def deployed(server):
    cloudformation = server.client("cloudformation")
    body = json.dumps({"Resources": RESOURCES})
    cloudformation.create_stack(StackName="guarded", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="guarded", WaiterConfig={"Delay": 0.1})
    found = cloudformation.describe_stack_resources(StackName="guarded")["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("guard") / "data", guard="refuse") as server:
        yield server, deployed(server)


@pytest.mark.parametrize(
    ("service", "operation", "request_", "code"),
    [
        (
            "sns",
            "set_topic_attributes",
            lambda ids: {"TopicArn": ids["Topic"], "AttributeName": "DisplayName", "AttributeValue": "two"},
            "AccessDenied",
        ),
        ("sns", "delete_topic", lambda ids: {"TopicArn": ids["Topic"]}, "AccessDenied"),
        ("sqs", "delete_queue", lambda ids: {"QueueUrl": ids["Queue"]}, "AccessDeniedException"),
        ("s3", "delete_bucket_policy", lambda ids: {"Bucket": ids["Bucket"]}, "AccessDenied"),
        (
            "iam",
            "attach_role_policy",
            lambda ids: {"RoleName": ids["Role"], "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            "AccessDenied",
        ),
        (
            "logs",
            "put_retention_policy",
            lambda ids: {"logGroupName": ids["Group"], "retentionInDays": 14},
            "AccessDeniedException",
        ),
        (
            "ec2",
            "create_tags",
            lambda ids: {"Resources": [ids["Vpc"]], "Tags": [{"Key": "a", "Value": "b"}]},
            "UnauthorizedOperation",
        ),
    ],
)
def test_direct_changes_are_refused_by_name(refusing, service, operation, request_, code):
    server, ids = refusing
    with pytest.raises(ClientError) as error:
        getattr(server.client(service), operation)(**request_(ids))
    assert error.value.response["Error"]["Code"] == code
    assert "belongs to the stack guarded" in error.value.response["Error"]["Message"]


def test_what_uses_a_resource_goes_on(refusing, name):
    server, ids = refusing
    server.client("sqs").send_message(QueueUrl=ids["Queue"], MessageBody="hello")
    server.client("sns").publish(TopicArn=ids["Topic"], Message="hello")
    server.client("s3").put_object(Bucket=ids["Bucket"], Key="a", Body=b"b")
    server.client("s3").delete_object(Bucket=ids["Bucket"], Key="a")
    server.client("ec2").create_subnet(VpcId=ids["Vpc"], CidrBlock="10.0.1.0/24")
    server.client("logs").create_log_stream(logGroupName=ids["Group"], logStreamName=name)
    own = server.client("sns").create_topic(Name=name)["TopicArn"]
    server.client("sns").set_topic_attributes(TopicArn=own, AttributeName="DisplayName", AttributeValue="two")


def test_cloud_control_is_a_direct_change_and_the_stack_is_not(refusing):
    server, ids = refusing
    control = server.client("cloudcontrol")
    patch = json.dumps([{"op": "add", "path": "/DisplayName", "value": "two"}])
    answer = control.update_resource(TypeName="AWS::SNS::Topic", Identifier=ids["Topic"], PatchDocument=patch)
    token = answer["ProgressEvent"]["RequestToken"]

    def failed():
        event = control.get_resource_request_status(RequestToken=token)["ProgressEvent"]
        return event if event["OperationStatus"] in ("FAILED", "SUCCESS") else None

    assert wait(failed)["ErrorCode"] == "AccessDenied"
    cloudformation = server.client("cloudformation")
    resources = {**RESOURCES, "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "three"}}}
    body = json.dumps({"Resources": resources})
    cloudformation.update_stack(StackName="guarded", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_update_complete").wait(StackName="guarded", WaiterConfig={"Delay": 0.1})
    attributes = server.client("sns").get_topic_attributes(TopicArn=ids["Topic"])["Attributes"]
    assert attributes["DisplayName"] == "three"


def test_flagged_changes_are_made_and_told(tmp_path):
    with Server(tmp_path / "data", guard="flag") as server:
        ids = deployed(server)
        sns = server.client("sns")
        sns.set_topic_attributes(TopicArn=ids["Topic"], AttributeName="DisplayName", AttributeValue="two")
        kind = "Trunkline%20Direct%20Change%20to%20Stack%20Resource"
        (event,) = server.page(f"events?detail_types={kind}")["events"]
        assert event["detail"]["operation"] == "sns:SetTopicAttributes"
        assert event["detail"]["logical-resource-id"] == "Topic"
        assert sns.get_topic_attributes(TopicArn=ids["Topic"])["Attributes"]["DisplayName"] == "two"
