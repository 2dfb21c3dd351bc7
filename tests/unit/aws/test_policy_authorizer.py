"""How policies of different kinds combine."""

import json

import pytest

from trunkline.aws.errors import AwsError
from trunkline.aws.identity import Authorizer, Grants
from trunkline.aws.policy import parse
from trunkline.aws.service import Caller, Principal
from trunkline.core.clock import ManualClock

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/build"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/build/s1"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"


def policy(effect="Allow", action="s3:*", resource="*", **more):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def compiled(*texts, kind="identity"):
    return tuple(parse(text, kind) for text in texts)


def resource(effect="Allow", who="*", **more):
    return compiled(policy(effect, Principal={"AWS": who}, **more), kind="resource")


class Known:
    def __init__(self, grants):
        self._grants = grants

    def grants(self, principal, access_key_id=""):
        return self._grants


def decide(identity=(), boundary=None, session=(), kind="user", **more):
    arns = {"user": USER, "role": SESSION, "root": f"arn:aws:iam::{ACCOUNT}:root", "anonymous": "*", "service": "x"}
    principal = Principal(kind, arns[kind], "AIDAX", "ann", tuple(session))
    own = ROLE if kind == "role" else USER
    grants = Grants(own, compiled(*identity), compiled(boundary)[0] if boundary else None, {"team": "blue"})
    caller = Caller(ACCOUNT, "eu-west-1", principal, "10.0.0.1")
    authorizer = Authorizer(Known(grants), ManualClock())
    return authorizer.decide(caller, "s3:GetObject", ["arn:aws:s3:::b/k"], **more)


def test_nothing_allows_nothing():
    decision = decide()
    assert not decision.allowed
    assert decision.message == (
        f"User: {USER} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k "
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_root_and_services_may_do_everything_in_their_account():
    assert decide(kind="root").allowed
    assert decide(kind="service").allowed
    assert not decide(kind="root", resource_account="999999999999").allowed
    assert not decide(kind="root", resource_policies=resource("Deny")).allowed


def test_explicit_deny_wins_anywhere():
    deny, allow = policy("Deny"), policy()
    assert decide([allow]).allowed
    assert "explicit deny in an identity-based policy" in decide([allow, deny]).message
    assert "explicit deny in a permissions boundary" in decide([allow], boundary=deny).message
    assert "explicit deny in a session policy" in decide([allow], session=[deny], kind="role").message
    assert "explicit deny in a resource-based policy" in decide([allow], resource_policies=resource("Deny")).message


def test_boundaries_and_session_policies_only_narrow():
    allow, other = policy(), policy(action="ec2:*")
    assert not decide([], boundary=allow).allowed
    assert not decide([allow], boundary=other).allowed
    assert decide([allow], boundary=allow).allowed
    assert "no session policy allows" in decide([allow], session=[other], kind="role").message
    assert decide([allow], session=[allow], kind="role").allowed
    assert not decide([], session=[allow], kind="role").allowed


def test_a_resource_policy_grants_by_itself_within_the_account():
    assert decide(resource_policies=resource(who=USER)).allowed
    assert decide(kind="role", resource_policies=resource(who=ROLE)).allowed
    assert decide(kind="role", resource_policies=resource(who=SESSION)).allowed
    assert decide(kind="anonymous", resource_policies=resource(who="*")).allowed
    assert not decide(kind="anonymous").allowed


def test_naming_the_account_only_delegates():
    assert not decide(resource_policies=resource(who=ACCOUNT)).allowed
    assert not decide(resource_policies=resource(who=f"arn:aws:iam::{ACCOUNT}:root")).allowed
    assert decide([policy()], resource_policies=resource(who=ACCOUNT)).allowed


def test_across_accounts_both_sides_must_allow():
    other = {"resource_account": "999999999999"}
    assert not decide([policy()], **other).allowed
    assert not decide([], resource_policies=resource(who=USER), **other).allowed
    assert decide([policy()], resource_policies=resource(who=USER), **other).allowed


def test_keys_must_allow_by_their_own_policy():
    assert not decide([policy()], resource_must_allow=True).allowed
    assert decide([policy()], resource_must_allow=True, resource_policies=resource(who=ACCOUNT)).allowed
    assert decide([], resource_must_allow=True, resource_policies=resource(who=USER)).allowed


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:username": "ann", "aws:RequestedRegion": "eu-west-1"}},
        {"ArnEquals": {"aws:PrincipalArn": USER}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"Bool": {"aws:SecureTransport": "true"}, "DateGreaterThan": {"aws:CurrentTime": "1969-01-01T00:00:00Z"}},
        {"StringEquals": {"aws:ResourceAccount": ACCOUNT}, "StringNotEquals": {"s3:ResourceAccount": "999999999999"}},
        {"StringEquals": {"aws:PrincipalType": "User", "aws:PrincipalAccount": ACCOUNT, "s3:prefix": "x"}},
    ],
)
def test_global_condition_keys(condition):
    assert decide([policy(Condition=condition)], context={"s3:prefix": "x"}).allowed


@pytest.mark.parametrize(
    ("protocol", "code", "status"),
    [
        ("query", "AccessDenied", 403),
        ("json", "AccessDeniedException", 400),
        ("rest-json", "AccessDeniedException", 403),
        ("ec2", "UnauthorizedOperation", 403),
        ("rest-xml", "AccessDenied", 403),
    ],
)
def test_the_refusal_speaks_the_protocol(protocol, code, status):
    caller = Caller(ACCOUNT, "eu-west-1", Principal("user", USER, "AIDAX", "ann"))
    with pytest.raises(AwsError) as caught:
        Authorizer(Known(Grants(USER)), ManualClock()).authorize(caller, "a:B", protocol=protocol)
    assert (caught.value.code, caught.value.status) == (code, status)
