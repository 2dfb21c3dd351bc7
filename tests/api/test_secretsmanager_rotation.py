"""Rotation: the function's four steps, at once and on schedule, and what stands in the way."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from tests.api.lambda_.conftest import zipped
from tests.support.roles import service_role
from tests.support.server import wait_until
from tests.support.stacks import Stacks

ROTATES = """
import boto3
def handler(event, context):
    secrets, id, token = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    stages = secrets.describe_secret(SecretId=id)["VersionIdsToStages"]
    assert "AWSPENDING" in stages[token]
    if event["Step"] == "createSecret":
        secrets.put_secret_value(SecretId=id, ClientRequestToken=token, SecretString="rotated",
                                 VersionStages=["AWSPENDING"])
    if event["Step"] == "testSecret":
        assert secrets.get_secret_value(SecretId=id, VersionStage="AWSPENDING")["SecretString"] == "rotated"
    if event["Step"] == "finishSecret":
        current = next(version for version, held in stages.items() if "AWSCURRENT" in held)
        secrets.update_secret_version_stage(SecretId=id, VersionStage="AWSCURRENT", MoveToVersionId=token,
                                            RemoveFromVersionId=current)
"""
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def role(aws):
    return service_role(aws, "rotators", "lambda")


@pytest.fixture
def rotator(aws, role, name):
    """`rotator(source)` is the ARN of a function that Secrets Manager may call."""
    functions = aws("lambda")

    def make(source: str = ROTATES, *, allowed: bool = True) -> str:
        code = {"ZipFile": zipped(index__py=source)}
        given = {"Runtime": "python3.12", "Handler": "index.handler", "Role": role, "Timeout": 30}
        arn = functions.create_function(FunctionName=name, Code=code, **given)["FunctionArn"]
        if allowed:
            functions.add_permission(
                FunctionName=name,
                StatementId="s",
                Action="lambda:InvokeFunction",
                Principal="secretsmanager.amazonaws.com",
            )
        return arn

    yield make
    functions.delete_function(FunctionName=name)


def rotated(secrets, name):
    """The secret, once it was rotated."""
    return wait_until(
        lambda: (found := secrets.describe_secret(SecretId=name)).get("LastRotatedDate") and found, what="the rotation"
    )


def test_the_function_is_taken_through_its_steps(aws, name, rotator):
    secrets = aws("secretsmanager")
    first = secrets.create_secret(Name=name, SecretString="first")["VersionId"]
    rules = {"AutomaticallyAfterDays": 30}
    made = secrets.rotate_secret(
        SecretId=name, RotationLambdaARN=rotator(), RotationRules=rules, ClientRequestToken=TOKEN
    )
    assert made["VersionId"] == TOKEN
    found = rotated(secrets, name)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "rotated"
    assert found["VersionIdsToStages"] == {TOKEN: ["AWSCURRENT"], first: ["AWSPREVIOUS"]}
    assert (found["RotationEnabled"], found["RotationRules"]) == (True, rules)
    days = (found["NextRotationDate"] - found["LastRotatedDate"]).total_seconds() / 86400
    assert days == pytest.approx(30, abs=0.01)
    secrets.cancel_rotate_secret(SecretId=name)
    cancelled = secrets.describe_secret(SecretId=name)
    assert cancelled["RotationEnabled"] is False
    assert "NextRotationDate" not in cancelled


def test_a_rotation_that_fails_leaves_the_current_value_and_can_be_tried_again(aws, name, rotator):
    secrets = aws("secretsmanager")
    secrets.create_secret(Name=name, SecretString="first")
    arn = rotator("def handler(event, context): raise ValueError('no')")
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn, ClientRequestToken=TOKEN)
    with pytest.raises(ClientError, match="can't find the specified secret value"):
        secrets.get_secret_value(SecretId=name, VersionStage="AWSPENDING")
    with pytest.raises(ClientError, match="A previous rotation isn't complete"):
        secrets.rotate_secret(SecretId=name)
    aws("lambda").update_function_code(FunctionName=name, ZipFile=zipped(index__py=ROTATES))

    def done() -> bool:
        """By the first rotation, if it is still being tried, or by another."""
        try:
            secrets.rotate_secret(SecretId=name)
        except ClientError as error:
            assert "A previous rotation isn't complete" in str(error)
        return "LastRotatedDate" in secrets.describe_secret(SecretId=name)

    wait_until(done, timeout_s=100, every_s=0.5, what="a rotation")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "rotated"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "InvalidRequestException"),
        ({"RotationRules": {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"}}, "InvalidParameter"),
        ({"RotationRules": {"ScheduleExpression": "sometimes"}}, "InvalidParameterException"),
        ({"RotationRules": {"ScheduleExpression": "rate(1 hour)"}}, "InvalidParameterException"),
        ({"RotationRules": {"AutomaticallyAfterDays": 1, "Duration": "25h"}}, "InvalidParameterException"),
    ],
)
def test_what_cannot_be_set_up_is_refused(aws, name, rotator, given, code):
    secrets, arn = aws("secretsmanager"), rotator()
    secrets.create_secret(Name=name, SecretString="first")
    with pytest.raises(ClientError, match=code):
        secrets.rotate_secret(SecretId=name, **({"RotationLambdaARN": arn, **given} if given else {}))
    assert "RotationEnabled" not in secrets.describe_secret(SecretId=name)


def test_the_function_must_be_there_and_let_itself_be_called(aws, name, rotator):
    secrets, arn = aws("secretsmanager"), rotator(allowed=False)
    secrets.create_secret(Name=name, SecretString="first")
    with pytest.raises(ClientError, match="cannot invoke the specified Lambda function"):
        secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.rotate_secret(SecretId=name, RotationLambdaARN=f"{arn}-absent")


def test_a_stack_sets_a_rotation_up(aws, name, rotator):
    secrets, stacks, arn = aws("secretsmanager"), Stacks(aws("cloudformation"), name), rotator()

    def resources(days: int):
        secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name, "SecretString": "first"}}
        rules = {"RotationLambdaARN": arn, "RotationRules": {"AutomaticallyAfterDays": days}}
        schedule = {"SecretId": {"Ref": "Secret"}, "RotateImmediatelyOnUpdate": False, **rules}
        return {"Secret": secret, "Rotation": {"Type": "AWS::SecretsManager::RotationSchedule", "Properties": schedule}}

    assert stacks.create(resources(10)) == "CREATE_COMPLETE"
    assert stacks.update(resources(20)) == "UPDATE_COMPLETE"
    found = secrets.describe_secret(SecretId=name)
    assert found["RotationRules"] == {"AutomaticallyAfterDays": 20}
    assert 19 < (found["NextRotationDate"].timestamp() - time.time()) / 86400 <= 20
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "first"
    assert stacks.delete() == "DELETE_COMPLETE"
    assert json.dumps(secrets.list_secrets(Filters=[{"Key": "name", "Values": [name]}])["SecretList"]) == "[]"
