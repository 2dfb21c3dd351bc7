"""What the registry's schemas say of resources: types of values, sentences of problems, replacement and drift."""

import subprocess
import sys
import time

import pytest

from trunkline.aws import schemas
from trunkline.aws.resources import ResourceType
from trunkline.aws.schemas.meaning import same

QUEUE = "AWS::SQS::Queue"


def paths(found):
    return [(one.kind, one.path) for one in found]


def test_every_type_loads_and_the_package_is_not_imported():
    code = (
        "import sys; from trunkline.aws import schemas; assert all(schemas.load(name) for name in schemas.types());"
        "assert len(schemas.types()) > 1500; assert 'cfnlint' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_first_lookup_is_quick():
    schemas.types()
    started = time.perf_counter()
    assert schemas.load("AWS::ECS::Service")
    assert time.perf_counter() - started < 0.05  # 2 ms on an idle machine


def test_a_type_aws_does_not_have_has_no_schema():
    assert schemas.load("Custom::Thing") is None
    assert schemas.typed("Custom::Thing", {"A": "5"}) == {"A": "5"}
    assert schemas.problems("Custom::Thing", {"A": 5}) == []


def test_texts_become_the_numbers_and_booleans_that_the_schema_wants():
    given = {"DelaySeconds": "5", "FifoQueue": "true", "QueueName": 7, "Tags": [{"Key": 1, "Value": True}]}
    assert schemas.typed(QUEUE, given) == {
        "DelaySeconds": 5, "FifoQueue": True, "QueueName": "7", "Tags": [{"Key": "1", "Value": "true"}],
    }  # fmt: skip


def test_what_cannot_be_converted_stays_for_the_validation_to_name():
    assert schemas.typed(QUEUE, {"DelaySeconds": "soon"}) == {"DelaySeconds": "soon"}
    assert schemas.problems(QUEUE, {"DelaySeconds": "soon"}) == [
        "#/DelaySeconds: expected type: Integer, found: String"
    ]


def test_a_json_text_given_for_an_object_is_that_object():
    given = {"AssumeRolePolicyDocument": '{"Statement": []}', "Path": "{not json"}
    assert schemas.typed("AWS::IAM::Role", given) == {
        "AssumeRolePolicyDocument": {"Statement": []},
        "Path": "{not json",
    }


def test_a_functions_environment_is_texts():
    given = {"Environment": {"Variables": {"PORT": 8080, "DEBUG": True}}}
    assert schemas.typed("AWS::Lambda::Function", given)["Environment"]["Variables"] == {
        "PORT": "8080",
        "DEBUG": "true",
    }


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        (QUEUE, {"Nonsense": 1}, ["#: extraneous key [Nonsense] is not permitted"]),
        (QUEUE, {"Arn": "x"}, ["Encountered unsupported property Arn"]),
        (QUEUE, {"Tags": [{"Value": "x"}]}, ["#/Tags/0: required key [Key] not found"]),
        (QUEUE, {"DelaySeconds": 901}, ["#/DelaySeconds: failed validation constraint for keyword [maximum]"]),
        ("AWS::IAM::Role", {}, ["#: required key [AssumeRolePolicyDocument] not found"]),
        (
            "AWS::Lambda::Function",
            {"Code": {"ZipFile": "x"}, "Role": "not an arn"},
            ["#/Role: failed validation constraint for keyword [pattern]"],
        ),
        (
            "AWS::KMS::Key",
            {"KeyPolicy": {}, "Origin": "SOMEWHERE"},
            ["#/Origin: failed validation constraint for keyword [enum]"],
        ),
        (
            "AWS::IAM::AccessKey",
            {"Nonsense": 1},
            ["Property UserName cannot be empty.", "Encountered unsupported property Nonsense"],
        ),
        ("AWS::IAM::AccessKey", {"UserName": ["a"]}, ["Value of property UserName must be of type String"]),
    ],
)  # fmt: skip
def test_problems_are_worded_as_cloudformation_does(name, properties, expected):
    assert schemas.problems(name, properties) == expected


def test_the_reason_of_an_event_names_the_resource_and_every_problem():
    assert schemas.sentence("MyQueue", QUEUE, {"DelaySeconds": True, "X": 1}) == (
        "Properties validation failed for resource MyQueue with message:\n"
        "#/DelaySeconds: expected type: Integer, found: Boolean\n"
        "#: extraneous key [X] is not permitted"
    )
    assert schemas.sentence("MyQueue", QUEUE, {}) is None


