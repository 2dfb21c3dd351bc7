"""Templates as their authors write them, through the API: functions, parameters, transforms, dynamic references."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.stacks import Stacks


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


EVERYTHING = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Name: {Type: String, Default: world, AllowedPattern: '[a-z]+', ConstraintDescription: must be lower case}
  List: {Type: CommaDelimitedList, Default: 'a, b, c'}
  Port: {Type: Number, Default: 8080, MinValue: 1024}
  Prod: {Type: String, Default: yes, AllowedValues: [yes, no]}
Mappings: {M: {us-east-1: {size: small, zones: [x, y]}}}
Conditions: {IsProd: !Equals [!Ref Prod, true], IsTest: !Not [!Condition IsProd]}
Resources:
  First: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Sub 'hello ${Name}'}}
  Never: {Type: AWS::SSM::Parameter, Condition: IsTest, Properties: {Type: String, Value: x}}
  Second:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Description: !If [IsProd, !Ref 'AWS::NoValue', test]
      Value: !Join
        - '|'
        - [!GetAtt First.Value, !Select [1, !Ref List], !FindInMap [M, !Ref 'AWS::Region', size], !Ref Port]
Outputs:
  Joined: {Value: !GetAtt Second.Value}
  Zones: {Value: !Join [',', !FindInMap [M, us-east-1, zones]]}
  Split: {Value: !Select [2, !Split ['-', 'a-b-c']]}
  Encoded: {Value: !Base64 {'Fn::Sub': '${Name}'}}
  Blocks: {Value: !Join [',', !Cidr [10.0.0.0/16, 2, 8]]}
  Azs: {Value: !Select [0, !GetAZs '']}
  Where: {Value: !Sub '${AWS::Partition}:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}:${AWS::URLSuffix} ${!Kept}'}
  Ref: {Value: !Ref First, Export: {Name: !Sub '${AWS::StackName}-first'}}
  OnlyTest: {Condition: IsTest, Value: !Ref Never}
"""


def test_every_function_gives_its_value(stacks):
    assert stacks.create(EVERYTHING) == "CREATE_COMPLETE"
    outputs = stacks.outputs()
    assert outputs.pop("Ref") == stacks.physical("First")
    assert outputs.pop("Azs").startswith("us-east-1")
    assert outputs == {
        "Joined": "hello world|b|small|8080",
        "Zones": "x,y",
        "Split": "c",
        "Encoded": "d29ybGQ=",
        "Blocks": "10.0.0.0/24,10.0.1.0/24",
        "Where": f"aws:us-east-1:000000000000:{stacks.name}:amazonaws.com ${{Kept}}",
    }
    assert set(stacks.resources()) == {"First", "Second"}


def test_previous_values_are_kept_when_asked_for(stacks):
    given = [{"ParameterKey": "Name", "ParameterValue": "moon"}]
    stacks.create(EVERYTHING, Parameters=given)
    kept = [
        {"ParameterKey": "Name", "UsePreviousValue": True},
        {"ParameterKey": "Port", "ParameterValue": "9090"},
    ]
    assert stacks.update(EVERYTHING, Parameters=kept) == "UPDATE_COMPLETE"
    assert stacks.outputs()["Joined"] == "hello moon|b|small|9090"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("Name", "World", "Parameter Name failed to satisfy constraint: must be lower case"),
        ("Port", "80", "Parameter 'Port' must be a number not less than 1024"),
        ("Prod", "yes", "Parameter 'Prod' must be one of AllowedValues"),
        ("Other", "x", "Parameters: [Other] do not exist in the template"),
    ],
)
def test_values_that_break_a_constraint_are_refused(stacks, key, value, message):
    with pytest.raises(ClientError) as refused:
        stacks.create(EVERYTHING, Parameters=[{"ParameterKey": key, "ParameterValue": value}])
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert refused.value.response["Error"]["Message"] == message


def test_rules_refuse_before_anything_is_made(stacks, aws):
    body = """
Parameters: {Env: {Type: String}, Size: {Type: String}}
Rules:
  Small:
    RuleCondition: !Equals [!Ref Env, test]
    Assertions: [{Assert: !Contains [[small], !Ref Size], AssertDescription: tests are small}]
Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Size}}}
"""

    def given(env, size):
        return [
            {"ParameterKey": "Env", "ParameterValue": env},
            {"ParameterKey": "Size", "ParameterValue": size},
        ]

    with pytest.raises(ClientError, match="tests are small"):
        stacks.create(body, Parameters=given("test", "large"))
    assert stacks.create(body, Parameters=given("prod", "large")) == "CREATE_COMPLETE"


