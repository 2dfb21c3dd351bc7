"""What is wrong with a template by itself, in AWS's sentences.

Sources: AWS's documentation; messages marked `validated` are from localstack's snapshots taken on AWS
(https://github.com/localstack/localstack/tree/main/tests/aws/services/cloudformation).
"""

import json
from typing import Any

import pytest
from tests.support.template_scope import PaperScope, read

from trunkline.services.cloudformation import template

RESOURCE = "Resources: {R: {Type: 'AWS::SNS::Topic'}}\n"


def refusal(text: str) -> str:
    with pytest.raises(template.TemplateError) as refused:
        read(text).check()
    return refused.value.message


def resource(body: str) -> str:
    return f"Resources: {{A: {body}}}"


@pytest.mark.parametrize("text", ["Description: x", "Resources: {}", '{"Resources": {}}'])
def test_a_template_needs_resources(text: str) -> None:
    # validated: test_missing_resources_block
    assert refusal(text) == "Template format error: At least one Resources member must be defined."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RESOURCE + "Bogus: 1\nOther: 2", "Invalid template property or properties [Bogus, Other]"),
        (
            RESOURCE + "AWSTemplateFormatVersion: 2010-09-10",
            "Template format error: unsupported value for AWSTemplateFormatVersion.",
        ),
        (RESOURCE + "Parameters: []", "Template format error: Parameters section must be a map/object."),
        (RESOURCE + "Transform: {Name: !Ref X}", "Key Name of transform definition must be a string."),  # validated
        (
            RESOURCE + "Description: '" + "x" * 1025 + "'",
            "Template format error: 'Description' length is greater than 1024.",
        ),
        # validated: test_mapping_with_invalid_refs, ..._maximum_nesting_depth, ..._minimum_nesting_depth
        (
            RESOURCE + "Mappings: {M: {a: {b: !Ref X}}}",
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        (
            RESOURCE + "Mappings: {M: {a: {b: {c: d}}}}",
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        (RESOURCE + "Mappings: {M: {A: b}}", "Template format error: Every Mappings member A must be a map"),
        (
            RESOURCE + "Conditions: {C: !Ref P}\nParameters: {P: {Type: String}}",
            "Template format error: Conditions can only be boolean operations on parameters and other conditions",
        ),
    ],
)
def test_sections(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        # validated: test_resources_blocks
        (
            "{Properties: {}}",
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
        ),
        ("{Type: T, Invalid: 1}", "Invalid template resource property 'Invalid'"),
        ("text", "Template format error: [/Resources/A] resource definition is malformed"),
        ("{Type: T, DependsOn: {}}", "Template format error: DependsOn must be a string or list of strings."),
        ("{Type: T, DependsOn: [{Ref: A}]}", "Template format error: Every DependsOn value must be a string."),
        ("{Type: T, DeletionPolicy: {Ref: P}}", "Template format error: Every DeletionPolicy member must be a string."),
        (
            "{Type: T, DeletionPolicy: Keep}",
            "Template format error: Unrecognized DeletionPolicy Keep for resource A",
        ),
        (
            "{Type: T, UpdateReplacePolicy: RetainExceptOnCreate}",
            "Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource A",
        ),
        (
            "{Type: 'AWS::DynamoDB::Table', DeletionPolicy: Snapshot}",
            "Template error: resource type AWS::DynamoDB::Table does not support deletion policy Snapshot",
        ),
        # https://github.com/aws-cloudformation/cfn-lint/issues/38 has the path as AWS writes it
        (
            "{Type: 'AWS::EC2::Instance', Properties: {EbsOptimized: }}",
            "[/Resources/A/Type/EbsOptimized] 'null' values are not allowed in templates",
        ),
        ("{Type: T, Condition: Nope}", "Template format error: Condition Nope is not defined."),
        # validated: test_depends_on_with_missing_reference
        (
            "{Type: T, DependsOn: NonExistingResource}",
            "Template format error: Unresolved resource dependencies [NonExistingResource] in the Resources block of "
            "the template",
        ),
        (
            "{Type: T, Properties: {X: !Ref Q, Y: !Sub '${Z}'}}",
            "Template format error: Unresolved resource dependencies [Q, Z] in the Resources block of the template",
        ),
        (
            "{Type: T, Properties: {X: !GetAtt Q.Arn}}",
            "Template error: instance of Fn::GetAtt references undefined resource Q",
        ),
        (
            "{Type: T, Properties: {X: !Sub '${Q.Arn}'}}",
            "Template error: instance of Fn::Sub references invalid resource attribute Q.Arn",
        ),
        (
            "{Type: T, Properties: {X: !If [HasPublicIp, 1, 2]}}",
            "Template error: unresolved condition dependency HasPublicIp in Fn::If",
        ),
        (
            "{Type: T, Properties: {X: !FindInMap [Subnets, a, b]}}",
            "Template error: Mapping named 'Subnets' is not present in the 'Mappings' section of template.",
        ),
        (
            "{Type: T, Properties: {X: !ImportValue {'Fn::Sub': 'x-${A}'}}}",
            "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or "
            "Fn::GetAZs",
        ),
        (
            "{Type: T, Properties: {X: !GetAtt A}}",
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute",
        ),
        # https://github.com/cloudtools/troposphere/issues/479 and cloudformation-coverage-roadmap/issues/2034
        (
            "{Type: T, Properties: {X: !FindInMap [M, !Sub a, b]}}",
            "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
            "attribute for return value",
        ),
        (
            "{Type: T, Properties: {X: {'Fn::GetAtt': [A, !Sub Arn]}}}",
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute",
        ),
        ("{Type: T, Properties: {X: {Ref: [a]}}}", "Template error: every Ref object must have a single String value."),
        (
            "{Type: T, Properties: {X: !Join [a, b, c]}}",
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
            "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
        ),
        (
            "{Type: T, Properties: {X: !Select [x, [a]]}}",
            "Template error: Fn::Select requires a list argument with a valid index value as its first element",
        ),
        (
            "{Type: T, Properties: {X: !If [C, a]}}",
            "Template error: Fn::If requires a list argument with three elements",
        ),
        (
            "{Type: T, Properties: {X: !Sub [a]}}",
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
            "string as first argument, and an optional second argument to specify a mapping of values to replace in "
            "the string",
        ),
    ],
)
def test_resources(body: str, message: str) -> None:
    assert refusal(resource(body)) == message


