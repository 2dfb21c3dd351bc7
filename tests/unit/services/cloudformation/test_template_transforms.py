"""Transforms: macros in their order and scope, AWS::Include, AWS::Serverless.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
"""

from typing import Any

import pytest
from tests.support.template_scope import PaperTransforming

from trunkline.services.cloudformation import template

TOPIC = "Resources: {T: {Type: 'AWS::SNS::Topic'}}\n"


async def processed(text: str, parameters: dict[str, Any] | None = None, **known: Any) -> dict[str, Any]:
    return await template.transform(template.parse(text), PaperTransforming(parameters, **known))


async def refusal(text: str, **known: Any) -> str:
    with pytest.raises(template.TransformError) as refused:
        await processed(text, **known)
    return refused.value.message


def _appending(word: str) -> Any:
    def macro(fragment: Any, params: Any) -> Any:
        if "Resources" in fragment:
            value = fragment["Resources"]["Parameter"]["Properties"]["Value"]
            fragment["Resources"]["Parameter"]["Properties"]["Value"] = f"{value} {word}"
            return fragment
        return {**fragment, "Value": f"{fragment['Value']} {word}"}

    return macro


async def test_nested_macros_run_before_those_of_the_whole_template() -> None:
    # localstack's test_scope_order_and_parameters, validated on AWS
    macros = {word: _appending(word) for word in ("snippet", "second-snippet", "global", "second-global")}
    found = await processed(
        """
Transform: [global, second-global]
Resources:
  Parameter:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: start
      Fn::Transform: [{Name: snippet}, {Name: second-snippet}]
""",
        macros=macros,
    )
    properties = found["Resources"]["Parameter"]["Properties"]
    assert properties == {"Type": "String", "Value": "start snippet second-snippet global second-global"}
    assert "Transform" not in found


async def test_inner_macros_run_first() -> None:
    seen: list[Any] = []

    def macro(fragment: Any, params: Any) -> Any:
        seen.append((params["n"], fragment))
        return {**fragment, params["n"]: True}

    await processed(
        "Resources: {A: {Type: T, Properties: {B: {'Fn::Transform': {Name: m, Parameters: {n: inner}}}, "
        "'Fn::Transform': {Name: m, Parameters: {n: outer}}}}}",
        macros={"m": macro},
    )
    assert seen == [("inner", {}), ("outer", {"B": {"inner": True}})]


async def test_a_macro_sees_values_in_its_parameters_and_functions_in_its_fragment() -> None:
    # localstack's test_functions_and_references_during_transformation, validated on AWS
    seen: list[Any] = []

    def macro(fragment: Any, params: Any) -> Any:
        seen.append((fragment["Resources"]["P"]["Properties"], params))
        return fragment

    await processed(
        """
Transform: {Name: PrintReferences, Parameters: {Input: !Ref Substitution, Region: !Sub '${AWS::Region}'}}
Parameters: {Substitution: {Type: String}}
Resources: {P: {Type: T, Properties: {V: !Join [' ', [Hello, World]], W: !Ref Substitution}}}
""",
        {"Substitution": "CreateStackInput"},
        macros={"PrintReferences": macro},
    )
    fragment, params = seen[0]
    assert params == {"Input": "CreateStackInput", "Region": "us-east-1"}
    assert fragment == {"V": {"Fn::Join": [" ", ["Hello", "World"]]}, "W": {"Ref": "Substitution"}}


async def test_a_nested_macro_may_give_a_text() -> None:
    # https://github.com/aws-cloudformation/aws-cloudformation-templates, MacrosExamples/StringFunctions
    found = await processed(
        "Resources: {A: {Type: T, Properties: {X: {'Fn::Transform': {Name: String, Parameters: {In: !Ref P}}}}}}",
        {"P": "muffins"},
        macros={"String": lambda fragment, params: params["In"].upper()},
    )
    assert found["Resources"]["A"]["Properties"]["X"] == "MUFFINS"


async def test_a_macro_may_bring_another() -> None:
    macros = {
        "outer": lambda fragment, params: {
            "Resources": {"A": {"Type": "T", "Properties": {"Fn::Transform": {"Name": "inner"}}}}
        },
        "inner": lambda fragment, params: {"Made": True},
    }
    found = await processed(f"Transform: outer\n{TOPIC}", macros=macros)
    assert found["Resources"]["A"]["Properties"] == {"Made": True}


async def test_macro_that_gives_no_template_is_refused() -> None:
    # localstack's test_failed_state[return_invalid_template.py], validated on AWS
    message = await refusal(f"Transform: bad\n{TOPIC}", macros={"bad": lambda fragment, params: "text"})
    assert message == "Template format error: unsupported structure."


async def test_macro_that_is_not_there_is_refused() -> None:
    assert await refusal(f"Transform: Nope\n{TOPIC}") == "No transform named 123456789012::Nope found."


@pytest.mark.parametrize(
    "name", ["AWS::CodeDeployBlueGreen", "AWS::SecretsManager-2020-07-23", "AWS::ServiceCatalog", "AWS::Unheard-Of"]
)
async def test_transforms_of_aws_that_are_not_here_are_refused_by_name(name: str) -> None:
    assert (await refusal(f"Transform: '{name}'\n{TOPIC}")).startswith(f"Transform {name} is not supported")


