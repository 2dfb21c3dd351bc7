"""Policy documents: what is refused, and what each element means."""

import json
import time

import pytest

from trunkline.aws.policy import ALLOW, DENY, Ask, PolicyError, parse, verdict


def statement(**more):
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}


def document(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements)})


def asked(*statements, action="s3:GetObject", resource="arn:aws:s3:::b/k", context=None, principals=None, **more):
    given = {key.lower(): value for key, value in (context or {}).items()}

    def values(key):
        found = given.get(key.lower())
        return (found,) if isinstance(found, str) else found

    ask = Ask(action, resource, values, principals or {})
    kind = "resource" if any("Principal" in s or "NotPrincipal" in s for s in statements) else "identity"
    return verdict([parse(document(*statements, **more), kind)], ask)


def test_deny_wins_over_allow_and_silence_is_neither():
    assert asked(statement()) is ALLOW
    assert asked(statement(), statement(Effect="Deny")) is DENY
    assert asked(statement(Action="s3:PutObject")) is None


@pytest.mark.parametrize(
    ("element", "action", "expected"),
    [
        ({"Action": "*"}, "s3:GetObject", True),
        ({"Action": "s3:*"}, "s3:GetObject", True),
        ({"Action": "S3:getobject"}, "s3:GetObject", True),
        ({"Action": "s3:Get*"}, "s3:GetObject", True),
        ({"Action": "s3:Get?bject"}, "s3:GetObject", True),
        ({"Action": ["ec2:*", "s3:Put*"]}, "s3:GetObject", False),
        ({"NotAction": "iam:*"}, "s3:GetObject", True),
        ({"NotAction": ["iam:*", "s3:Get*"]}, "s3:GetObject", False),
    ],
)
def test_actions(element, action, expected):
    given = statement()
    del given["Action"]
    assert (asked({**given, **element}, action=action) is ALLOW) is expected


@pytest.mark.parametrize(
    ("element", "resource", "expected"),
    [
        ({"Resource": "arn:aws:s3:::b/*"}, "arn:aws:s3:::b/k/l", True),
        ({"Resource": "arn:aws:s3:::B/*"}, "arn:aws:s3:::b/k", False),
        ({"Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b/?"]}, "arn:aws:s3:::b/k", True),
        ({"NotResource": "arn:aws:s3:::b/*"}, "arn:aws:s3:::b/k", False),
        ({"NotResource": "arn:aws:s3:::a/*"}, "arn:aws:s3:::b/k", True),
        ({"Resource": "arn:aws:s3:::b/${aws:username}/*"}, "arn:aws:s3:::b/ann/x", True),
        ({"Resource": "arn:aws:s3:::b/${aws:username}/*"}, "arn:aws:s3:::b/bob/x", False),
        ({"Resource": "arn:aws:s3:::b/${aws:nothing}"}, "arn:aws:s3:::b/", False),
        ({"Resource": "arn:aws:s3:::b/${aws:nothing, 'x'}"}, "arn:aws:s3:::b/x", True),
        ({"Resource": "arn:aws:s3:::b/${*}"}, "arn:aws:s3:::b/*", True),
        ({"Resource": "arn:aws:s3:::b/${*}"}, "arn:aws:s3:::b/k", False),
        ({"Resource": "arn:aws:s3:::b/${evil}"}, "arn:aws:s3:::b/anything", False),
    ],
)
def test_resources_and_variables(element, resource, expected):
    given = statement()
    del given["Resource"]
    context = {"aws:username": "ann", "evil": "*"}
    assert (asked({**given, **element}, resource=resource, context=context) is ALLOW) is expected


def test_old_documents_have_no_variables():
    given = statement(Resource="arn:aws:s3:::b/${aws:username}")
    context = {"aws:username": "ann"}
    assert asked(given, resource="arn:aws:s3:::b/ann", context=context, version="2008-10-17") is None
    assert asked(given, resource="arn:aws:s3:::b/${aws:username}", context=context, version="2008-10-17") is ALLOW


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, {"K": "b"}, True),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "c"}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "a"}, False),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringEqualsIgnoreCase": {"k": "ABC"}}, {"k": "abc"}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": "b"}, False),
        ({"StringLike": {"k": "a*${v}"}}, {"k": "abcX", "v": "X"}, True),
        ({"StringNotLike": {"k": "a*"}}, {"k": "abc"}, False),
        ({"NumericLessThanEquals": {"k": "10"}}, {"k": "10"}, True),
        ({"NumericGreaterThan": {"k": 10}}, {"k": "10"}, False),
        ({"NumericEquals": {"k": "x"}}, {"k": "10"}, False),
        ({"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}, {"k": "2026-01-02T00:00:00Z"}, True),
        ({"DateLessThan": {"k": "1767225600"}}, {"k": "2025-12-31T23:59:59Z"}, True),
        ({"Bool": {"k": True}}, {"k": "true"}, True),
        ({"Bool": {"k": "false"}}, {"k": "true"}, False),
        ({"IpAddress": {"k": ["10.0.0.0/8", "::1/128"]}}, {"k": "10.1.2.3"}, True),
        ({"NotIpAddress": {"k": "10.0.0.0/8"}}, {"k": "10.1.2.3"}, False),
        ({"IpAddress": {"k": "10.0.0.1"}}, {"k": "10.0.0.1"}, True),
        ({"ArnLike": {"k": "arn:aws:iam::*:role/x*"}}, {"k": "arn:aws:iam::1:role/xy"}, True),
        ({"ArnEquals": {"k": "arn:aws:*:role/xy"}}, {"k": "arn:aws:iam::1:role/xy"}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a", "b"]}}, {"k": ["c", "b"]}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {"k": ["a", "b"]}, True),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a"}, False),
        ({"StringEquals": {"k": "a"}, "Bool": {"l": "true"}}, {"k": "a", "l": "true"}, True),
        ({"BinaryEquals": {"k": "QUI="}}, {"k": "QUI="}, True),
    ],
)
def test_conditions(condition, context, expected):
    assert (asked(statement(Condition=condition), context=context) is ALLOW) is expected