@pytest.mark.parametrize("function", ["Fn::Length: [a]", "Fn::ToJsonString: {a: b}", "Fn::Foo: x"])
def test_functions_that_are_not_there_are_refused(function: str) -> None:
    message = refusal(resource(f"{{Type: T, Properties: {{X: {{{function}}}}}}}"))
    name = function.split(": ", maxsplit=1)[0]
    assert message.startswith(f"Template error: Encountered unsupported function: {name} Supported functions are: [")


def test_loops_need_the_language_extensions() -> None:
    # https://github.com/ministackorg/ministack/pull/1739, measured
    text = "Resources: {'Fn::ForEach::Topics': [X, [a], {'T${X}': {Type: T}}]}"
    assert refusal(text) == "Template format error: [/Resources/Fn::ForEach::Topics] resource definition is malformed"
    read("Transform: AWS::LanguageExtensions\n" + text).check()


def test_language_extensions_allow_more() -> None:
    text = resource(
        "{Type: T, DeletionPolicy: !Ref P, "
        "Properties: {X: !Length [a], Y: !ToJsonString {a: b}, Z: !Ref {'Fn::Sub': A}}}"
    )
    declared = "Transform: AWS::LanguageExtensions\nParameters: {P: {Type: String}}\n"
    read(declared + text).check()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        # validated: test_invalid_output_structure
        ("{Value: }", "[/Outputs/O/Value] 'null' values are not allowed in templates"),
        ("", "Template format error: Every Outputs member must contain a Value object"),
        ("{Description: x}", "Template format error: Every Outputs member must contain a Value object"),
        # https://github.com/ministackorg/ministack/pull/1650, measured
        (
            "{Value: !Equals [a, b]}",
            "Template format error: The Value field of every Outputs member must evaluate to a String.",
        ),
        ("{Value: [a]}", "Template format error: Every Value member must be a string."),
        (
            "{Value: !Ref Nope}",
            "Template format error: Unresolved resource dependencies [Nope] in the Outputs block of the template",
        ),
        (
            "{Value: a, Export: {Name: 'a b'}}",
            "Template format error: Output O is malformed. The Name field of every Export member must be specified and "
            "consist only of alphanumeric characters, colons, or hyphens.",
        ),
        (
            "{Value: a, Export: {Name: !Sub '${R}-x'}}",
            "Template format error: Output O is malformed. The Name field of Export must not depend on any resources, "
            "imported values, or Fn::GetAZs.",
        ),
        ("{Value: a, Condition: C}", "Template format error: Condition C is not defined."),
    ],
)
def test_outputs(output: str, message: str) -> None:
    assert refusal(f"{RESOURCE}Outputs: {{O: {output}}}") == message


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("{Default: a}", "Template format error: [/Parameters/P] Every Parameters object must contain a Type member."),
        ("{Type: Stringgg}", "Template format error: Unrecognized parameter type: Stringgg"),
        ("{Type: String, Foo: 1}", "Invalid template parameter property 'Foo'"),
        ("{Type: String, Default: }", "[/Parameters/P/Default] 'null' values are not allowed in templates"),
        (
            "{Type: String, Default: !Sub x}",
            "Template format error: [/Parameters/P] Every Default member must be a string.",
        ),
        ("text", "Template format error: Any Parameters member must be a JSON object."),
    ],
)
def test_parameters(parameter: str, message: str) -> None:
    assert refusal(f"{RESOURCE}Parameters: {{P: {parameter}}}") == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Resources: {my-bucket: {Type: T}}", "Template format error: Resource name my-bucket is non alphanumeric."),
        (
            RESOURCE + "Parameters: {a_b: {Type: String}}",
            "Template format error: Parameter name a_b is non alphanumeric.",
        ),
        (RESOURCE + "Outputs: {a-b: {Value: x}}", "Template format error: Output name a-b is non alphanumeric."),
        (
            RESOURCE + "Parameters: {R: {Type: String}}",
            "Template error: all resources and parameters must have unique names. Common name(s):[R]",
        ),
    ],
)
def test_names(text: str, message: str) -> None:
    assert refusal(text) == message


