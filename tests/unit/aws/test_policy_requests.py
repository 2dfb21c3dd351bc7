"""What policies are told of a request: the roles it passes, the tags it sets, the action it is."""

import botocore.session
import pytest

from trunkline.aws.policy import iam_action, passed_roles, request_keys
from trunkline.aws.policy.passed_roles import _PLACES

ROLE = "arn:aws:iam::111122223333:role/r"


@pytest.mark.parametrize(
    ("service", "operation", "request_", "expected"),
    [
        ("codebuild", "CreateProject", {"serviceRole": ROLE}, [(ROLE, "codebuild.amazonaws.com")]),
        ("codebuild", "CreateProject", {"serviceRole": "r"}, [(ROLE, "codebuild.amazonaws.com")]),
        ("codebuild", "UpdateProject", {}, []),
        (
            "ecs",
            "RegisterTaskDefinition",
            {"taskRoleArn": ROLE, "executionRoleArn": ROLE + "2"},
            [(ROLE, "ecs-tasks.amazonaws.com"), (ROLE + "2", "ecs-tasks.amazonaws.com")],
        ),
        ("ecs", "RunTask", {"overrides": {"taskRoleArn": ROLE}}, [(ROLE, "ecs-tasks.amazonaws.com")]),
        (
            "codepipeline",
            "CreatePipeline",
            {"pipeline": {"roleArn": ROLE, "stages": [{"actions": [{"roleArn": ROLE + "2"}, {}]}, {}]}},
            [(ROLE, "codepipeline.amazonaws.com"), (ROLE + "2", "codepipeline.amazonaws.com")],
        ),
        ("events", "PutTargets", {"Targets": [{"RoleArn": ROLE}]}, [(ROLE, "events.amazonaws.com")]),
        ("sts", "AssumeRole", {"RoleArn": ROLE}, []),
    ],
)
def test_passed_roles(service, operation, request_, expected):
    assert passed_roles(service, operation, request_, "111122223333") == expected


def test_every_place_of_a_role_exists_in_awss_models():
    session = botocore.session.get_session()
    for (service, operation), (_, places) in _PLACES.items():
        shape = session.get_service_model(service).operation_model(operation).input_shape
        known = [place for place in places if _resolves(shape, place.split("."))]
        assert known, (service, operation, places)


def _resolves(shape, path):
    for name in path:
        shape = shape.members.get(name.removesuffix("[]"))
        if shape is None:
            return False
        if name.endswith("[]"):
            shape = shape.member
    return shape.type_name == "string"


def test_request_tags():
    assert request_keys({"Tags": [{"Key": "a", "Value": "1"}]}) == {"aws:TagKeys": ["a"], "aws:RequestTag/a": "1"}
    assert request_keys({"tags": {"a": "1"}}) == {"aws:TagKeys": ["a"], "aws:RequestTag/a": "1"}
    assert request_keys({"tags": [{"key": "a"}]}) == {"aws:TagKeys": ["a"], "aws:RequestTag/a": ""}
    assert request_keys({"TagKeys": ["a"]}) == {"aws:TagKeys": ["a"]}
    assert request_keys({"Name": "x"}) == {}


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("s3", "ListObjectsV2", "s3:ListBucket"),
        ("s3", "HeadObject", "s3:GetObject"),
        ("s3", "PutObject", "s3:PutObject"),
        ("elbv2", "CreateRule", "elasticloadbalancing:CreateRule"),
        ("lambda", "Invoke", "lambda:InvokeFunction"),
        ("cloudwatch", "PutMetricData", "cloudwatch:PutMetricData"),
        ("application-autoscaling", "PutScalingPolicy", "application-autoscaling:PutScalingPolicy"),
    ],
)
def test_actions_are_named_as_policies_name_them(service, operation, action):
    assert iam_action(service, operation) == action