LOOPS = """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList}, Keep: {Type: String, Default: Delete}}
Resources:
  Fn::ForEach::Parameters:
    - Name
    - !Ref Names
    - 'Made&{Name}':
        Type: AWS::SSM::Parameter
        DeletionPolicy: !Ref Keep
        Properties:
          Name: !Sub '/${AWS::StackName}/${Name}'
          Type: String
          Value: !ToJsonString {name: !Ref Name, count: !Length {Ref: Names}}
  All:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !ToJsonString {first: !Ref Madea1, all: !Ref Names}}
Outputs:
  Fn::ForEach::Values:
    - Name
    - [a1, b]
    - 'Value${Name}': {Value: !GetAtt [!Sub 'Made${Name}', Value]}
"""


def test_loops_are_written_out_and_grow_with_their_list(stacks, aws):
    def given(names):
        return [{"ParameterKey": "Names", "ParameterValue": names}]

    expand = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}
    assert stacks.create(LOOPS, Parameters=given("a-1,b"), **expand) == "CREATE_COMPLETE"
    assert set(stacks.resources()) == {"Madea1", "Madeb", "All"}
    assert json.loads(stacks.outputs()["Valueb"]) == {"name": "b", "count": 2}
    ssm = aws("ssm")
    made = json.loads(ssm.get_parameter(Name=stacks.physical("All"))["Parameter"]["Value"])
    assert made == {"first": f"/{stacks.name}/a-1", "all": ["a-1", "b"]}
    assert stacks.update(LOOPS, Parameters=given("a-1,b,c"), **expand) == "UPDATE_COMPLETE"
    assert set(stacks.resources()) == {"Madea1", "Madeb", "Madec", "All"}
    assert json.loads(stacks.outputs()["Valueb"])["count"] == 3
    original = stacks.cfn.get_template(StackName=stacks.name, TemplateStage="Original")["TemplateBody"]
    assert original == LOOPS
    processed = stacks.cfn.get_template(StackName=stacks.name, TemplateStage="Processed")["TemplateBody"]
    processed = json.loads(processed) if isinstance(processed, str) else processed
    assert set(processed["Resources"]) == {"Madea1", "Madeb", "Madec", "All"}


def test_transforms_must_be_acknowledged(stacks):
    with pytest.raises(ClientError) as refused:
        stacks.create(LOOPS, Parameters=[{"ParameterKey": "Names", "ParameterValue": "a-1,b"}])
    assert refused.value.response["Error"]["Code"] == "InsufficientCapabilitiesException"
    assert refused.value.response["Error"]["Message"] == "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"


def test_snippets_are_included(stacks, aws, name):
    s3 = aws("s3")
    bucket = f"snippets-{name.lower()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="value.yaml", Body=b"Value: from the snippet\nDescription: included\n")
    body = f"""
Resources:
  P:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Fn::Transform: {{Name: 'AWS::Include', Parameters: {{Location: 's3://{bucket}/value.yaml'}}}}
"""
    assert stacks.create(body, Capabilities=["CAPABILITY_AUTO_EXPAND"]) == "CREATE_COMPLETE"
    value = aws("ssm").get_parameter(Name=stacks.physical("P"))["Parameter"]["Value"]
    assert value == "from the snippet"


def test_dynamic_references_are_resolved_and_never_told(stacks, aws, name):
    aws("ssm").put_parameter(Name=f"/{name}/plain", Value="one", Type="String")
    secret = aws("secretsmanager").create_secret(Name=f"{name}-secret", SecretString='{"user": "admin", "pin": 7}')
    body = f"""
Resources:
  P:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: '{{{{resolve:ssm:/{name}/plain:1}}}}/{{{{resolve:secretsmanager:{name}-secret:SecretString:user}}}}'
  Q:
    Type: AWS::SSM::Parameter
    Properties: {{Type: String, Value: !Sub '{{{{resolve:secretsmanager:{secret["ARN"]}:SecretString:pin}}}}'}}
"""
    assert stacks.create(body) == "CREATE_COMPLETE"
    ssm = aws("ssm")
    assert ssm.get_parameter(Name=stacks.physical("P"))["Parameter"]["Value"] == "one/admin"
    assert ssm.get_parameter(Name=stacks.physical("Q"))["Parameter"]["Value"] == "7"
    assert "{{resolve:" in stacks.cfn.get_template(StackName=stacks.name)["TemplateBody"]


