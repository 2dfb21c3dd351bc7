"""Parameters: which value each gets, and AWS's sentences when none will do.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from typing import Any

import pytest
from tests.support.template_scope import read

from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.template import PREVIOUS

THERE = {
    ("AWS::EC2::VPC::Id", "vpc-1"): "vpc-1",
    ("AWS::EC2::Subnet::Id", "subnet-1"): "subnet-1",
    ("AWS::EC2::Subnet::Id", "subnet-2"): "subnet-2",
    ("AWS::SSM::Parameter::Name", "/my/name"): "/my/name",
    ("AWS::SSM::Parameter::Value", "/my/text"): "t3.micro",
    ("AWS::SSM::Parameter::Value", "/my/list"): ["a", "b"],
    ("AWS::SSM::Parameter::Value", "/my/commas"): "a, b",
    ("AWS::SSM::Parameter::Value", "/my/vpc"): "vpc-1",
    ("AWS::SSM::Parameter::Value", "/my/gone"): "vpc-2",
}


async def lookup(kind: str, value: str) -> Any:
    if (kind, value) not in THERE:
        raise template.NotThere(value)
    return THERE[kind, value]


async def values(declared: str, given: dict[str, Any] | None = None, previous: dict[str, str] | None = None) -> Any:
    parsed = read(f"Parameters: {{{declared}}}\nResources: {{R: {{Type: T}}}}")
    parsed.check()
    return (await template.parameters(parsed, given or {}, previous, lookup)).values


async def refusal(declared: str, given: dict[str, Any] | None = None, previous: dict[str, str] | None = None) -> str:
    with pytest.raises(template.TemplateError) as refused:
        await values(declared, given, previous)
    return refused.value.message


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("{Type: String}", "x", "x"),
        ("{Type: String, Default: true}", None, "true"),
        ("{Type: String, Default: 10}", None, "10"),
        ("{Type: String, Default: ''}", None, ""),
        ("{Type: Number, Default: 3306}", None, "3306"),
        ("{Type: Number}", "-1.5", "-1.5"),
        ("{Type: CommaDelimitedList}", "a, b ,c", ["a", "b", "c"]),
        ("{Type: CommaDelimitedList, Default: ''}", None, [""]),
        ("{Type: 'List<Number>'}", "80,20", ["80", "20"]),
        ("{Type: 'List<String>'}", "a,b", ["a", "b"]),
        ("{Type: 'AWS::EC2::VPC::Id'}", "vpc-1", "vpc-1"),
        ("{Type: 'List<AWS::EC2::Subnet::Id>'}", "subnet-1, subnet-2", ["subnet-1", "subnet-2"]),
        ("{Type: 'AWS::SSM::Parameter::Name'}", "/my/name", "/my/name"),
        ("{Type: 'AWS::SSM::Parameter::Value<String>'}", "/my/text", "t3.micro"),
        ("{Type: 'AWS::SSM::Parameter::Value<List<String>>'}", "/my/list", ["a", "b"]),
        ("{Type: 'AWS::SSM::Parameter::Value<CommaDelimitedList>'}", "/my/commas", ["a", "b"]),
        ("{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>'}", "/my/vpc", "vpc-1"),
    ],
)
async def test_every_type_gives_its_value(declared: str, given: str | None, value: object) -> None:
    assert await values(f"P: {declared}", {} if given is None else {"P": given}) == {"P": value}


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ("{Type: String, AllowedValues: [a, b]}", "c", "Parameter 'P' must be one of AllowedValues"),
        ("{Type: String, AllowedPattern: '^[a-z]+$'}", "A", "Parameter 'P' must match pattern ^[a-z]+$"),
        (r"{Type: String, AllowedPattern: '\p{Alpha}++'}", "a1", r"Parameter 'P' must match pattern \p{Alpha}++"),
        ("{Type: String, MinLength: 3}", "ab", "Parameter 'P' must contain at least 3 characters"),
        ("{Type: String, MaxLength: '3'}", "abcd", "Parameter 'P' must contain at most 3 characters"),
        ("{Type: Number}", "x", "Parameter 'P' must be a number"),
        ("{Type: Number, MinValue: 1150}", "80", "Parameter 'P' must be a number not less than 1150"),
        ("{Type: Number, MaxValue: 65535}", "70000", "Parameter 'P' must be a number not greater than 65535"),
        ("{Type: 'List<Number>'}", "1,x", "Parameter 'P' must be a list of numbers"),
        ("{Type: CommaDelimitedList, AllowedValues: [a, b]}", "a,c", "Parameter 'P' must be one of AllowedValues"),
        (
            "{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: must be lower case}",
            "A",
            "Parameter P failed to satisfy constraint: must be lower case",
        ),
        (
            "{Type: 'AWS::EC2::VPC::Id'}",
            "vpc-2",
            "Parameter validation failed: parameter value vpc-2 for parameter name P does not exist",
        ),
        (
            "{Type: 'AWS::EC2::KeyPair::KeyName'}",
            "",
            "Parameter validation failed: parameter value for parameter name P does not exist",
        ),
        (
            "{Type: 'List<AWS::EC2::Subnet::Id>'}",
            "subnet-1,subnet-8,subnet-9",
            "Parameter validation failed: parameter value subnet-8 for parameter name P does not exist, "
            "parameter value subnet-9 for parameter name P does not exist",
        ),
        (
            "{Type: 'AWS::SSM::Parameter::Value<String>'}",
            "/no/such",
            "Unable to fetch parameters [/no/such] from parameter store for this account.",
        ),
        (
            "{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>'}",
            "/my/gone",
            "Parameter validation failed: parameter value vpc-2 for parameter name P does not exist",
        ),
    ],
)
async def test_a_value_that_breaks_a_constraint_is_refused(declared: str, given: str, message: str) -> None:
    assert await refusal(f"P: {declared}", {"P": given}) == message


async def test_all_parameters_without_a_value_are_named() -> None:
    message = await refusal("A: {Type: String}, B: {Type: String, Default: x}, C: {Type: Number}")
    assert message == "Parameters: [A, C] must have values"


async def test_parameters_that_the_template_has_not_are_named() -> None:
    assert await refusal("A: {Type: String, Default: x}", {"B": "1", "C": "2"}) == (
        "Parameters: [B, C] do not exist in the template"
    )


async def test_previous_value_is_used_when_asked_for_only() -> None:
    declared = "A: {Type: String, Default: d}"
    assert await values(declared, {"A": PREVIOUS}, {"A": "before"}) == {"A": "before"}
    assert await values(declared, {}, {"A": "before"}) == {"A": "d"}


async def test_no_previous_value_is_refused() -> None:
    message = await refusal("A: {Type: String}", {"A": PREVIOUS}, {})
    assert message == (
        "Invalid input for parameter key A. Cannot specify usePreviousValue as true for a parameter key not in the "
        "previous template"
    )


async def test_what_is_kept_and_what_is_hidden() -> None:
    parsed = read(
        "Parameters: {A: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /my/text}, "
        "S: {Type: String, NoEcho: 'true'}}\nResources: {R: {Type: T}}"
    )
    found = await template.parameters(parsed, {"S": "secret"}, None, lookup)
    assert found.given == {"A": "/my/text", "S": "secret"}
    assert found.resolved == {"A": "t3.micro"}
    assert found.no_echo == {"S"}


def test_a_request_lists_values_or_asks_for_the_previous_one() -> None:
    assert template.given(
        [{"ParameterKey": "A", "ParameterValue": ""}, {"ParameterKey": "B", "UsePreviousValue": True}]
    ) == {"A": "", "B": PREVIOUS}
    for wrong in (
        [{"ParameterKey": "A"}],
        [{"ParameterKey": "A", "ParameterValue": "x", "UsePreviousValue": True}],
        [{"ParameterKey": "A", "ParameterValue": "x"}, {"ParameterKey": "A", "ParameterValue": "y"}],
    ):
        with pytest.raises(template.TemplateError):
            template.given(wrong)


async def test_long_values_are_refused() -> None:
    message = await refusal("P: {Type: String}", {"P": "x" * 4097})
    assert message == "Parameter 'P' value length is greater than 4096."
