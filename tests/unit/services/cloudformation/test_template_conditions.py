"""Conditions, Fn::If and Rules, with the examples of AWS's documentation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
"""

from typing import Any

import pytest
from tests.support.template_scope import PaperScope, read

from trunkline.services.cloudformation import template

CONDITIONS = """
Parameters: {EnvironmentType: {Type: String}, ASecurityGroup: {Type: String}}
Conditions:
  UseProdCondition: !Equals [!Ref EnvironmentType, prod]
  MyNotCondition: !Not [!Equals [!Ref EnvironmentType, prod]]
  SomeOtherCondition: !Condition UseProdCondition
  MyAndCondition: !And
    - !Equals ["sg-mysggroup", !Ref ASecurityGroup]
    - !Condition SomeOtherCondition
  MyOrCondition:
    !Or [!Equals [sg-mysggroup, !Ref ASecurityGroup], Condition: SomeOtherCondition]
Resources: {R: {Type: 'AWS::SNS::Topic'}}
"""


@pytest.mark.parametrize(
    ("environment", "group", "expected"),
    [
        ("prod", "sg-mysggroup", "UseProdCondition SomeOtherCondition MyAndCondition MyOrCondition"),
        ("prod", "sg-other", "UseProdCondition SomeOtherCondition MyOrCondition"),
        ("test", "sg-mysggroup", "MyNotCondition MyOrCondition"),
        ("test", "sg-other", "MyNotCondition"),
    ],
)
def test_condition_functions(environment: str, group: str, expected: str) -> None:
    # "Fn::And", "Fn::Equals", "Fn::Not" and "Fn::Or": their examples, in one template
    parsed = read(CONDITIONS)
    parsed.check()
    found = PaperScope(parsed, {"EnvironmentType": environment, "ASecurityGroup": group}).conditions
    assert {name for name, holds in found.items() if holds} == set(expected.split())


async def test_if_removes_what_has_no_value() -> None:
    # "Fn::If", example 3
    parsed = read(
        """
Parameters: {DBSnapshotName: {Type: String, Default: ''}}
Conditions: {UseDBSnapshot: !Not [!Equals [!Ref DBSnapshotName, '']]}
Resources:
  MyDB:
    Type: "AWS::RDS::DBInstance"
    Properties:
      AllocatedStorage: 5
      DBSnapshotIdentifier:
        !If [UseDBSnapshot, !Ref DBSnapshotName, !Ref "AWS::NoValue"]
      Tags: [!If [UseDBSnapshot, {Key: a, Value: b}, !Ref "AWS::NoValue"], {Key: c, Value: d}]
"""
    )
    properties = parsed.resources["MyDB"].properties
    without = await template.evaluate(properties, PaperScope(parsed, {"DBSnapshotName": ""}))
    assert without == {"AllocatedStorage": 5, "Tags": [{"Key": "c", "Value": "d"}]}
    with_it = await template.evaluate(properties, PaperScope(parsed, {"DBSnapshotName": "snap"}))
    assert with_it["DBSnapshotIdentifier"] == "snap"
    assert len(with_it["Tags"]) == 2


async def test_if_of_an_update_policy() -> None:
    # "Fn::If", example 4
    parsed = read(
        """
Conditions: {RollingUpdates: !Equals [a, b]}
Resources:
  ASG:
    Type: AWS::AutoScaling::AutoScalingGroup
    UpdatePolicy:
      AutoScalingRollingUpdate:
        !If
          - RollingUpdates
          -
            MaxBatchSize: 2
            PauseTime: PT0M30S
          - !Ref "AWS::NoValue"
"""
    )
    assert await template.evaluate(parsed.resources["ASG"].update_policy, PaperScope(parsed)) == {}


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [("true", "'true'", True), ("1", "'1'", True), ("1.5", "'1.5'", True), ("a", "A", False), ("[a]", "[a]", True)],
)
def test_equality_compares_texts(left: str, right: str, equal: bool) -> None:
    parsed = read(f"Conditions: {{C: !Equals [{left}, {right}]}}\nResources: {{R: {{Type: T}}}}")
    assert PaperScope(parsed).conditions == {"C": equal}


def test_conditions_may_look_into_mappings_and_texts() -> None:
    parsed = read(
        """
Parameters: {L: {Type: CommaDelimitedList}}
Mappings: {M: {us-east-1: {x: 'yes'}}}
Conditions:
  A: !Equals [!FindInMap [M, !Ref 'AWS::Region', x], 'yes']
  B: !Equals [!Select [0, !Ref L], !Join ['', [a, b]]]
  C: !Equals [!Sub '${AWS::Region}-x', us-east-1-x]
  D: !Equals [!Join ['', !Ref L], '']
Resources: {R: {Type: T}}
"""
    )
    parsed.check()
    assert PaperScope(parsed, {"L": ["ab"]}).conditions == {"A": True, "B": True, "C": True, "D": False}


def test_circular_conditions_are_refused() -> None:
    with pytest.raises(template.TemplateError, match=r"^Template error: Found circular condition dependency: A, B$"):
        PaperScope(read("Conditions: {A: !Not [!Condition B], B: !Condition A}\nResources: {R: {Type: T}}"))


def _rules(text: str, facts: template.Facts | None = None, **parameters: Any) -> None:
    parsed = read(text)
    parsed.check()
    template.rules(parsed, PaperScope(parsed, parameters), facts)