def test_literal_keys_of_mappings_must_be_there() -> None:
    # https://github.com/ministackorg/ministack/pull/1650, measured
    mappings = "Mappings: {M: {a: {b: c}}}\n"
    for keys in ("x, b", "a, y"):
        message = refusal(mappings + resource(f"{{Type: T, Properties: {{X: !FindInMap [M, {keys}]}}}}"))
        assert message == f"Template error: Unable to get mapping for M::{keys.replace(', ', '::')}"
    read(mappings + resource("{Type: T, Properties: {X: !FindInMap [M, !Ref 'AWS::Region', b]}}")).check()


LOOKUPS = """
Parameters: {Env: {Type: String}}
Mappings: {M: {a: {b: c}, c: {d: e}}}
Conditions: {Never: !Equals [a, b]}
Resources:
  A: {Type: T, Properties: {X: !FindInMap [M, !Ref Env, b], Y: !If [Never, !FindInMap [M, !Ref 'AWS::Region', b], x]}}
  B: {Type: T, Properties: {X: !FindInMap [M, !FindInMap [M, a, b], d]}}
  C: {Type: T, Condition: Never, Properties: {X: !FindInMap [M, !Ref Env, z]}}
"""


def test_lookups_that_find_nothing_are_refused_once_the_parameters_are_known() -> None:
    parsed = read(LOOKUPS)
    parsed.check()
    for value, message in (("a", None), ("z", "Template error: Unable to get mapping for M::z::b")):
        scope = PaperScope(parsed, {"Env": value})
        if message is None:
            template.check_lookups(parsed, ["A", "B"], scope, scope.conditions)
            continue
        with pytest.raises(template.TemplateError) as refused:
            template.check_lookups(parsed, ["A", "B"], scope, scope.conditions)
        assert refused.value.message == message


