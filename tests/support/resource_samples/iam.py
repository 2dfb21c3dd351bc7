"""Samples of IAM's resource types."""

from tests.support.resource_samples import Sample

_READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject*", "s3:List*"], "Resource": "*"}],
}
_WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}


def _trust(service: str) -> dict:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


_ROLE = ("AWS::IAM::Role", {"AssumeRolePolicyDocument": _trust("ecs-tasks.amazonaws.com")})
_USER = ("AWS::IAM::User", {})
_GROUP = ("AWS::IAM::Group", {})
_VIEW = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
_AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"

SAMPLES: dict[str, Sample] = {
    "AWS::IAM::Role": Sample(
        {
            "AssumeRolePolicyDocument": _trust("codebuild.amazonaws.com"),
            "Path": "/delivery/",
            "Description": "Builds",
            "MaxSessionDuration": 7200,
            "ManagedPolicyArns": [_VIEW],
            "Policies": [{"PolicyName": "read", "PolicyDocument": _READ}],
            "PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess",
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "AssumeRolePolicyDocument": _trust("codepipeline.amazonaws.com"),
            "Description": "Pipelines",
            "MaxSessionDuration": 3600,
            "ManagedPolicyArns": [_VIEW, _AUDIT],
            "Policies": [{"PolicyName": "write", "PolicyDocument": _WRITE}],
            "PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess",
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
    "AWS::IAM::Policy": Sample(
        {
            "PolicyName": "shared",
            "PolicyDocument": _READ,
            "Roles": [{"Ref": "Role"}],
            "Users": [{"Ref": "User"}, {"Ref": "Other"}],
        },
        {
            "PolicyDocument": _WRITE,
            "Groups": [{"Ref": "Group"}],
            "Users": [{"Ref": "User"}],
            "PolicyName": "renamed",
            "Roles": [{"Ref": "OtherRole"}],
        },
        {"Role": _ROLE, "User": _USER, "Group": _GROUP, "Other": _USER, "OtherRole": _ROLE},
        moves=("PolicyName",),
    ),
    "AWS::IAM::ManagedPolicy": Sample(
        {
            "PolicyDocument": _READ,
            "Description": "May read",
            "Path": "/delivery/",
            "Roles": [{"Ref": "Role"}],
        },
        {
            "PolicyDocument": _WRITE,
            "Roles": [{"Ref": "OtherRole"}],
            "Users": [{"Ref": "User"}],
            "Groups": [{"Ref": "Group"}],
        },
        {"Role": _ROLE, "OtherRole": _ROLE, "User": _USER, "Group": _GROUP},
    ),
    "AWS::IAM::RolePolicy": Sample(
        {"PolicyName": "own", "RoleName": {"Ref": "Role"}, "PolicyDocument": _READ},
        {"PolicyDocument": _WRITE},
        {"Role": _ROLE},
    ),
    "AWS::IAM::UserPolicy": Sample(
        {"PolicyName": "own", "UserName": {"Ref": "User"}, "PolicyDocument": _READ},
        {"PolicyDocument": _WRITE},
        {"User": _USER},
    ),
    "AWS::IAM::GroupPolicy": Sample(
        {"PolicyName": "own", "GroupName": {"Ref": "Group"}, "PolicyDocument": _READ},
        {"PolicyDocument": _WRITE},
        {"Group": _GROUP},
    ),
    "AWS::IAM::User": Sample(
        {
            "Path": "/people/",
            "Groups": [{"Ref": "Group"}],
            "LoginProfile": {"Password": "Not-used-1", "PasswordResetRequired": True},
            "ManagedPolicyArns": [_VIEW],
            "Policies": [{"PolicyName": "read", "PolicyDocument": _READ}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "Path": "/robots/",
            "Groups": [{"Ref": "Other"}],
            "ManagedPolicyArns": [_AUDIT],
            "Policies": [{"PolicyName": "read", "PolicyDocument": _WRITE}],
            "PermissionsBoundary": _AUDIT,
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"Group": _GROUP, "Other": _GROUP},
    ),
    "AWS::IAM::Group": Sample(
        {
            "Path": "/people/",
            "ManagedPolicyArns": [_VIEW],
            "Policies": [{"PolicyName": "read", "PolicyDocument": _READ}],
        },
        {
            "Path": "/robots/",
            "ManagedPolicyArns": [_AUDIT],
            "Policies": [{"PolicyName": "read", "PolicyDocument": _WRITE}],
        },
    ),
    "AWS::IAM::UserToGroupAddition": Sample(
        {"GroupName": {"Ref": "Group"}, "Users": [{"Ref": "User"}, {"Ref": "Other"}]},
        {"Users": [{"Ref": "User"}], "GroupName": {"Ref": "OtherGroup"}},
        {"Group": _GROUP, "OtherGroup": _GROUP, "User": _USER, "Other": _USER},
        moves=("GroupName",),
    ),
    "AWS::IAM::InstanceProfile": Sample(
        {"Path": "/hosts/", "Roles": [{"Ref": "Role"}]},
        {"Roles": [{"Ref": "Other"}]},
        {"Role": _ROLE, "Other": _ROLE},
    ),
    "AWS::IAM::AccessKey": Sample(
        {"UserName": {"Ref": "User"}, "Status": "Active", "Serial": 1}, {"Status": "Inactive"}, {"User": _USER}
    ),
    "AWS::IAM::OIDCProvider": Sample(
        {
            "Url": "https://token.actions.example.com",
            "ClientIdList": ["sts.amazonaws.com"],
            "ThumbprintList": ["6938fd4d98bab03faadb97b34396831e3780aea1"],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "ClientIdList": ["sts.amazonaws.com", "another"],
            "ThumbprintList": ["1c58a3a8518e8759bf075b76b750d4f2df264fcd"],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
    "AWS::IAM::ServiceLinkedRole": Sample(
        {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": "sampled", "Description": "Scales"},
        {"Description": "Scales more"},
    ),
}