async def test_language_extensions_are_declared_at_the_top_only() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
    message = await refusal(
        "Resources: {A: {Type: T, Properties: {'Fn::Transform': {Name: 'AWS::LanguageExtensions'}}}}"
    )
    assert message == "Transform AWS::LanguageExtensions can only be declared at the top level of a template."


INCLUDED = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html"


async def test_include_within_a_resource() -> None:
    # INCLUDED, "Syntax when the transform is embedded within a section of a template"
    found = await processed(
        """
Resources:
  MyWaitCondition:
    Type: AWS::CloudFormation::WaitCondition
    Metadata:
      Before: 1
      'Fn::Transform':
        Name: 'AWS::Include'
        Parameters: {Location: !Sub 's3://${Bucket}/single_wait_condition.yaml'}
""",
        {"Bucket": "amzn-s3-demo-bucket"},
        objects={"s3://amzn-s3-demo-bucket/single_wait_condition.yaml": "Included:\n  Deep: [1, 2]\n"},
    )
    assert found["Resources"]["MyWaitCondition"]["Metadata"] == {"Before": 1, "Included": {"Deep": [1, 2]}}


async def test_include_at_the_top_level_and_as_a_whole_section() -> None:
    # INCLUDED, "Syntax at the top level of a template"
    objects = {
        "s3://b/all": '{"Resources": {"B": {"Type": "T"}}, "Outputs": {"O": {"Value": "x"}}}',
        "s3://b/map": "a: {b: c}",
    }
    found = await processed(
        "Transform: {Name: 'AWS::Include', Parameters: {Location: 's3://b/all'}}\n"
        "Mappings: {M: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: 's3://b/map'}}}}\n"
        "Resources: {A: {Type: T}}",
        objects=objects,
    )
    assert set(found["Resources"]) == {"A", "B"}
    assert found["Outputs"] == {"O": {"Value": "x"}}
    assert found["Mappings"] == {"M": {"a": {"b": "c"}}}


@pytest.mark.parametrize(
    ("location", "content", "why"),
    [
        ("http://x/y", "", "The location parameter is not a valid S3 uri."),
        ("s3://b/k", "a: [", "The specified S3 object's content should be valid Yaml/JSON."),
        ("s3://b/k", "{'a': 1}", "The specified S3 object's content should be valid Yaml/JSON."),
        ("s3://b/k", "Fn::Transform: {Name: x}", "The specified S3 object's content should be valid Yaml/JSON."),
    ],
)
async def test_include_that_cannot_be_done_is_refused(location: str, content: str, why: str) -> None:
    text = f"Transform: {{Name: 'AWS::Include', Parameters: {{Location: '{location}'}}}}\n{TOPIC}"
    message = await refusal(text, objects={"s3://b/k": content})
    assert message == f"Transform AWS::Include failed with: {why}"


SERVERLESS = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: !Ref Timeout, Runtime: python3.12, MemorySize: 256}}
Parameters: {Timeout: {Type: Number}, Stage: {Type: String}}
Resources:
  HelloWorldFunction:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: 'def f(e, c): return 1'
      Handler: index.f
      AutoPublishAlias: !Ref Stage
      Policies: [AmazonDynamoDBReadOnlyAccess, {SQSPollerPolicy: {QueueName: !GetAtt Queue.QueueName}}]
      Events:
        Work: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 5}}
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}
  Queue: {Type: AWS::SQS::Queue}
  Table: {Type: AWS::Serverless::SimpleTable}
"""


async def test_serverless_functions_become_what_they_stand_for() -> None:
    # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
    found = await processed(SERVERLESS, {"Timeout": "7", "Stage": "live"})
    resources = found["Resources"]
    types = sorted(body["Type"] for body in resources.values())
    assert types == [
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::SQS::Queue",
    ]
    assert resources["HelloWorldFunction"]["Properties"]["MemorySize"] == 256
    assert resources["HelloWorldFunctionAliaslive"]["Properties"]["Name"] == "live"
    arns = resources["HelloWorldFunctionRole"]["Properties"]["ManagedPolicyArns"]
    assert "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess" in arns
    assert not {"Transform", "Globals"} & set(found)
    made = template.Template(found)
    made.check()
    template.graph(made, {})


async def test_serverless_mistakes_are_told_as_aws_does() -> None:
    message = await refusal(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Foo: 1}}}"
    )
    assert message.startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. "
        "Number of errors found: 1."
    )
    assert "Resource with id [F] is invalid" in message


async def test_applications_of_the_repository_are_refused_without_asking_it() -> None:
    message = await refusal(
        "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: 'AWS::Serverless::Application', "
        "Properties: {Location: {ApplicationId: 'arn:x', SemanticVersion: 1.0.0}}}}"
    )
    assert "Serverless Application Repository are not supported" in message


async def test_loops_and_serverless_go_together() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
    found = await processed(
        """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Resources:
  Fn::ForEach::Functions:
    - Name
    - [Alpha, Beta]
    - '${Name}Function':
        Type: AWS::Serverless::Function
        Properties: {InlineCode: x, Handler: index.f, Runtime: python3.12}
"""
    )
    functions = [name for name, body in found["Resources"].items() if body["Type"] == "AWS::Lambda::Function"]
    assert functions == ["AlphaFunction", "BetaFunction"]
