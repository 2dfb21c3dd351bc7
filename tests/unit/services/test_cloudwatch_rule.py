"""The rules of composite alarms."""

import pytest

from trunkline.services.cloudwatch.rule import RuleError, name_of, parse

_ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a:b"
_STATES = {"a": "ALARM", "o": "OK", "i": "INSUFFICIENT_DATA", "with space": "ALARM", _ARN: "OK"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("TRUE", True),
        ("FALSE", False),
        ("ALARM(a)", True),
        ('ALARM("with space")', True),
        (f"OK({_ARN})", True),
        ("OK(a)", False),
        ("INSUFFICIENT_DATA(i)", True),
        ("NOT ALARM(a)", False),
        ("NOT NOT ALARM(a)", True),
        ("ALARM(o) OR ALARM(a)", True),
        ("ALARM(o) AND ALARM(a) OR OK(o)", True),
        ("ALARM(o) AND (ALARM(a) OR OK(o))", False),
        ("(ALARM(a) AND NOT ALARM(o)) AND TRUE", True),
        ("AT_LEAST(2, ALARM, (a, o, i))", False),
        ("AT_LEAST(1, ALARM, (a, o, i))", True),
        ("AT_LEAST(50%, NOT OK, (a, o, i))", True),
        ("AT_LEAST(100%, NOT OK, (a, i))", True),
    ],
)
def test_rules_hold_as_documented(text, holds):
    assert parse(text).holds(_STATES.__getitem__) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ALARM",
        "ALARM()",
        "ALARM(a",
        "ALARM(a) ALARM(o)",
        "SOMETIMES(a)",
        "AND ALARM(a)",
        "ALARM(a))",
        "AT_LEAST(0, ALARM, (a))",
        "AT_LEAST(3, ALARM, (a, o))",
        "AT_LEAST(1, RED, (a))",
        "(" * 200 + "TRUE" + ")" * 200,
        " OR ".join(f"ALARM(a{number})" for number in range(101)),
    ],
)
def test_what_is_no_rule(text):
    with pytest.raises(RuleError):
        parse(text)


def test_the_alarms_of_a_rule_come_once_each():
    assert parse("ALARM(a) OR OK(b) OR OK(a)").alarms == ["a", "b"]
    assert name_of(_ARN) == "a:b" and name_of("a") == "a"
