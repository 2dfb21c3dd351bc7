"""The examples of AWS's documentation for each intrinsic function, evaluated.

The page of a function is REFERENCE + its name:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
from typing import Any

import pytest
from tests.support.template_scope import STACK_ID, PaperScope, read, value_of

from trunkline.services.cloudformation import template

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-"
VPC = "Resources: {ExampleVpc: {Type: 'AWS::EC2::VPC'}, vpc: {Type: 'AWS::EC2::VPC'}}"


async def test_base64() -> None:
    # REFERENCE + base64.html
    assert await value_of('{ "Fn::Base64" : "AWS CloudFormation" }') == "QVdTIENsb3VkRm9ybWF0aW9u"


async def test_user_data_of_sub_and_base64() -> None:
    # REFERENCE + sub.html, "UserData commands", in YAML and JSON
    yaml_form = await value_of(
        "Fn::Base64:\n"
        "  !Sub |\n"
        "    #!/bin/bash -xe\n"
        "    yum update -y aws-cfn-bootstrap\n"
        "    /opt/aws/bin/cfn-signal -e $? --stack ${AWS::StackName} --region ${AWS::Region}\n"
    )
    json_form = await value_of(
        '{ "Fn::Base64": { "Fn::Join": ["\\n", ["#!/bin/bash -xe", "yum update -y aws-cfn-bootstrap",'
        '{ "Fn::Sub": "/opt/aws/bin/cfn-signal -e $? --stack ${AWS::StackName} --region ${AWS::Region}" }]]}}'
    )
    lines = base64.b64decode(yaml_form).decode()
    assert lines == base64.b64decode(json_form).decode() + "\n"
    assert lines.endswith("cfn-signal -e $? --stack mystack --region us-east-1\n")


async def test_cidr_of_ipv4() -> None:
    # REFERENCE + cidr.html, "Basic usage"
    expected = [f"192.168.0.{first}/27" for first in (0, 32, 64, 96, 128, 160)]
    assert await value_of('{ "Fn::Cidr" : [ "192.168.0.0/24", "6", "5"] }') == expected
    assert await value_of('!Cidr [ "192.168.0.0/24", 6, 5 ]') == expected


async def test_cidr_of_an_ipv6_enabled_vpc() -> None:
    # REFERENCE + cidr.html, "Creating an IPv6 enabled VPC"
    known: dict[str, Any] = {
        "attributes": {
            "ExampleVpc.CidrBlock": "10.0.0.0/16",
            "ExampleVpc.Ipv6CidrBlocks": ["2001:db8:1234:1a00::/56"],
        }
    }
    ipv4 = await value_of("!Select [ 0, !Cidr [ !GetAtt ExampleVpc.CidrBlock, 1, 8 ]]", VPC, **known)
    ipv6 = await value_of(
        "!Select [ 0, !Cidr [ !Select [ 0, !GetAtt ExampleVpc.Ipv6CidrBlocks], 1, 64 ]]", VPC, **known
    )
    assert (ipv4, ipv6) == ("10.0.0.0/24", "2001:db8:1234:1a00::/64")


async def test_cidr_that_does_not_fit_is_refused() -> None:
    with pytest.raises(template.TemplateError, match="cannot cut 5 blocks"):
        await value_of("!Cidr [10.0.0.0/24, 5, 6]")
    with pytest.raises(template.TemplateError, match="between 1 and 256"):
        await value_of("!Cidr [10.0.0.0/8, 257, 8]")


MAPPINGS = """
Mappings:
  RegionMap:
    us-east-1: {HVM64: "ami-0ff8a91507f77f867", HVMG2: "ami-0a584ac55a7631c0c"}
    us-west-1: {HVM64: "ami-0bdb828fd58c52235", HVMG2: "ami-066ee5fd4a9ef77f1"}
  Lists: {a: {b: [1, 2]}}
