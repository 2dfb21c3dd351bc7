"""IAM through boto3: what is stored, what is refused, and that policies decide."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server

ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def policy(action, resource="*", effect="Allow", **more):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def refused():
    def check(code, call, **params):
        with pytest.raises(ClientError) as caught:
            call(**params)
        assert caught.value.response["Error"]["Code"] == code
        return caught.value.response["Error"]["Message"]

    return check


@pytest.fixture
def user(iam, name):
    return iam.create_user(UserName=name)["User"]


@pytest.fixture
def as_user(iam, aws, user):
    """Clients that sign with the user's own key."""
    key = iam.create_access_key(UserName=user["UserName"])["AccessKey"]
    return lambda service: aws(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def test_user_life(iam, name, refused):
    user = iam.create_user(UserName=name, Path="/team/", Tags=[{"Key": "a", "Value": "1"}])["User"]
    assert user["Arn"] == f"arn:aws:iam::000000000000:user/team/{name}"
    assert user["UserId"].startswith("AIDA")
    assert iam.get_user(UserName=name)["User"]["Tags"] == [{"Key": "a", "Value": "1"}]
    assert refused("EntityAlreadyExists", iam.create_user, UserName=name) == f"User with name {name} already exists."
    assert any(u["UserName"] == name for u in iam.list_users(PathPrefix="/team/")["Users"])
    iam.update_user(UserName=name, NewUserName=f"{name}-new")
    assert refused("NoSuchEntity", iam.get_user, UserName=name) == f"The user with name {name} cannot be found."
    iam.delete_user(UserName=f"{name}-new")
    refused("NoSuchEntity", iam.delete_user, UserName=f"{name}-new")


def test_lists_page(iam, name):
    for number in range(5):
        iam.create_user(UserName=f"{name}-{number}", Path=f"/{name}/")
    first = iam.list_users(PathPrefix=f"/{name}/", MaxItems=2)
    assert first["IsTruncated"] is True
    pages = iam.get_paginator("list_users").paginate(PathPrefix=f"/{name}/", PaginationConfig={"PageSize": 2})
    assert [u["UserName"] for page in pages for u in page["Users"]] == [f"{name}-{n}" for n in range(5)]


def test_a_user_may_do_what_policies_allow(iam, name, user, as_user, refused):
    mine = as_user("iam")
    message = refused("AccessDenied", mine.list_users)
    assert message.startswith(f"User: {user['Arn']} is not authorized to perform: iam:ListUsers on resource: ")
    assert message.endswith("because no identity-based policy allows the iam:ListUsers action")
    iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=policy("iam:List*"))
    assert mine.list_users()["Users"]
    iam.put_user_policy(UserName=name, PolicyName="no", PolicyDocument=policy("iam:ListUsers", effect="Deny"))
    assert "explicit deny in an identity-based policy" in refused("AccessDenied", mine.list_users)
    iam.delete_user_policy(UserName=name, PolicyName="no")
    assert mine.list_users()["Users"]


def test_policies_come_from_groups_and_boundaries_narrow(iam, name, user, as_user, refused):
    mine = as_user("iam")
    iam.create_group(GroupName=name)
    iam.attach_group_policy(GroupName=name, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    iam.add_user_to_group(GroupName=name, UserName=name)
    assert mine.list_roles()["ResponseMetadata"]["HTTPStatusCode"] == 200
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
    assert "no permissions boundary allows" in refused("AccessDenied", mine.list_roles)
    iam.delete_user_permissions_boundary(UserName=name)
    assert mine.list_roles()
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName=name)["Groups"]] == [name]
    assert [u["UserName"] for u in iam.get_group(GroupName=name)["Users"]] == [name]
    assert "remove users from group" in refused("DeleteConflict", iam.delete_group, GroupName=name)