ANN = {"AWS": ["arn:aws:iam::111122223333:user/ann", "111122223333"]}


@pytest.mark.parametrize(
    ("element", "principals", "expected"),
    [
        ({"Principal": "*"}, ANN, True),
        ({"Principal": "*"}, {}, True),
        ({"Principal": {"AWS": "*"}}, ANN, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:user/ann"}}, ANN, True),
        ({"Principal": {"AWS": ["111122223333"]}}, ANN, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:user/bob"}}, ANN, False),
        ({"Principal": {"Service": "codebuild.amazonaws.com"}}, {"Service": ["codebuild.amazonaws.com"]}, True),
        ({"Principal": {"Service": "codebuild.amazonaws.com"}}, ANN, False),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/ann"}}, ANN, False),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/bob"}}, ANN, True),
    ],
)
def test_principals(element, principals, expected):
    assert (asked(statement(**element), principals=principals) is ALLOW) is expected


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("identity", "{", "Syntax errors in policy."),
        ("identity", "[]", "Syntax errors in policy."),
        ("identity", '{"Version":"2012-10-17"}', "Syntax errors in policy."),
        ("identity", document(), "Syntax errors in policy."),
        ("identity", document(statement(), version="2020-01-01"), "Invalid policy version: 2020-01-01"),
        ("identity", document(statement(Foo=1)), "Syntax errors in policy."),
        ("identity", document(statement(Effect="Maybe")), "Invalid effect: Maybe"),
        ("identity", document({"Effect": "Allow", "Resource": "*"}), "Missing required field Action"),
        ("identity", document({"Effect": "Allow", "Action": "s3:*"}), "Policy statement must contain resources."),
        ("identity", document(statement(Action="GetObject")), "prefaced by a vendor"),
        ("identity", document(statement(Principal="*")), "should not specify a principal"),
        ("identity", document(statement(Resource="b/k")), 'must be in ARN format or "*".'),
        ("identity", document(statement(Sid="a b")), "alpha-numeric"),
        ("identity", document(statement(Sid="a"), statement(Sid="a")), "must be unique"),
        ("identity", document(statement(Condition={"Like": {"k": "v"}})), "Invalid Condition type : Like"),
        ("identity", document(statement(Condition=[])), "Syntax errors in policy."),
        ("identity", document(statement(Action=7)), "Syntax errors in policy."),
        ("trust", document({"Effect": "Allow", "Action": "sts:AssumeRole"}), "Missing required field Principal"),
        ("trust", document(statement(Principal="*")), "Has prohibited field Resource"),
        (
            "trust",
            document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "me"}}),
            "Invalid principal",
        ),
        (
            "trust",
            document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"X": "me"}}),
            "Unknown principal",
        ),
        ("resource", "nope", "invalid Json"),
    ],
)
def test_malformed_documents_are_refused(kind, text, message):
    with pytest.raises(PolicyError) as caught:
        parse(text, kind)
    assert message in str(caught.value)


def test_wildcards_that_backtrack_are_still_fast():
    given = statement(Resource="arn:aws:s3:::" + "*a" * 30 + "b")
    start = time.perf_counter()
    assert asked(given, resource="arn:aws:s3:::" + "a" * 2000) is None
    assert asked(given, resource="arn:aws:s3:::" + "a" * 2000 + "b") is ALLOW
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "abc", True),
        ("a*b*c", "abcbc", True),
        ("a*b*c", "acb", False),
        ("*b*", "abc", True),
        ("**", "", True),
        ("a?*", "a", False),
        ("a?*", "ab", True),
        ("*a?a*", "xaba", True),
        ("a.c", "abc", False),
        ("*ab", "aab", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab", False),
    ],
)
def test_wildcards_mean_what_they_say(pattern, text, expected):
    assert (asked(statement(Resource=f"arn:aws:x:::{pattern}"), resource=f"arn:aws:x:::{text}") is ALLOW) is expected
