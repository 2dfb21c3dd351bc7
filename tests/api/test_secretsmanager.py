"""Secrets Manager through boto3."""

import json
import string
import uuid

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def secrets(aws):
    return aws("secretsmanager")


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def test_create_and_read(secrets, name):
    made = secrets.create_secret(Name=name, SecretString="s3cret", Description="d", Tags=[{"Key": "a", "Value": "1"}])
    assert made["ARN"].startswith(f"arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-")
    for secret_id in (name, made["ARN"], made["ARN"][:-7]):
        found = secrets.get_secret_value(SecretId=secret_id)
        assert (found["SecretString"], found["VersionStages"]) == ("s3cret", ["AWSCURRENT"])
    described = secrets.describe_secret(SecretId=name)
    assert described["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}
    assert described["Tags"] == [{"Key": "a", "Value": "1"}]
    assert "already exists" in refused("ResourceExistsException", secrets.create_secret, Name=name, SecretString="x")
    refused("ResourceNotFoundException", secrets.get_secret_value, SecretId=f"{name}-no")


def test_binary_and_large_values(secrets, name):
    value = bytes(range(256)) * 200
    secrets.create_secret(Name=name, SecretBinary=value)
    found = secrets.get_secret_value(SecretId=name)
    assert found["SecretBinary"] == value
    assert "SecretString" not in found
    refused("InvalidParameterException", secrets.put_secret_value, SecretId=name, SecretBinary=b"x", SecretString="x")


def test_a_secret_may_have_no_value_yet(secrets, name):
    assert "VersionId" not in secrets.create_secret(Name=name)
    message = refused("ResourceNotFoundException", secrets.get_secret_value, SecretId=name)
    assert message.endswith("staging label: AWSCURRENT")
    secrets.put_secret_value(SecretId=name, SecretString="x", VersionStages=["custom"])
    assert set(secrets.get_secret_value(SecretId=name)["VersionStages"]) == {"AWSCURRENT", "custom"}


def test_versions_and_stages_move(secrets, name):
    first = secrets.create_secret(Name=name, SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId=name, SecretString="2")["VersionId"]
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["VersionId"] == first
    third = secrets.put_secret_value(SecretId=name, SecretString="3", VersionStages=["pending"])["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["VersionId"] == second
    move = {"SecretId": name, "VersionStage": "AWSCURRENT", "MoveToVersionId": third}
    assert "RemoveFromVersionId can't be empty" in refused(
        "InvalidParameterException", secrets.update_secret_version_stage, **move
    )
    secrets.update_secret_version_stage(**move, RemoveFromVersionId=second)
    stages = secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert {k: set(v) for k, v in stages.items()} == {second: {"AWSPREVIOUS"}, third: {"pending", "AWSCURRENT"}}
    versions = secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert {v["VersionId"] for v in versions} == {first, second, third}
    assert secrets.get_secret_value(SecretId=name, VersionId=first)["SecretString"] == "1"


def test_a_token_makes_a_request_repeatable(secrets, name):
    token = str(uuid.uuid4())
    made = secrets.create_secret(Name=name, SecretString="1", ClientRequestToken=token)
    assert secrets.create_secret(Name=name, SecretString="1", ClientRequestToken=token)["ARN"] == made["ARN"]
    token = str(uuid.uuid4())
    for _ in range(2):
        assert secrets.put_secret_value(SecretId=name, SecretString="2", ClientRequestToken=token)["VersionId"] == token
    refused(
        "ResourceExistsException", secrets.put_secret_value, SecretId=name, SecretString="3", ClientRequestToken=token
    )


def test_update_and_another_key(secrets, aws, name):
    secrets.create_secret(Name=name, SecretString="1")
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    secrets.update_secret(SecretId=name, KmsKeyId=key, Description="new")
    assert secrets.describe_secret(SecretId=name)["KmsKeyId"] == key
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "1"
    secrets.update_secret(SecretId=name, SecretString="2")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "2"
    aws("kms").disable_key(KeyId=key)
    refused("DecryptionFailure", secrets.get_secret_value, SecretId=name)


def test_deletion_can_be_undone(secrets, name):
    secrets.create_secret(Name=name, SecretString="1")
    answer = secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert answer["DeletionDate"] > secrets.describe_secret(SecretId=name)["DeletedDate"]
    assert "marked for deletion" in refused("InvalidRequestException", secrets.get_secret_value, SecretId=name)
    assert "scheduled for deletion" in refused(
        "InvalidRequestException", secrets.create_secret, Name=name, SecretString="2"
    )
    listed = secrets.list_secrets(Filters=[{"Key": "name", "Values": [name]}])
    assert listed["SecretList"] == []
    secrets.restore_secret(SecretId=name)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "1"
    old = secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)["ARN"]
    refused("ResourceNotFoundException", secrets.describe_secret, SecretId=name)
    assert secrets.create_secret(Name=name, SecretString="2")["ARN"] != old
    refused("ResourceNotFoundException", secrets.get_secret_value, SecretId=old)


def test_lists_filter_and_page(secrets, name):
    for number in range(5):
        secrets.create_secret(Name=f"{name}/{number}", Description=f"Number {number}", SecretString=str(number))
    prefix = [{"Key": "name", "Values": [name]}]
    pages = secrets.get_paginator("list_secrets").paginate(Filters=prefix, PaginationConfig={"PageSize": 2})
    assert [s["Name"] for page in pages for s in page["SecretList"]] == [f"{name}/{n}" for n in range(5)]
    found = secrets.list_secrets(Filters=[*prefix, {"Key": "description", "Values": ["3"]}])["SecretList"]
    assert [s["Name"] for s in found] == [f"{name}/3"]
    batch = secrets.batch_get_secret_value(SecretIdList=[f"{name}/0", f"{name}/1", f"{name}/none"])
    assert {v["SecretString"] for v in batch["SecretValues"]} == {"0", "1"}
    assert [e["ErrorCode"] for e in batch["Errors"]] == ["ResourceNotFoundException"]
    assert len(secrets.batch_get_secret_value(Filters=prefix)["SecretValues"]) == 5


def test_random_passwords(secrets):
    made = secrets.get_random_password(PasswordLength=40, ExcludePunctuation=True)["RandomPassword"]
    assert len(made) == 40
    assert all(any(c in kind for c in made) for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits))
    digits = secrets.get_random_password(
        ExcludePunctuation=True, ExcludeLowercase=True, ExcludeUppercase=True, ExcludeCharacters="01"
    )["RandomPassword"]
    assert set(digits) <= set("23456789")