def test_keys_are_two_can_be_switched_off_and_tell_their_use(iam, name, user, aws, refused):
    first = iam.create_access_key(UserName=name)["AccessKey"]
    iam.create_access_key(UserName=name)
    assert "AccessKeysPerUser: 2" in refused("LimitExceeded", iam.create_access_key, UserName=name)
    sts = aws("sts", key=first["AccessKeyId"], secret=first["SecretAccessKey"])
    assert sts.get_caller_identity() | {"ResponseMetadata": 0} == {
        "UserId": user["UserId"],
        "Account": "000000000000",
        "Arn": user["Arn"],
        "ResponseMetadata": 0,
    }
    last = iam.get_access_key_last_used(AccessKeyId=first["AccessKeyId"])
    assert (last["UserName"], last["AccessKeyLastUsed"]["ServiceName"]) == (name, "sts")
    iam.update_access_key(UserName=name, AccessKeyId=first["AccessKeyId"], Status="Inactive")
    refused("InvalidClientTokenId", sts.get_caller_identity)
    assert "delete access keys" in refused("DeleteConflict", iam.delete_user, UserName=name)
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_role_life(iam, name, refused):
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, MaxSessionDuration=7200)["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert iam.get_role(RoleName=name)["Role"]["MaxSessionDuration"] == 7200
    iam.update_role(RoleName=name, Description="builds")
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert "detach all policies" in refused("DeleteConflict", iam.delete_role, RoleName=name)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=ALLOW_ALL)
    assert iam.get_role_policy(RoleName=name, PolicyName="p")["PolicyDocument"] == json.loads(ALLOW_ALL)
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["p"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [p["PolicyName"] for p in attached] == ["AdministratorAccess"]
    iam.detach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert "delete policies" in refused("DeleteConflict", iam.delete_role, RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    assert iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"][0]["RoleName"] == name
    refused("DeleteConflict", iam.delete_role, RoleName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=name)
    iam.tag_role(RoleName=name, Tags=[{"Key": "k", "Value": "v"}])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "k", "Value": "v"}]
    iam.delete_role(RoleName=name)
    refused("NoSuchEntity", iam.get_role, RoleName=name)


def test_managed_policy_versions(iam, name, user, as_user, refused):
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy("iam:ListUsers"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    mine = as_user("iam")
    assert mine.list_users()
    for _ in range(3):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("iam:ListRoles"))
    assert mine.list_users()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("iam:ListRoles"), SetAsDefault=True)
    refused("AccessDenied", mine.list_users)
    refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=policy("s3:*"))
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v5")
    versions = [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]]
    assert versions == ["v5", "v4", "v3", "v2", "v1"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [u["UserName"] for u in entities["PolicyUsers"]] == [name]
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.detach_user_policy(UserName=name, PolicyArn=arn)
    for version in versions[1:]:
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=arn)


def test_aws_managed_policies_are_listed_and_cannot_be_changed(iam, refused):
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 30})
    names = {p["PolicyName"] for page in pages for p in page["Policies"]}
    assert {"AdministratorAccess", "AmazonECSTaskExecutionRolePolicy", "AWSCodeDeployRoleForECS"} <= names
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    assert "ecr:BatchGetImage" in document["Statement"][0]["Action"]
    refused("AccessDenied", iam.delete_policy, PolicyArn=arn)


@pytest.mark.parametrize("document", ["{}", "no", policy("GetObject"), policy("s3:GetObject", "bucket")])
def test_malformed_policies_are_refused(iam, name, refused, document):
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName=name, PolicyDocument=document)


def test_malformed_trust_is_refused(iam, name, refused):
    refused("MalformedPolicyDocument", iam.create_role, RoleName=name, AssumeRolePolicyDocument=ALLOW_ALL)


def test_git_credentials(iam, name, user, refused):
    service = "codecommit.amazonaws.com"
    made = iam.create_service_specific_credential(UserName=name, ServiceName=service)["ServiceSpecificCredential"]
    assert made["ServiceUserName"] == f"{name}-at-000000000000"
    assert len(made["ServicePassword"]) > 20
    shown = iam.list_service_specific_credentials(UserName=name)["ServiceSpecificCredentials"]
    assert [c["ServiceSpecificCredentialId"] for c in shown] == [made["ServiceSpecificCredentialId"]]
    assert "ServicePassword" not in shown[0]
    again = iam.reset_service_specific_credential(
        ServiceSpecificCredentialId=made["ServiceSpecificCredentialId"], UserName=name
    )
    assert again["ServiceSpecificCredential"]["ServicePassword"] != made["ServicePassword"]
    other = iam.create_service_specific_credential(UserName=name, ServiceName=service)["ServiceSpecificCredential"]
    assert other["ServiceUserName"] == f"{name}+1-at-000000000000"
    refused("LimitExceeded", iam.create_service_specific_credential, UserName=name, ServiceName=service)
    for item in (made, other):
        iam.delete_service_specific_credential(
            UserName=name, ServiceSpecificCredentialId=item["ServiceSpecificCredentialId"]
        )
    iam.delete_user(UserName=name)


