"""Template text to data.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import json

import pytest

from trunkline.services.cloudformation.template import TemplateError, parse


def _refused(text: str) -> str:
    with pytest.raises(TemplateError) as refused:
        parse(text)
    return refused.value.message


@pytest.mark.parametrize(
    ("short", "written_out"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Condition A", {"Condition": "A"}),
        ("!Sub 'a-${B}'", {"Fn::Sub": "a-${B}"}),
        ("!Sub ['a-${B}', {B: !Ref C}]", {"Fn::Sub": ["a-${B}", {"B": {"Ref": "C"}}]}),
        ("!GetAtt A.Arn", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!GetAtt A.Outputs.B", {"Fn::GetAtt": ["A", "Outputs.B"]}),
        ("!GetAtt [A, Arn]", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!Transform {Name: 'AWS::Include'}", {"Fn::Transform": {"Name": "AWS::Include"}}),
        ("!GetAZs", {"Fn::GetAZs": ""}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Base64 text", {"Fn::Base64": "text"}),
        ("!ImportValue name", {"Fn::ImportValue": "name"}),
        (
            "!If [C, !Join ['', [a, !Ref B]], !Ref 'AWS::NoValue']",
            {"Fn::If": ["C", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}, {"Ref": "AWS::NoValue"}]},
        ),
        (
            "!Select [0, !Split [',', !ImportValue x]]",
            {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::ImportValue": "x"}]}]},
        ),
        (
            "!Select [0, !Cidr [!GetAtt V.CidrBlock, 1, 8]]",
            {"Fn::Select": [0, {"Fn::Cidr": [{"Fn::GetAtt": ["V", "CidrBlock"]}, 1, 8]}]},
        ),
        ("!Length [1, 2]", {"Fn::Length": [1, 2]}),
        ("!ToJsonString {a: !Ref B}", {"Fn::ToJsonString": {"a": {"Ref": "B"}}}),
        (
            "!And [!Equals [a, b], !Not [!Condition C]]",
            {"Fn::And": [{"Fn::Equals": ["a", "b"]}, {"Fn::Not": [{"Condition": "C"}]}]},
        ),
    ],
)
def test_short_forms_are_written_out(short: str, written_out: object) -> None:
    assert parse(f"Value: {short}") == {"Value": written_out}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2010-09-09", "2010-09-09"),
        ("2012-10-17", "2012-10-17"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("012345678901", "012345678901"),
        ("123456789012", 123456789012),
        ("0", 0),
        ("-1", -1),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("3.10", "3.10"),
        ("3.5", 3.5),
        ("5.0", 5.0),
        ("22:22", "22:22"),
        ("1e3", "1e3"),
        ("true", True),
        ("False", False),
        ("yes", True),
        ("Off", False),
        ("'yes'", "yes"),
        ("y", "y"),
        ("'0'", "0"),
        ("t3.micro", "t3.micro"),
    ],
)
def test_scalars_are_read_as_cloudformation_reads_them(written: str, read: object) -> None:
    found = parse(f"Value: {written}")["Value"]
    assert found == read
    assert type(found) is type(read)


def test_keys_are_always_text() -> None:
    assert parse("on: 1\n123456789012: 2\n2012-10-17: 3\nyes: 4") == {
        "on": 1,
        "123456789012": 2,
        "2012-10-17": 3,
        "yes": 4,
    }


def test_json_with_everything_is_read() -> None:
    doc = {"Resources": {"A": {"Type": "T", "Properties": {"n": 1, "f": 1.5, "b": True, "z": None, "u": "ü"}}}}
    assert parse(json.dumps(doc)) == doc
    assert parse("\n\t" + json.dumps(doc, indent="\t")) == doc


def test_place_of_a_json_error_is_told() -> None:
    # localstack's test_validate_invalid_json_template_should_fail, validated on AWS
    assert _refused('{"this is invalid JSON"}') == "Template format error: JSON not well-formed. (line 1, column 24)"


def test_place_of_a_yaml_error_is_told() -> None:
    assert _refused("A:\n  B: [1\nC: 2") == "Template format error: YAML not well-formed. (line 3, column 2)"


def test_consecutive_short_forms_are_no_yaml() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-select.html
    assert _refused("A: !GetAZs !Ref 'AWS::Region'").startswith("Template format error: YAML not well-formed.")


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b", "[1, 2]", "12"])
def test_what_is_no_object_is_refused(text: str) -> None:
    assert _refused(text) == "Template format error: unsupported structure."


def test_duplicate_keys_are_refused() -> None:
    assert "Duplicate key 'A'" in _refused('{"A": 1, "B": {}, "A": 2}')
    assert "Duplicate key 'A'" in _refused('{"B": {"A": 1, "A": 2}}')
    assert "(Duplicate key 'A', line 3, column 1)" in _refused("A: 1\nB: 2\nA: 3")


def test_aliases_and_merges_are_refused() -> None:
    assert _refused("A: &x {b: 1}\nC: *x") == "Template error: YAML aliases are not allowed in CloudFormation templates"
    assert "YAML" in _refused("A: &x {b: 1}\nC:\n  <<: *x")
    assert parse("A: 's3:*'\nB: '*'") == {"A": "s3:*", "B": "*"}


@pytest.mark.parametrize("tag", ["!!binary aGVsbG8=", "!!set {a, b}", "!Explode x"])
def test_unsupported_tags_are_refused(tag: str) -> None:
    assert _refused(f"A: {tag}").startswith("Template format error: ")


def test_more_than_a_megabyte_is_refused() -> None:
    # https://github.com/aws-amplify/amplify-cli/issues/7680
    assert _refused("A: " + "x" * 1_000_000) == "Template may not exceed 1000000 bytes in size."
