"""What ValidateTemplate and GetTemplateSummary tell.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplateSummary.html
"""

import pytest
from tests.support.template_scope import read

from trunkline.services.cloudformation import template

IAM, NAMED, EXPAND = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"


@pytest.mark.parametrize(
    ("text", "needed", "reason"),
    [
        ("Resources: {T: {Type: 'AWS::SNS::Topic'}}", (), None),
        (
            "Resources: {R: {Type: 'AWS::IAM::Role'}, P: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: x}}}",
            (IAM,),
            "The following resource(s) require capabilities: [AWS::IAM::Role, AWS::IAM::Policy]",
        ),
        (
            "Resources: {P: {Type: 'AWS::IAM::Policy'}, R: {Type: 'AWS::IAM::Role', Properties: {RoleName: !Ref X}}}",
            (NAMED,),
            "The following resource(s) require capabilities: [AWS::IAM::Role]",
        ),
        ("Transform: AWS::Serverless-2016-10-31\nResources: {T: {Type: X}}", (EXPAND,), None),
        ("Resources: {T: {Type: X, Properties: {'Fn::Transform': {Name: M}}}}", (EXPAND,), None),
        (
            "Transform: [M]\nResources: {G: {Type: 'AWS::IAM::Group', Properties: {GroupName: g}}}",
            (NAMED, EXPAND),
            "The following resource(s) require capabilities: [AWS::IAM::Group]",
        ),
    ],
)
def test_capabilities(text: str, needed: tuple[str, ...], reason: str | None) -> None:
    found = template.capabilities(read(text))
    assert (found.needed, found.reason) == (needed, reason)


def test_nested_stacks_may_need_anything() -> None:
    text = "Resources: {N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: x}}}"
    told = template.summary(read(text)).capabilities
    assert set(told.needed) == {NAMED, EXPAND}
    assert told.reason == "The following resource(s) require capabilities: [AWS::CloudFormation::Stack]"
    assert template.capabilities(read(text)).needed == ()


def test_summary_of_a_template() -> None:
    found = template.summary(
        read(
            """
AWSTemplateFormatVersion: 2010-09-09
Description: what it is
Transform: [Outer, {Name: 'AWS::Include', Parameters: {Location: s3://a/b}}]
Metadata: {TopicName: sns-topic-simple}
Parameters:
  Plain: {Type: String}
  Secret: {Type: String, NoEcho: true, Default: hunter2, Description: do not tell}
  Size: {Type: Number, Default: 1, AllowedValues: [1, 2]}
Resources:
  A: {Type: 'AWS::SNS::Topic', Properties: {'Fn::Transform': {Name: Inner}}}
  B: {Type: 'AWS::SQS::Queue'}
  C: {Type: 'AWS::SNS::Topic'}
"""
        )
    )
    assert found.version == "2010-09-09"
    assert found.description == "what it is"
    assert found.metadata == {"TopicName": "sns-topic-simple"}
    assert found.declared_transforms == ["Outer", "AWS::Include", "Inner"]
    assert found.resources_by_type == {"AWS::SNS::Topic": ["A", "C"], "AWS::SQS::Queue": ["B"]}
    assert found.parameters == [
        {"ParameterKey": "Plain", "ParameterType": "String", "NoEcho": False, "ParameterConstraints": {}},
        {
            "ParameterKey": "Secret",
            "DefaultValue": "****",
            "ParameterType": "String",
            "NoEcho": True,
            "Description": "do not tell",
            "ParameterConstraints": {},
        },
        {
            "ParameterKey": "Size",
            "DefaultValue": "1",
            "ParameterType": "Number",
            "NoEcho": False,
            "ParameterConstraints": {"AllowedValues": ["1", "2"]},
        },
    ]