def test_resource_policies_decide(aws, secrets, name):
    iam = aws("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    theirs = aws("secretsmanager", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    secret = secrets.create_secret(Name=name, SecretString="1")["ARN"]
    assert secret in refused("AccessDeniedException", theirs.get_secret_value, SecretId=name)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": arn},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        "Condition": {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=policy)
    assert theirs.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"] == "1"
    refused("AccessDeniedException", theirs.get_secret_value, SecretId=name)
    assert json.loads(secrets.get_resource_policy(SecretId=name)["ResourcePolicy"]) == json.loads(policy)
    everybody = {**statement, "Principal": "*"}
    del everybody["Condition"]
    open_to_all = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    refused(
        "PublicPolicyException",
        secrets.put_resource_policy,
        SecretId=name,
        ResourcePolicy=open_to_all,
        BlockPublicPolicy=True,
    )
    assert secrets.validate_resource_policy(ResourcePolicy=open_to_all)["PolicyValidationPassed"] is False
    refused("MalformedPolicyDocumentException", secrets.put_resource_policy, SecretId=name, ResourcePolicy="{}")
    secrets.delete_resource_policy(SecretId=name)
    refused("AccessDeniedException", theirs.get_secret_value, SecretId=name, VersionStage="AWSCURRENT")


def test_parameter_store_reads_secrets(aws, secrets, name):
    secrets.create_secret(Name=name, SecretString="1")
    found = aws("ssm").get_parameter(Name=f"/aws/reference/secretsmanager/{name}", WithDecryption=True)["Parameter"]
    assert (found["Value"], found["Type"]) == ("1", "SecureString")
    assert json.loads(found["SourceResult"])["Name"] == name


def test_tags(secrets, name):
    secrets.create_secret(Name=name)
    secrets.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    secrets.untag_resource(SecretId=name, TagKeys=["a"])
    assert secrets.describe_secret(SecretId=name)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_refusals_say_what_to_do(secrets, name):
    secrets.create_secret(Name=name, SecretString="1")
    told = refused(
        "InvalidRequestException", secrets.replicate_secret_to_regions, SecretId=name, AddReplicaRegions=[{}]
    )
    assert "create the secret in the other region" in told
    refused(
        "InvalidParameterException", secrets.create_secret, Name=f"{name}2", AddReplicaRegions=[{"Region": "eu-west-1"}]
    )
    refused("ValidationException", secrets.create_secret, Name="no spaces")
