"""STS through boto3: identities, roles that trust, sessions that narrow, end and survive a restart."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server

ROOT = "arn:aws:iam::000000000000:root"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal, **more):
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def user(iam, aws, name):
    """A user with a key: (its ARN, a function making its clients)."""
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, lambda service: aws(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def client(aws, credentials, service):
    return aws(
        service,
        key=credentials["AccessKeyId"],
        secret=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def make_role(iam, name, document, **more):
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)["Role"]


def test_who_is_root(aws):
    who = aws("sts").get_caller_identity()
    assert (who["Arn"], who["Account"], who["UserId"]) == (ROOT, "000000000000", "000000000000")


def test_assumed_role_acts_with_the_roles_policies(aws, iam, name, user):
    arn, as_user = user
    role = make_role(iam, name, trust({"AWS": arn}))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("iam:ListUsers")))
    answer = as_user("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="s1", DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::000000000000:assumed-role/{name}/s1"
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:s1"
    sts = client(aws, answer["Credentials"], "sts")
    assert sts.get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    theirs = client(aws, answer["Credentials"], "iam")
    assert theirs.list_users()["Users"]
    assert "no identity-based policy allows" in refused("AccessDenied", theirs.list_roles)


def test_a_role_that_trusts_nobody_like_that(aws, iam, name, user):
    arn, as_user = user
    sts = as_user("sts")
    missing = "arn:aws:iam::000000000000:role/nobody-has-this"
    refused("AccessDenied", sts.assume_role, RoleArn=missing, RoleSessionName="s1")
    role = make_role(iam, name, trust({"Service": "codebuild.amazonaws.com"}))
    message = refused("AccessDenied", sts.assume_role, RoleArn=role["Arn"], RoleSessionName="s1")
    assert message.startswith(f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role['Arn']}")


def test_trusting_the_account_leaves_it_to_identity_policies(aws, iam, name, user):
    _, as_user = user
    role = make_role(iam, name, trust({"AWS": ROOT}))
    params = {"RoleArn": role["Arn"], "RoleSessionName": "s1"}
    refused("AccessDenied", as_user("sts").assume_role, **params)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole", role["Arn"])))
    assert as_user("sts").assume_role(**params)["Credentials"]
    assert aws("sts").assume_role(**params)["Credentials"]  # root may, too


def test_identity_policies_may_ask_for_the_roles_tags(iam, name, user):
    _, as_user = user
    role = make_role(iam, name, trust({"AWS": ROOT}), Tags=[{"Key": "use", "Value": "deploy"}])
    params = {"RoleArn": role["Arn"], "RoleSessionName": "s1"}
    for value, allowed in (("publish", False), ("deploy", True)):
        condition = {"ForAnyValue:StringEquals": {"iam:ResourceTag/use": [value, "other"]}}
        statement = allow("sts:AssumeRole", "arn:*:iam::000000000000:role/*", Condition=condition)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(statement))
        if allowed:
            assert as_user("sts").assume_role(**params)["Credentials"]
        else:
            refused("AccessDenied", as_user("sts").assume_role, **params)


def test_external_id(iam, name, user):
    arn, as_user = user
    role = make_role(iam, name, trust({"AWS": arn}, Condition={"StringEquals": {"sts:ExternalId": "42"}}))
    params = {"RoleArn": role["Arn"], "RoleSessionName": "s1"}
    refused("AccessDenied", as_user("sts").assume_role, **params)
    refused("AccessDenied", as_user("sts").assume_role, **params, ExternalId="41")
    assert as_user("sts").assume_role(**params, ExternalId="42")


def test_session_policy_narrows_and_session_tags_are_condition_keys(aws, iam, name, user):
    arn, as_user = user
    role = make_role(iam, name, trust({"AWS": arn}))
    tagged = allow("iam:List*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(tagged))
    answer = as_user("sts").assume_role(
        RoleArn=role["Arn"],
        RoleSessionName="s1",
        Policy=document(allow("iam:ListUsers")),
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    theirs = client(aws, answer["Credentials"], "iam")
    assert theirs.list_users()
    assert "no session policy allows" in refused("AccessDenied", theirs.list_roles)
    plain = as_user("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="s2")
    refused("AccessDenied", client(aws, plain["Credentials"], "iam").list_users)


def test_durations(aws, iam, name, user):
    arn, as_user = user
    role = make_role(iam, name, trust({"AWS": arn}))
    params = {"RoleArn": role["Arn"], "RoleSessionName": "s1"}
    assert "MaxSessionDuration" in refused(
        "ValidationError", as_user("sts").assume_role, **params, DurationSeconds=7200
    )


def test_a_deleted_role_ends_its_sessions(aws, iam, name, user):
    arn, as_user = user
    role = make_role(iam, name, trust({"AWS": arn}))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("iam:*")))
    credentials = as_user("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="s1")["Credentials"]
    theirs = client(aws, credentials, "iam")
    assert theirs.list_users()
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    make_role(iam, name, trust({"AWS": arn}))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("iam:*")))
    refused("AccessDenied", theirs.list_users)


def test_session_tokens_are_the_user(aws, iam, name, user):
    arn, as_user = user
    credentials = as_user("sts").get_session_token()["Credentials"]
    mine = client(aws, credentials, "sts")
    assert mine.get_caller_identity()["Arn"] == arn
    refused("AccessDenied", mine.get_session_token)
    refused("AccessDenied", client(aws, credentials, "iam").list_users)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("iam:List*")))
    assert client(aws, credentials, "iam").list_users()
    wrong = {**credentials, "SessionToken": "x" + credentials["SessionToken"]}
    refused("InvalidClientTokenId", client(aws, wrong, "sts").get_caller_identity)


def test_federated_user_may_do_what_both_policies_allow(aws, iam, name, user):
    _, as_user = user
    iam.put_user_policy(
        UserName=name, PolicyName="p", PolicyDocument=document(allow("iam:List*"), allow("sts:GetFederationToken"))
    )
    answer = as_user("sts").get_federation_token(Name="guest", Policy=document(allow("iam:ListUsers"), allow("s3:*")))
    assert answer["FederatedUser"]["Arn"] == "arn:aws:sts::000000000000:federated-user/guest"
    theirs = client(aws, answer["Credentials"], "iam")
    assert theirs.list_users()
    refused("AccessDenied", theirs.list_roles)


def test_identity_providers_are_refused_by_name(aws):
    sts = aws("sts")
    params = {"RoleArn": "arn:aws:iam::000000000000:role/x-y", "RoleSessionName": "s1", "WebIdentityToken": "abcd"}
    assert "no identity providers" in refused("NotImplemented", sts.assume_role_with_web_identity, **params)


def test_access_key_info_and_encoded_messages(aws):
    sts = aws("sts")
    assert sts.get_access_key_info(AccessKeyId="AKIATESTROOT00000000")["Account"] == "000000000000"
    # AWS writes the account into the id: this one is of 000000000002.
    assert sts.get_access_key_info(AccessKeyId="AKIAQAAAAAABAAAAAAAA")["Account"] == "000000000002"
    assert refused("ValidationError", sts.get_access_key_info, AccessKeyId="AKIAIOSFODNN7EXAMPLE").endswith(
        "not valid."
    )
    refused("InvalidAuthorizationMessageException", sts.decode_authorization_message, EncodedMessage="xyz")


def test_what_is_no_roles_arn_is_told_apart(aws):
    for wrong in (
        "arn:aws:iam::000000000000:user/somebody",
        "arn:aws:iam::000000000000:role/",
        "not-an-arn-at-all-here",
    ):
        assert wrong in refused("ValidationError", aws("sts").assume_role, RoleArn=wrong, RoleSessionName="session")


def test_sessions_survive_a_restart_and_kill(tmp_path):
    with Server(tmp_path / "data") as server:
        credentials = server.client("sts").get_session_token()["Credentials"]
        server.kill()
        server.start()
        again = server.client(
            "sts",
            key=credentials["AccessKeyId"],
            secret=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
        assert again.get_caller_identity()["Arn"] == ROOT


def test_wrong_and_unknown_keys(aws):
    refused("SignatureDoesNotMatch", aws("sts", secret="wrong").get_caller_identity)
    refused("InvalidClientTokenId", aws("sts", key="AKIANOBODYKNOWSTHIS0").get_caller_identity)


def test_open_mode_takes_any_key_as_an_account(tmp_path):
    with Server(tmp_path / "data", auth="open") as server:
        one = server.client("sts", key="123456789012", secret="x")
        assert one.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
        assert server.client("sts", key="test", secret="test").get_caller_identity()["Account"] == "000000000000"
        server.client("iam", key="123456789012", secret="x").create_user(UserName="ann")
        assert server.client("iam", key="test", secret="x").list_users()["Users"] == []
