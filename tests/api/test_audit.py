"""The audit record: who did what, from where, and with what outcome; one row a mutating call."""

import pytest
from botocore.exceptions import ClientError
from tests.support.server import ACCESS_KEY


def calls(server, name):
    """The audit records that mention `name`, oldest first."""
    found = server.page("events?detail_types=AWS%20API%20Call%20via%20CloudTrail&limit=10000")["events"]
    return [event["detail"] for event in found if name in str(event["detail"]["requestParameters"])]


def test_a_change_is_recorded_with_its_caller_and_what_was_asked(server, aws, name):
    aws("codecommit").create_repository(repositoryName=name, repositoryDescription="for tests")
    aws("codecommit").get_repository(repositoryName=name)
    (record,) = calls(server, name)
    assert record["eventName"] == "CreateRepository"
    assert record["eventSource"] == "codecommit.amazonaws.com"
    assert record["userIdentity"]["type"] == "Root"
    assert record["userIdentity"]["accessKeyId"] == ACCESS_KEY
    assert record["requestParameters"]["repositoryDescription"] == "for tests"
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["eventCategory"] == "Management"
    assert "errorCode" not in record


def test_a_refused_change_is_recorded_with_its_error(server, aws, name):
    with pytest.raises(ClientError):
        aws("codecommit").delete_branch(repositoryName=name, branchName="main")
    (record,) = calls(server, name)
    assert record["errorCode"] == "RepositoryDoesNotExistException"


def test_secrets_are_not_in_the_record(server, aws, name):
    aws("secretsmanager").create_secret(Name=name, SecretString="do not tell")
    (record,) = calls(server, name)
    assert "do not tell" not in str(record)
    assert record["requestParameters"]["name" if "name" in record["requestParameters"] else "Name"] == name


def test_what_is_done_to_objects_is_a_data_event(server, aws, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"contents")
    s3.get_object(Bucket=name, Key="k")
    s3.delete_object(Bucket=name, Key="k")
    records = calls(server, name)
    assert [(record["eventName"], record["eventCategory"]) for record in records] == [
        ("CreateBucket", "Management"),
        ("PutObject", "Data"),
        ("DeleteObject", "Data"),
    ]
    assert "contents" not in str(records)


def test_a_user_without_permission_leaves_a_trace(server, aws, name):
    iam = aws("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = server.client("ssm", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with pytest.raises(ClientError) as refused:
        client.put_parameter(Name=f"/{name}", Value="x", Type="String")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    record = next(r for r in calls(server, name) if r["eventName"] == "PutParameter")
    assert record["errorCode"] == "AccessDeniedException"
    assert record["userIdentity"]["userName"] == name