Resources: {R: {Type: 'AWS::SNS::Topic'}}
"""


async def test_find_in_map() -> None:
    # REFERENCE + findinmap.html
    found = await value_of("!FindInMap\n  - RegionMap\n  - !Ref 'AWS::Region'\n  - HVM64", MAPPINGS)
    assert found == "ami-0ff8a91507f77f867"
    assert await value_of("!FindInMap [Lists, a, b]", MAPPINGS) == [1, 2]


async def test_find_in_map_with_default_value() -> None:
    # REFERENCE + findinmap-enhancements.html
    found = await value_of("!FindInMap [RegionMap, eu-west-9, HVM64, DefaultValue: m5.small]", MAPPINGS)
    assert found == "m5.small"
    assert await value_of("!FindInMap [NoMap, a, b, DefaultValue: !Ref 'AWS::Region']", MAPPINGS) == "us-east-1"


async def test_what_no_mapping_has_is_refused() -> None:
    # localstack's test_mapping_with_nonexisting_key, validated on AWS
    with pytest.raises(
        template.TemplateError, match=r"^Template error: Unable to get mapping for RegionMap::C::Suffix$"
    ):
        await value_of("!FindInMap [RegionMap, C, Suffix]", MAPPINGS)


async def test_get_att() -> None:
    # REFERENCE + getatt.html
    known = {"attributes": {"myELB.DNSName": "my-elb.example.com", "Nested.Outputs.BucketName": "b"}}
    text = "Resources: {myELB: {Type: 'AWS::ElasticLoadBalancing::LoadBalancer'}, Nested: {Type: X}}"
    assert await value_of('"Fn::GetAtt" : [ "myELB" , "DNSName" ]', text, **known) == "my-elb.example.com"
    assert await value_of("!GetAtt myELB.DNSName", text, **known) == "my-elb.example.com"
    assert await value_of("Fn::GetAtt: myELB.DNSName", text, **known) == "my-elb.example.com"
    assert await value_of("!GetAtt Nested.Outputs.BucketName", text, **known) == "b"
    assert await value_of("!GetAtt [Nested, Outputs, BucketName]", text, **known) == "b"


@pytest.mark.parametrize(
    "expression",
    [
        '{ "Fn::GetAZs" : "" }',
        '{ "Fn::GetAZs" : { "Ref" : "AWS::Region" } }',
        '{ "Fn::GetAZs" : "us-east-1" }',
        "!GetAZs",
    ],
)
async def test_get_azs(expression: str) -> None:
    # REFERENCE + getavailabilityzones.html, "Evaluate Regions"
    assert await value_of(expression) == ["us-east-1a", "us-east-1b", "us-east-1c"]


async def test_zone_of_a_subnet() -> None:
    # REFERENCE + getavailabilityzones.html, "Specify a subnet's Availability Zone"
    assert await value_of("!Select\n  - 0\n  - Fn::GetAZs: !Ref 'AWS::Region'") == "us-east-1a"
    assert await value_of("!Select\n  - 0\n  - !GetAZs\n    Ref: 'AWS::Region'") == "us-east-1a"


async def test_import_value() -> None:
    # REFERENCE + importvalue.html
    known: dict[str, Any] = {
        "parameters": {"NetworkStackNameParameter": "SampleNetworkCrossStack"},
        "exports": {"SampleNetworkCrossStack-SecurityGroupID": "sg-1234"},
    }
    found = await value_of("Fn::ImportValue: !Sub '${NetworkStackNameParameter}-SecurityGroupID'", **known)
    assert found == "sg-1234"


async def test_split_an_imported_value() -> None:
    # REFERENCE + split.html, "Split an imported output value"
    found = await value_of(
        '!Select [2, !Split [",", !ImportValue AccountSubnetIDs]]', exports={"AccountSubnetIDs": "a,b,c"}
    )
    assert found == "c"


async def test_join() -> None:
    # REFERENCE + join.html
    assert await value_of('"Fn::Join" : [ ":", [ "a", "b", "c" ] ]') == "a:b:c"
    found = await value_of(
        "!Join\n  - ''\n  - - 'arn:'\n    - !Ref AWS::Partition\n    - ':s3:::elasticbeanstalk-*-'\n"
        "    - !Ref AWS::AccountId\n"
    )
    assert found == "arn:aws:s3:::elasticbeanstalk-*-123456789012"
    assert await value_of("!Join [',', !Ref L]", parameters={"L": ["x", "y"]}) == "x,y"
    assert await value_of("!Join ['-', [1, true, 1.5, !Ref 'AWS::NoValue']]") == "1-true-1.5"


async def test_select() -> None:
    # REFERENCE + select.html
    fruits = '[ "apples", "grapes", "oranges", "mangoes" ]'
    assert await value_of('{ "Fn::Select" : [ "1", ' + fruits + " ] }") == "grapes"
    blocks = ["10.0.48.0/24", "10.0.112.0/24", "10.0.176.0/24"]
    found = await value_of(
        '{"Fn::Select" : [ "0", {"Ref": "DbSubnetIpBlocks"} ]}', parameters={"DbSubnetIpBlocks": blocks}
    )
    assert found == "10.0.48.0/24"


async def test_select_beyond_the_list_is_refused() -> None:
    with pytest.raises(
        template.TemplateError, match=r"^Template error: Fn::Select cannot select nonexistent value at index 4$"
    ):
        await value_of("!Select [4, [a]]")


async def test_split() -> None:
    # REFERENCE + split.html
    assert await value_of('{ "Fn::Split" : [ "|" , "a|b|c" ] }') == ["a", "b", "c"]
    assert await value_of('{ "Fn::Split" : [ "|" , "a||c|" ] }') == ["a", "", "c", ""]


async def test_sub_with_a_mapping() -> None:
    # REFERENCE + sub.html, "Fn::Sub with a mapping"
    parameters = {"RootDomainName": "example.com"}
    expression = '{ "Fn::Sub": [ "www.${Domain}", { "Domain": {"Ref" : "RootDomainName" }} ]}'
    assert await value_of(expression, parameters=parameters) == "www.example.com"
    assert await value_of("!Sub\n  - www.${Domain}\n  - { Domain: !Ref RootDomainName }", parameters=parameters) == (
        "www.example.com"
    )


async def test_sub_without_a_mapping() -> None:
    # REFERENCE + sub.html, "Fn::Sub without a mapping"
    found = await value_of(
        "!Sub 'arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${vpc}'", VPC, ids={"vpc": "vpc-1a2b3c"}
    )
    assert found == "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1a2b3c"


async def test_sub_with_attributes_and_literals() -> None:
    known: dict[str, Any] = {"attributes": {"vpc.CidrBlock": "10.0.0.0/16"}, "parameters": {"N": "1"}}
    found = await value_of(
        "!Sub '${vpc.CidrBlock} ${!Literal} $${N} ${ N } {x} [${AWS::NotificationARNs}]'", VPC, **known
    )
    assert found == "10.0.0.0/16 ${Literal} $1 1 {x} []"


async def test_sub_of_a_list_is_refused() -> None:
    with pytest.raises(template.TemplateError) as refused:
        await value_of("!Sub '${L}'", parameters={"L": ["a", "b"]})
    assert refused.value.message == "Template error: variable L in Fn::Sub expression does not resolve to a string"


async def test_sub_with_a_strange_variable_is_refused() -> None:
    # https://github.com/ministackorg/ministack/pull/1739: measured for a variable inside a variable
    with pytest.raises(template.TemplateError, match="variable names in Fn::Sub syntax must contain only alphanumeric"):
        await value_of("!Sub '${a b}'")
    with pytest.raises(template.TemplateError, match="variable names in Fn::Sub syntax must contain only alphanumeric"):
        await value_of("!Sub '${Param${Item}}'")
    with pytest.raises(template.TemplateError, match="variable names in Fn::Sub syntax must contain only alphanumeric"):
        await value_of("!Sub 'echo ${HOME:-/root}'")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS::AccountId", "123456789012"),
        ("AWS::Partition", "aws"),
        ("AWS::Region", "us-east-1"),
        ("AWS::StackId", STACK_ID),
        ("AWS::StackName", "mystack"),
        ("AWS::URLSuffix", "amazonaws.com"),
        ("AWS::NotificationARNs", []),
    ],
)
async def test_pseudo_parameters(name: str, value: object) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
    assert await value_of(f"!Ref '{name}'") == value


def test_partitions_have_their_own_suffix() -> None:
    china = template.pseudo_parameters("1", "cn-north-1", "id", "name")
    assert (china["AWS::Partition"], china["AWS::URLSuffix"]) == ("aws-cn", "amazonaws.com.cn")
    assert template.pseudo_parameters("1", "us-gov-west-1", "id", "name")["AWS::Partition"] == "aws-us-gov"


async def test_ref_of_parameters_and_resources() -> None:
    # REFERENCE + ref.html
    known: dict[str, Any] = {"ids": {"MyEC2Instance": "i-1"}, "parameters": {"P": "v", "L": ["a"]}}
    text = "Resources: {MyEC2Instance: {Type: 'AWS::EC2::Instance'}}"
    assert await value_of("[!Ref MyEC2Instance, !Ref P, !Ref L]", text, **known) == ["i-1", "v", ["a"]]


async def test_get_stack_output() -> None:
    # REFERENCE + getstackoutput.html
    outputs = {("network-stack", "VpcId"): "vpc-1"}
    assert (
        await value_of("Fn::GetStackOutput: {StackName: network-stack, OutputName: VpcId}", outputs=outputs) == "vpc-1"
    )
    with pytest.raises(template.TemplateError, match="requires StackName and OutputName"):
        await value_of("Fn::GetStackOutput: {StackName: network-stack}")


async def test_length() -> None:
    # REFERENCE + length.html
    assert await value_of('Fn::Length: !Split ["|", "a|b|c"]') == 3
    assert await value_of("Fn::Length: !Ref ListParameter", parameters={"ListParameter": ["1", "2", "3"]}) == 3
    assert await value_of("Fn::Length: [1, !Ref P, 3]", parameters={"P": "2"}) == 3


async def test_to_json_string() -> None:
    # REFERENCE + ToJsonString.html (whose first result is misprinted there: an object has one pair of braces)
    parameters = {"ParameterName": "resolvedValue"}
    found = await value_of("Fn::ToJsonString:\n  key1: value1\n  key2: !Ref ParameterName", parameters=parameters)
    assert found == '{"key1":"value1","key2":"resolvedValue"}'
    found = await value_of("Fn::ToJsonString:\n  - key1: value1\n    key2: !Ref ParameterName", parameters=parameters)
    assert json.loads(found) == [{"key1": "value1", "key2": "resolvedValue"}]


async def test_what_only_the_running_stack_knows_is_marked() -> None:
    text = "Resources: {A: {Type: T}, B: {Type: T}}"
    unknown = template.UNKNOWN
    assert await value_of("!Ref A", text) == unknown
    assert await value_of("!GetAtt A.Arn", text) == unknown
    assert await value_of("!Join ['-', [a, !Ref A]]", text) == f"a-{unknown}"
    assert await value_of("!Sub 'x${A.Arn}'", text) == f"x{unknown}"
    for expression in (
        "!Split [',', !Ref A]",
        "!Select [1, !GetAtt A.L]",
        "!Cidr [!GetAtt A.C, 1, 8]",
        "!Base64 {Ref: A}",
    ):
        assert await value_of(expression, text) == unknown
    assert template.is_unknown({"a": [await value_of("!Sub 'x${A}'", text)]})


async def test_unknown_function_is_refused() -> None:
    with pytest.raises(template.TemplateError, match="Encountered unsupported function: Fn::Nonsense"):
        await value_of("Fn::Nonsense: x")


async def test_only_the_chosen_branch_is_asked_for() -> None:
    parsed = read("Conditions: {C: !Equals [a, a]}\nResources: {A: {Type: T}, B: {Type: T}}")
    scope = PaperScope(parsed, ids={"A": "a"})
    assert await template.evaluate({"Fn::If": ["C", {"Ref": "A"}, {"Ref": "B"}]}, scope) == "a"
    assert scope.asked == ["A"]