def test_what_is_neither_honoured_nor_recorded_is_refused():
    class Queue(ResourceType):
        name = QUEUE
        honoured = frozenset({"QueueName"})
        recorded = frozenset({"Tags"})

    given = {"QueueName": "q", "Tags": [], "DelaySeconds": 1}
    assert schemas.refusals(QUEUE, given, Queue()) == [
        "AWS::SQS::Queue: the property DelaySeconds is not supported by Trunkline."
    ]


def test_a_change_says_whether_it_needs_a_new_resource():
    old = {"QueueName": "a", "DelaySeconds": 1}
    found = schemas.difference(QUEUE, old, {"QueueName": "b", "DelaySeconds": 2})
    assert [(one.path, one.requires_recreation) for one in found] == [
        ("/QueueName", "Always"), ("/DelaySeconds", "Never"),
    ]  # fmt: skip
    service = schemas.difference("AWS::ECS::Service", {"LaunchType": "EC2"}, {"LaunchType": "FARGATE"})
    assert service[0].requires_recreation == "Conditionally"


def test_a_nested_create_only_property_needs_a_new_resource_also_when_what_holds_it_goes():
    schema = schemas.load("AWS::EKS::Nodegroup")
    assert schema and ("RemoteAccess",) in schema.create_only + schema.conditional_create_only
    found = schemas.difference("AWS::EKS::Nodegroup", {"RemoteAccess": {"Ec2SshKey": "k"}}, {"RemoteAccess": {}})
    assert [(one.kind, one.path) for one in found] == [("REMOVE", "/RemoteAccess/Ec2SshKey")]
    assert found[0].requires_recreation == "Always"


def test_nothing_differs_from_itself():
    properties = {"QueueName": "a", "Tags": [{"Key": "a", "Value": "b"}], "RedrivePolicy": {"maxReceiveCount": 3}}
    assert schemas.difference(QUEUE, properties, properties) == []
    assert schemas.drift(QUEUE, properties, properties) == []


def test_what_aws_filled_in_is_no_drift():
    actual = {"DelaySeconds": 5, "VisibilityTimeout": 30, "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}
    assert schemas.drift(QUEUE, {"DelaySeconds": "5"}, actual) == []
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
    group = {"GroupDescription": "g", "SecurityGroupIngress": [rule]}
    shown = {"GroupDescription": "g", "SecurityGroupIngress": [{**rule, "Description": ""}], "GroupId": "sg-1"}
    assert schemas.drift("AWS::EC2::SecurityGroup", group, shown) == []


def test_one_more_rule_tag_or_key_of_a_map_is_drift():
    rules = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}]
    more = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}, *rules]
    found = schemas.drift("AWS::EC2::SecurityGroup", {"SecurityGroupIngress": rules}, {"SecurityGroupIngress": more})
    assert paths(found) == [("ADD", "/SecurityGroupIngress/0")]
    one, two = {"Environment": {"Variables": {"AA": "1"}}}, {"Environment": {"Variables": {"AA": "1", "BB": "2"}}}
    assert paths(schemas.drift("AWS::Lambda::Function", one, two)) == [("ADD", "/Environment/Variables/BB")]


def test_tags_are_a_set_by_key():
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert schemas.drift(QUEUE, {"Tags": tags}, {"Tags": tags[::-1]}) == []
    changed = [{"Key": "b", "Value": "3"}, {"Key": "a", "Value": "1"}]
    assert paths(schemas.drift(QUEUE, {"Tags": tags}, {"Tags": changed})) == [("NOT_EQUAL", "/Tags/1/Value")]
    assert paths(schemas.drift(QUEUE, {"Tags": tags}, {"Tags": tags[:1]})) == [("REMOVE", "/Tags/1")]


def test_policies_are_compared_by_what_they_mean():
    one = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}},
    }
    other = {
        "Statement": [
            {
                "Principal": {"AWS": ["arn:aws:iam::000000000000:root"]},
                "Action": ["sts:AssumeRole"],
                "Effect": "Allow",
            }
        ],
        "Version": "2012-10-17",
    }
    role = "AWS::IAM::Role"
    assert schemas.drift(role, {"AssumeRolePolicyDocument": one}, {"AssumeRolePolicyDocument": other}) == []
    other["Statement"][0]["Action"] = ["sts:*"]
    found = schemas.drift(role, {"AssumeRolePolicyDocument": one}, {"AssumeRolePolicyDocument": other})
    assert paths(found) == [("NOT_EQUAL", "/AssumeRolePolicyDocument")]


def test_what_aws_never_shows_is_no_drift():
    secret = {"Name": "s", "SecretString": "x"}
    assert schemas.drift("AWS::SecretsManager::Secret", secret, {"Name": "s"}) == []


def test_a_json_text_means_the_object_it_holds():
    assert same('{"a": 1, "b": [2]}', {"b": [2], "a": 1})
    assert not same('{"a": 1}', {"a": 2})
