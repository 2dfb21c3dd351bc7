"""Cloud Control with boto3: the life of a resource, patches, tokens and what is refused."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until

TOPIC = "AWS::SNS::Topic"
KEY = "AWS::KMS::Key"


@pytest.fixture(scope="module")
def control(aws):
    return aws("cloudcontrol")


def ended(control, answer):
    token = answer["ProgressEvent"]["RequestToken"]

    def final():
        event = control.get_resource_request_status(RequestToken=token)["ProgressEvent"]
        return event if event["OperationStatus"] in ("SUCCESS", "FAILED", "CANCEL_COMPLETE") else None

    return wait_until(final, what="the request")


def made(control, kind, **properties):
    event = ended(control, control.create_resource(TypeName=kind, DesiredState=json.dumps(properties)))
    assert event["OperationStatus"] == "SUCCESS", event
    return event["Identifier"]


def code_of(error):
    return error.value.response["Error"]["Code"]


def test_a_resource_lives_from_create_to_delete(aws, control, name):
    topic = made(control, TOPIC, TopicName=name, DisplayName="one")
    assert topic == aws("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"]
    described = control.get_resource(TypeName=TOPIC, Identifier=topic)["ResourceDescription"]
    assert described["Identifier"] == topic
    assert json.loads(described["Properties"])["DisplayName"] == "one"

    patch = [{"op": "replace", "path": "/DisplayName", "value": "two"}]
    answer = control.update_resource(TypeName=TOPIC, Identifier=topic, PatchDocument=json.dumps(patch))
    assert ended(control, answer)["OperationStatus"] == "SUCCESS"
    assert aws("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "two"
    listed = (
        control.get_paginator("list_resources").paginate(TypeName=TOPIC).search("ResourceDescriptions[].Identifier")
    )
    assert topic in list(listed)

    answer = control.delete_resource(TypeName=TOPIC, Identifier=topic)
    control.get_waiter("resource_request_success").wait(
        RequestToken=answer["ProgressEvent"]["RequestToken"], WaiterConfig={"Delay": 0.1}
    )
    with pytest.raises(ClientError) as error:
        control.get_resource(TypeName=TOPIC, Identifier=topic)
    assert code_of(error) == "ResourceNotFoundException"


def test_a_patch_leaves_the_other_properties(aws, control, name):
    topic = made(control, TOPIC, TopicName=name, DisplayName="one", Tags=[{"Key": "a", "Value": "b"}])
    patch = [{"op": "add", "path": "/Tags/-", "value": {"Key": "c", "Value": "d"}}]
    ended(control, control.update_resource(TypeName=TOPIC, Identifier=topic, PatchDocument=json.dumps(patch)))
    found = json.loads(control.get_resource(TypeName=TOPIC, Identifier=topic)["ResourceDescription"]["Properties"])
    assert found["DisplayName"] == "one"
    assert sorted(tag["Key"] for tag in found["Tags"]) == ["a", "c"]


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ([{"op": "replace", "path": "/TopicName", "value": "other"}], "NotUpdatableException"),
        ([{"op": "add", "path": "/TopicArn", "value": "other"}], "ValidationException"),
        ([{"op": "remove", "path": "/Nothing"}], "ValidationException"),
        ([{"op": "test", "path": "/DisplayName", "value": "x"}], "ValidationException"),
        ([{"op": "paint", "path": "/DisplayName", "value": "x"}], "ValidationException"),
    ],
)
def test_a_patch_that_cannot_be_is_refused(control, name, patch, code):
    topic = made(control, TOPIC, TopicName=name, DisplayName="one")
    with pytest.raises(ClientError) as error:
        control.update_resource(TypeName=TOPIC, Identifier=topic, PatchDocument=json.dumps(patch))
    assert code_of(error) == code


def test_a_client_token_stands_for_one_request(control, name):
    state = json.dumps({"TopicName": name})
    one = control.create_resource(TypeName=TOPIC, DesiredState=state, ClientToken=name)["ProgressEvent"]
    two = control.create_resource(TypeName=TOPIC, DesiredState=state, ClientToken=name)["ProgressEvent"]
    assert one["RequestToken"] == two["RequestToken"]
    with pytest.raises(ClientError) as error:
        control.create_resource(TypeName=TOPIC, DesiredState="{}", ClientToken=name)
    assert code_of(error) == "ClientTokenConflictException"


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        ("AWS::Nothing::AtAll", "{}", "TypeNotFoundException"),
        ("AWS::QLDB::Ledger", "{}", "UnsupportedActionException"),
        ("AWS::CloudFormation::WaitConditionHandle", "{}", "UnsupportedActionException"),
        (TOPIC, "{", "InvalidRequestException"),
        (TOPIC, '{"Nonsense": 1}', "ValidationException"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(control, kind, state, code):
    with pytest.raises(ClientError) as error:
        control.create_resource(TypeName=kind, DesiredState=state)
    assert code_of(error) == code


def test_a_failed_request_tells_the_handlers_error(control, name):
    made(control, "AWS::KMS::Alias", AliasName=f"alias/{name}", TargetKeyId=made(control, KEY))
    state = json.dumps({"AliasName": f"alias/{name}", "TargetKeyId": made(control, KEY)})
    event = ended(control, control.create_resource(TypeName="AWS::KMS::Alias", DesiredState=state))
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "AlreadyExists")
    assert "already exists" in event["StatusMessage"]


def test_requests_are_listed_and_an_ended_one_cannot_be_cancelled(control, name):
    event = ended(control, control.create_resource(TypeName=TOPIC, DesiredState=json.dumps({"TopicName": name})))
    listed = control.get_paginator("list_resource_requests").paginate(
        ResourceRequestStatusFilter={"Operations": ["CREATE"], "OperationStatuses": ["SUCCESS"]}
    )
    assert event["RequestToken"] in list(listed.search("ResourceRequestStatusSummaries[].RequestToken"))
    with pytest.raises(ClientError) as error:
        control.cancel_resource_request(RequestToken=event["RequestToken"])
    assert code_of(error) == "ConcurrentModificationException"
    with pytest.raises(ClientError) as error:
        control.get_resource_request_status(RequestToken="none")
    assert code_of(error) == "RequestTokenNotFoundException"