def test_ssm_parameters_are_values_of_parameters(stacks, aws, name):
    aws("ssm").put_parameter(Name=f"/{name}/list", Value="x,y", Type="StringList")
    body = f"""
Parameters: {{L: {{Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /{name}/list}}}}
Resources: {{P: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Value: !Join ['+', !Ref L]}}}}}}
"""
    assert stacks.create(body) == "CREATE_COMPLETE"
    assert aws("ssm").get_parameter(Name=stacks.physical("P"))["Parameter"]["Value"] == "x+y"
    told = stacks.now()["Parameters"]
    assert told == [{"ParameterKey": "L", "ParameterValue": f"/{name}/list", "ResolvedValue": "x,y"}]


def test_validation_tells_parameters_and_capabilities(aws):
    cfn = aws("cloudformation")
    found = cfn.validate_template(
        TemplateBody="Description: d\nParameters: {A: {Type: String, Default: 1, NoEcho: true}}\n"
        "Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: x}}}"
    )
    assert found["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert found["CapabilitiesReason"] == "The following resource(s) require capabilities: [AWS::IAM::Role]"
    assert found["Parameters"] == [{"ParameterKey": "A", "DefaultValue": "****", "NoEcho": True}]
    with pytest.raises(ClientError) as refused:
        cfn.validate_template(TemplateBody='{"this is invalid JSON"}')
    assert refused.value.response["Error"]["Message"] == (
        "Template format error: JSON not well-formed. (line 1, column 24)"
    )


def test_rules_look_at_what_parameters_name(stacks, aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Department", "Value": "IT"}])
    body = """
Parameters: {Vpc: {Type: 'AWS::EC2::VPC::Id'}, Department: {Type: String}}
Rules:
  Owner:
    Assertions:
      - {Assert: !Equals [{'Fn::ValueOf': [Vpc, Tags.Department]}, !Ref Department], AssertDescription: not your VPC}
      - {Assert: !Contains [{'Fn::RefAll': 'AWS::EC2::VPC::Id'}, !Ref Vpc]}
Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Vpc}}}
"""

    def given(department):
        return [
            {"ParameterKey": "Vpc", "ParameterValue": vpc},
            {"ParameterKey": "Department", "ParameterValue": department},
        ]

    try:
        with pytest.raises(ClientError, match="not your VPC"):
            stacks.create(body, Parameters=given("HR"))
        assert stacks.create(body, Parameters=given("IT")) == "CREATE_COMPLETE"
    finally:
        ec2.delete_vpc(VpcId=vpc)


SERVERLESS = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, Timeout: 5, Environment: {Variables: {WHO: !Ref Who}}}}
Parameters: {Who: {Type: String, Default: world}}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.hello
      InlineCode: |
        import os
        def hello(event, context):
            return {"said": "hello " + os.environ["WHO"], "queue": event["queue"]}
      Policies: [{SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}}]
  Queue: {Type: AWS::SQS::Queue}
Outputs: {Function: {Value: !Ref Hello}, Role: {Value: !GetAtt HelloRole.Arn}}
"""


def test_serverless_functions_are_deployed(stacks, aws):
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    assert stacks.create(SERVERLESS, Capabilities=capabilities) == "CREATE_COMPLETE"
    assert set(stacks.resources()) == {"Hello", "HelloRole", "Queue"}
    configuration = aws("lambda").get_function_configuration(FunctionName=stacks.outputs()["Function"])
    assert configuration["Environment"]["Variables"] == {"WHO": "world"}
    assert configuration["Role"] == stacks.outputs()["Role"]
    given = [{"ParameterKey": "Who", "ParameterValue": "moon"}]
    assert stacks.update(SERVERLESS, Capabilities=capabilities, Parameters=given) == "UPDATE_COMPLETE"
    configuration = aws("lambda").get_function_configuration(FunctionName=stacks.outputs()["Function"])
    assert configuration["Environment"]["Variables"] == {"WHO": "moon"}
    assert stacks.delete() == "DELETE_COMPLETE"
