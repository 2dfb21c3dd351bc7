"""Which operations can change which property, told from AWS's own names: words they share, or this table of those that
share none.
"""

import re
from dataclasses import dataclass
from functools import cache

from trunkline.aws import schemas
from trunkline.insights.drift.naming import texts

_GENERIC = frozenset(
    {"arn", "arns", "attribute", "attributes", "configuration", "configurations", "config", "document", "enabled", "id",
     "ids", "in", "list", "name", "names", "of", "options", "parameters", "policy", "settings", "specification",
     "status", "the", "type", "value"}
)  # fmt: skip
_VERBS = frozenset({"change", "edit", "modify", "put", "replace", "set", "update"})
_TABLE: dict[tuple[str, str], frozenset[str]] = {
    (f"AWS::{type}", name): frozenset(operations.split())
    for type, name, operations in (
        ("CodePipeline::Pipeline", "DisableInboundStageTransitions", "DisableStageTransition EnableStageTransition"),
        ("SNS::Topic", "Subscription", "Subscribe Unsubscribe"),
        ("CloudWatch::Alarm", "ActionsEnabled", "DisableAlarmActions EnableAlarmActions PutMetricAlarm"),
        ("CloudWatch::CompositeAlarm", "ActionsEnabled", "DisableAlarmActions EnableAlarmActions PutCompositeAlarm"),
        ("EC2::NetworkInterface", "SecondaryPrivateIpAddressCount", "AssignPrivateIpAddresses"
         " UnassignPrivateIpAddresses"),
        ("EC2::SecurityGroup", "SecurityGroupIngress", "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress"
         " ModifySecurityGroupRules UpdateSecurityGroupRuleDescriptionsIngress"),
        ("EC2::SecurityGroup", "SecurityGroupEgress", "AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress"
         " ModifySecurityGroupRules UpdateSecurityGroupRuleDescriptionsEgress"),
        ("ElasticLoadBalancingV2::LoadBalancer", "SecurityGroups", "SetSecurityGroups"),
        ("ElasticLoadBalancingV2::LoadBalancer", "Subnets", "SetSubnets"),
        ("ElasticLoadBalancingV2::TargetGroup", "Targets", "DeregisterTargets RegisterTargets"),
        ("Events::Rule", "State", "DisableRule EnableRule PutRule"),
        ("Events::Rule", "Targets", "PutTargets RemoveTargets"),
        ("IAM::Group", "ManagedPolicyArns", "AttachGroupPolicy DetachGroupPolicy"),
        ("IAM::Group", "Policies", "DeleteGroupPolicy PutGroupPolicy"),
        ("IAM::InstanceProfile", "Roles", "AddRoleToInstanceProfile RemoveRoleFromInstanceProfile"),
        ("IAM::ManagedPolicy", "Groups", "AttachGroupPolicy DetachGroupPolicy"),
        ("IAM::ManagedPolicy", "PolicyDocument", "CreatePolicyVersion DeletePolicyVersion SetDefaultPolicyVersion"),
        ("IAM::ManagedPolicy", "Roles", "AttachRolePolicy DetachRolePolicy"),
        ("IAM::ManagedPolicy", "Users", "AttachUserPolicy DetachUserPolicy"),
        ("IAM::Policy", "Groups", "DeleteGroupPolicy PutGroupPolicy"),
        ("IAM::Policy", "PolicyDocument", "PutGroupPolicy PutRolePolicy PutUserPolicy"),
        ("IAM::Policy", "Roles", "DeleteRolePolicy PutRolePolicy"),
        ("IAM::Policy", "Users", "DeleteUserPolicy PutUserPolicy"),
        ("IAM::Role", "AssumeRolePolicyDocument", "UpdateAssumeRolePolicy"),
        ("IAM::Role", "Description", "UpdateRole UpdateRoleDescription"),
        ("IAM::Role", "ManagedPolicyArns", "AttachRolePolicy DetachRolePolicy"),
        ("IAM::Role", "MaxSessionDuration", "UpdateRole"),
        ("IAM::Role", "Policies", "DeleteRolePolicy PutRolePolicy"),
        ("IAM::User", "Groups", "AddUserToGroup RemoveUserFromGroup"),
        ("IAM::User", "LoginProfile", "CreateLoginProfile DeleteLoginProfile UpdateLoginProfile"),
        ("IAM::User", "ManagedPolicyArns", "AttachUserPolicy DetachUserPolicy"),
        ("IAM::User", "Policies", "DeleteUserPolicy PutUserPolicy"),
        ("IAM::UserToGroupAddition", "Users", "AddUserToGroup RemoveUserFromGroup"),
        ("KMS::Key", "Description", "UpdateKeyDescription"),
        ("KMS::Key", "EnableKeyRotation", "DisableKeyRotation EnableKeyRotation"),
        ("KMS::Key", "Enabled", "DisableKey EnableKey"),
        ("KMS::Key", "KeyPolicy", "PutKeyPolicy"),
        ("S3::BucketPolicy", "PolicyDocument", "DeleteBucketPolicy PutBucketPolicy"),
        ("SNS::TopicInlinePolicy", "PolicyDocument", "SetTopicAttributes"),
        ("SNS::TopicPolicy", "PolicyDocument", "SetTopicAttributes"),
        ("SQS::QueueInlinePolicy", "PolicyDocument", "SetQueueAttributes"),
        ("SQS::QueuePolicy", "PolicyDocument", "SetQueueAttributes"),
        ("Lambda::Function", "Code", "UpdateFunctionCode"),
        ("Lambda::Function", "ReservedConcurrentExecutions", "DeleteFunctionConcurrency PutFunctionConcurrency"),
    )
}  # fmt: skip
_POSSIBLE = {"exact": 4.0, "spoken": 3.5, "named": 3.0, "shared": 2.0, "general": 1.0, "other": 0.5}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a difference lies: the names of its path, what was asked for and what is there now (None: nothing)."""

    type: str
    pieces: tuple[str, ...]
    expected: str | None = None
    actual: str | None = None


def place(type: str, path: str, expected: str | None = None, actual: str | None = None) -> Place:
    """The place that a difference's path names."""
    pieces = tuple(piece.replace("~1", "/").replace("~0", "~") for piece in path.split("/")[1:])
    return Place(type, tuple(piece for piece in pieces if not piece.isdigit()), expected, actual)