RULES = """
Parameters:
  Environment: {Type: String}
  InstanceType: {Type: String}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
Rules:
  testInstanceType:
    RuleCondition: !Equals [!Ref Environment, test]
    Assertions:
      - Assert:
          'Fn::Contains':
            - - a1.medium
            - !Ref InstanceType
        AssertDescription: 'For a test environment, the instance type must be a1.medium'
  prodInstanceType:
    RuleCondition: !Equals [!Ref Environment, prod]
    Assertions:
      - Assert:
          'Fn::Contains':
            - - a1.large
            - !Ref InstanceType
        AssertDescription: 'For a production environment, the instance type must be a1.large'
  subnets:
    Assertions:
      - Assert: {'Fn::EachMemberIn': [!Ref Subnets, [subnet-1, subnet-2]]}
Resources: {R: {Type: T}}
"""


def test_rules_that_hold_or_do_not_apply_pass() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
    _rules(RULES, Environment="test", InstanceType="a1.medium", Subnets=["subnet-1"])
    _rules(RULES, Environment="stage", InstanceType="any", Subnets=["subnet-1", "subnet-2"])


def test_failed_rule_gives_its_description() -> None:
    with pytest.raises(template.TemplateError, match=r"For a test environment, the instance type must be a1.medium"):
        _rules(RULES, Environment="test", InstanceType="a1.large", Subnets=["subnet-1"])
    with pytest.raises(template.TemplateError, match="Rule subnets"):
        _rules(RULES, Environment="x", InstanceType="x", Subnets=["subnet-3"])


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        (
            '{"Fn::And": [{"Fn::Equals": ["sg-mysggroup", {"Ref": "G"}]}, '
            '{"Fn::Contains": [["m1.large"], {"Ref": "T"}]}]}',
            True,
        ),
        ('{"Fn::Or": [{"Fn::Equals": ["x", {"Ref": "G"}]}, {"Fn::Contains": [["m1.small"], {"Ref": "T"}]}]}', False),
        ('{"Fn::Not": [{"Fn::Equals": [{"Ref": "G"}, "prod"]}]}', True),
        ('{"Fn::EachMemberEquals": [["IT", "IT"], "IT"]}', True),
        ('{"Fn::EachMemberIn": [["a", "b"], ["a"]]}', False),
    ],
)
def test_rule_functions(expression: str, holds: bool) -> None:
    text = (
        '{"Parameters": {"G": {"Type": "String"}, "T": {"Type": "String"}}, "Resources": {"R": {"Type": "T"}}, '
        '"Rules": {"X": {"Assertions": [{"Assert": ' + expression + "}]}}}"
    )
    if holds:
        _rules(text, G="sg-mysggroup", T="m1.large")
    else:
        with pytest.raises(template.TemplateError):
            _rules(text, G="sg-mysggroup", T="m1.large")


def test_rule_of_the_cdk_bootstrap() -> None:
    text = """
Parameters: {BootstrapVersion: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /cdk-bootstrap/hnb659fds/version}}
Rules:
  CheckBootstrapVersion:
    Assertions:
      - Assert: {Fn::Not: [{Fn::Contains: [["1", "2", "3", "4", "5"], {Ref: BootstrapVersion}]}]}
        AssertDescription: CDK bootstrap stack version 6 required.
Resources: {R: {Type: T}}
"""
    _rules(text, BootstrapVersion="28")
    with pytest.raises(template.TemplateError, match=r"CDK bootstrap stack version 6 required."):
        _rules(text, BootstrapVersion="3")


FACTS = """
Parameters: {ElbVpc: {Type: 'AWS::EC2::VPC::Id'}, Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}}
Rules:
  Department:
    Assertions: [{Assert: {'Fn::Equals': [{'Fn::ValueOf': [ElbVpc, Tags.Department]}, IT]}}]
  SubnetsInVPC:
    Assertions:
      - Assert:
          'Fn::EachMemberIn': [{'Fn::ValueOfAll': ['AWS::EC2::Subnet::Id', VpcId]}, {'Fn::RefAll': 'AWS::EC2::VPC::Id'}]
        AssertDescription: All subnets must be in a VPC of this account
Resources: {R: {Type: T}}
"""


def test_rules_ask_the_account() -> None:
    # "Fn::ValueOf", "Fn::ValueOfAll", "Fn::RefAll" and "Fn::EachMemberIn": their examples
    parsed = read(FACTS)
    department, vpcs, all_vpcs = template.facts_asked(parsed)
    assert department == template.Fact("Fn::ValueOf", "ElbVpc", "Tags.Department")
    assert vpcs == template.Fact("Fn::ValueOfAll", "AWS::EC2::Subnet::Id", "VpcId")
    assert all_vpcs == template.Fact("Fn::RefAll", "AWS::EC2::VPC::Id")
    given = {"ElbVpc": "vpc-1", "Subnets": ["subnet-1", "subnet-2"]}
    _rules(FACTS, {department: "IT", vpcs: ["vpc-1", "vpc-1"], all_vpcs: ["vpc-1", "vpc-2"]}, **given)
    with pytest.raises(template.TemplateError, match="All subnets must be in a VPC of this account"):
        _rules(FACTS, {department: "IT", vpcs: ["vpc-1", "vpc-9"], all_vpcs: ["vpc-1", "vpc-2"]}, **given)
    with pytest.raises(template.TemplateError, match="Fn::ValueOf needs to know"):
        _rules(FACTS, {}, **given)