def test_resources_cannot_be_referred_to_in_conditions() -> None:
    # https://github.com/aws-samples/aws-refarch-moodle/pull/64
    assert refusal(RESOURCE + "Conditions: {C: !Equals [!Ref R, a]}") == (
        "Template format error: Unresolved dependencies [R]. Cannot reference resources in the Conditions block of the "
        "template"
    )


def test_conditions_in_conditions_must_be_there() -> None:
    assert refusal(RESOURCE + "Conditions: {C: !Not [!Condition D]}") == (
        "Template format error: Unresolved condition dependency D in the Conditions block of the template"
    )


def test_and_takes_two_to_ten() -> None:
    message = refusal(RESOURCE + "Conditions: {C: !And [!Equals [a, a]]}")
    assert (
        message
        == "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters."
    )


@pytest.mark.parametrize(
    ("section", "member", "most"),
    [
        ("Resources", {"Type": "AWS::SNS::Topic"}, 500),
        ("Parameters", {"Type": "String"}, 200),
        ("Outputs", {"Value": "x"}, 200),
        ("Mappings", {"a": {"b": "c"}}, 200),
    ],
)
def test_quotas(section: str, member: Any, most: int) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    # the sentence: https://github.com/dougmoscrop/serverless-plugin-split-stacks/issues/159
    doc = {"Resources": {"R": {"Type": "T"}}, section: {f"M{number}": member for number in range(most)}}
    read(json.dumps(doc)).check()
    doc[section]["More"] = member
    assert refusal(json.dumps(doc)) == (
        f"Template format error: Number of {section.lower()}, {most + 1}, is greater than maximum allowed, {most}"
    )


def test_undefined_names_are_found_in_branches_not_taken() -> None:
    text = "Conditions: {C: !Equals [a, b]}\n" + resource("{Type: T, Properties: {X: !If [C, !Ref Nope, a]}}")
    assert "Unresolved resource dependencies [Nope]" in refusal(text)


def test_nested_transforms_must_have_a_name() -> None:
    message = refusal(resource("{Type: T, Properties: {'Fn::Transform': {Name: !Ref X}}}"))
    assert message == "Key Name of transform definition must be a string."


def test_what_macros_may_change_is_left_for_them() -> None:
    read("Transform: MyMacro\nResources: {A: {Count: 3, Type: T}}\nWhatever: 1").check()
    read(
        "Transform: AWS::Serverless-2016-10-31\nGlobals: {}\nResources: {A: {Type: 'AWS::Serverless::Function'}}"
    ).check()
    read("Resources: {A: {Type: T, Properties: {'Fn::Transform': {Name: M}, X: !Ref Later}}}").check()


@pytest.mark.parametrize(
    "wanted",
    [
        (
            "AWS::SSM::Parameter",
            "Value",
            "SSM Secure reference is not supported in: [AWS::SSM::Parameter/Properties/Value]",
        ),
        ("AWS::RDS::DBInstance", "MasterUserPassword", None),
    ],
)
def test_secure_strings_only_go_where_aws_lets_them(wanted: tuple[str, str, str | None]) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm-secure-strings.html
    kind, name, message = wanted
    text = resource(f"{{Type: '{kind}', Properties: {{{name}: '{{{{resolve:ssm-secure:p:1}}}}'}}}}")
    if message is None:
        read(text).check()
    else:
        assert refusal(text) == message