def test_service_linked_role(iam, refused):
    suffix = {"AWSServiceName": "ecs.amazonaws.com"}
    try:
        role = iam.create_service_linked_role(**suffix)["Role"]
    except ClientError:
        role = iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]
    assert role["Path"] == "/aws-service-role/ecs.amazonaws.com/"
    refused("InvalidInput", iam.create_service_linked_role, **suffix)
    refused("UnmodifiableEntity", iam.delete_role, RoleName="AWSServiceRoleForECS")
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


def test_simulator_agrees_with_the_evaluator(iam, name, user):
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy("s3:GetObject", "arn:aws:s3:::b/*"))
    results = iam.simulate_principal_policy(
        PolicySourceArn=user["Arn"],
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::b/k"],
    )["EvaluationResults"]
    assert {r["EvalActionName"]: r["EvalDecision"] for r in results} == {
        "s3:GetObject": "allowed",
        "s3:PutObject": "implicitDeny",
    }


def test_account_details_and_summary(iam, name, user):
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["User"])
    assert name in [u["UserName"] for page in pages for u in page["UserDetailList"]]
    assert iam.get_account_summary()["SummaryMap"]["Users"] >= 1


def test_validation_speaks_awss_words(iam, refused):
    message = refused("ValidationError", iam.create_user, UserName="spaces are bad")
    assert "userName" in message


def test_paths_are_part_of_what_policies_see(iam, name, user, as_user, refused):
    iam.create_role(RoleName=name, Path=f"/{name}/", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName=f"{name}-out", AssumeRolePolicyDocument=TRUST)
    mine = as_user("iam")
    inside = policy("iam:*", f"arn:aws:iam::*:role/{name}/*")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=inside)
    assert mine.get_role(RoleName=name)
    mine.delete_role(RoleName=name)
    mine.create_role(RoleName=name, Path=f"/{name}/", AssumeRolePolicyDocument=TRUST)
    refused("AccessDenied", mine.get_role, RoleName=f"{name}-out")
    refused("AccessDenied", mine.create_role, RoleName=f"{name}-new", AssumeRolePolicyDocument=TRUST)


def test_a_user_can_manage_himself_by_his_name(iam, name, user, as_user):
    own = policy(["iam:GetUser", "iam:*AccessKey*"], "arn:aws:iam::*:user/${aws:username}")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=own)
    mine = as_user("iam")
    assert mine.get_user()["User"]["UserName"] == name
    assert len(mine.list_access_keys()["AccessKeyMetadata"]) == 1


def test_passing_a_role_needs_permission(iam, name, user, as_user, refused):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy("iam:AddRoleToInstanceProfile"))
    mine = as_user("iam")
    params = {"InstanceProfileName": name, "RoleName": name}
    message = refused("AccessDenied", mine.add_role_to_instance_profile, **params)
    assert f"iam:PassRole on resource: arn:aws:iam::000000000000:role/{name}" in message
    passed = policy(
        "iam:PassRole",
        f"arn:aws:iam::*:role/{name}",
        Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    )
    iam.put_user_policy(UserName=name, PolicyName="pass", PolicyDocument=passed)
    mine.add_role_to_instance_profile(**params)


def test_request_tags_are_condition_keys(iam, name, user, as_user, refused):
    tagged = policy("iam:CreateUser", Condition={"StringEquals": {"aws:RequestTag/team": "blue"}})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=tagged)
    mine = as_user("iam")
    refused("AccessDenied", mine.create_user, UserName=f"{name}-1")
    refused("AccessDenied", mine.create_user, UserName=f"{name}-1", Tags=[{"Key": "team", "Value": "red"}])
    assert mine.create_user(UserName=f"{name}-1", Tags=[{"Key": "team", "Value": "blue"}])


def test_a_keys_last_use_survives_a_restart(tmp_path):
    with Server(tmp_path / "data") as server:
        iam = server.client("iam")
        iam.create_user(UserName="ann")
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        server.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"]).get_caller_identity()
        assert server.stop() == 0
        server.start()
        last = server.client("iam").get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        assert last["AccessKeyLastUsed"]["ServiceName"] == "sts"