def fit(operation: str, members: list[tuple[str, str]], keys: set[str], at: Place) -> float:
    """How surely a call of this operation changed that place; 0 when it cannot have.

    members: the texts of its request with their keys; keys: all keys of its request.
    """
    named = _TABLE.get((at.type, at.pieces[0]))
    if named is not None:
        return _POSSIBLE["exact"] + _shows(members, at.actual) if operation in named else 0.0
    tags = "tag" in operation.lower()
    schema = schemas.load(at.type)
    if schema is not None and at.pieces[0] == (schema.tag_property or "Tags"):
        possible = _POSSIBLE["exact"] if tags else _POSSIBLE["shared"] if "tags" in keys else 0.0
        return possible + _shows(members, at.actual) if possible else 0.0
    if tags:
        return 0.0
    wanted = {flat(piece) for piece in at.pieces}
    by_value = any(flat(text) in wanted for _, text in members)  # as in AttributeName: DisplayName
    said = {text for key, text in members if by_value or flat(key) in wanted}
    if at.expected is not None and _says(members, said, at.expected) and not _says(members, said, at.actual):
        return 0.0  # it asks for what the template asks for
    by_text = any(flat(text) == flat(at.pieces[0]) for _, text in members)
    sure = _sure(operation, wanted & keys or by_value, flat(at.pieces[0]) in keys or by_text, at)
    return _POSSIBLE[sure] + _shows(members, at.actual)


def _sure(operation: str, names: object, names_outer: bool, at: Place) -> str:
    """How sure an operation is by its words; names: its request names the place, or (outer) the property it lies in."""
    spoken = flat(operation)
    words = [word for piece in at.pieces for word in split(piece) if word not in _GENERIC]
    if words and flat(at.pieces[0]) in spoken:
        return "spoken"
    if not makes(operation, at.type):
        return "other"  # it is about something of another type that may bear the same name
    if names:
        return "named" if names_outer else "shared"
    if any(word in spoken for word in words if len(word) > 3):
        return "shared"
    return "general" if split(operation)[0] in _VERBS and noun(at.type) in spoken else "other"


def makes(operation: str, type: str) -> bool:
    """Whether an operation that makes something makes one of this type: named after it, or after no other type."""
    spoken = flat(operation)
    return noun(type) in spoken or not any(other in spoken for other in _nouns(type.rsplit("::", 1)[0]))


@cache
def _nouns(space: str) -> frozenset[str]:
    """What the types of a service are called."""
    return frozenset(noun(name) for name in schemas.types() if name.startswith(f"{space}::"))


def removes(operation: str) -> bool:
    """Whether an operation of this name makes something be gone."""
    return split(operation)[0] in ("delete", "deregister", "remove", "schedule", "terminate", "disable", "detach",
                                   "disassociate", "release", "revoke", "unsubscribe")  # fmt: skip


def noun(type: str) -> str:
    """ "AWS::EC2::SecurityGroup" is about a "securitygroup"."""
    return flat(type.rsplit("::", 1)[-1])


def flat(text: str) -> str:
    """A name without its case and separators."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def split(name: str) -> list[str]:
    """The words of a name in camel case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)]


def _says(members: list[tuple[str, str]], said: set[str], value: str | None) -> bool:
    """Whether a request asks for this value: a scalar where the property is named, anything else by all its leaves."""
    if value is None:
        return False
    if value[:1] not in ("{", "["):
        return value in said
    leaves = {text for _, text in texts(value) if text != value}
    return bool(leaves) and leaves <= (said if "{" not in value else {text for _, text in members})


def _shows(members: list[tuple[str, str]], value: str | None) -> float:
    """A little more when the request says the very value that is there now."""
    return 0.4 if value is not None and any(text == value for _, text in members) else 0.0
