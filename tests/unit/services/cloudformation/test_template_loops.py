"""Fn::ForEach, with the examples of AWS's documentation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach-examples.html
(-example-resource, -example-outputs, -example-conditions)
"""

from typing import Any

import pytest
from tests.support.template_scope import PaperTransforming, read

from trunkline.services.cloudformation import template

DECLARED = "AWSTemplateFormatVersion: 2010-09-09\nTransform: 'AWS::LanguageExtensions'\n"


async def processed(text: str, **parameters: Any) -> dict[str, Any]:
    doc = template.parse(DECLARED + text)
    template.Template(doc).check()
    found = await template.transform(doc, PaperTransforming(parameters))
    template.Template(found).check()
    return found


async def refusal(text: str, **parameters: Any) -> str:
    with pytest.raises(template.TransformError) as refused:
        await template.transform(template.parse(DECLARED + text), PaperTransforming(parameters))
    return refused.value.message


async def test_replicate_an_sns_resource() -> None:
    # -example-resource, "Replicate an Amazon SNS resource"
    found = await processed(
        """
Parameters: {pRepoARNs: {Description: ARN of SSO instance, Type: CommaDelimitedList}}
Resources:
  'Fn::ForEach::Topics':
    - TopicName
    - !Ref pRepoARNs
    - 'SnsTopic${TopicName}':
        Type: 'AWS::SNS::Topic'
        Properties:
          TopicName:
            'Fn::Join':
              - '.'
              - - !Ref TopicName
                - fifo
          FifoTopic: true
""",
        pRepoARNs=["Success", "Failure", "Timeout", "Unknown"],
    )
    assert list(found["Resources"]) == ["SnsTopicSuccess", "SnsTopicFailure", "SnsTopicTimeout", "SnsTopicUnknown"]
    assert found["Resources"]["SnsTopicTimeout"]["Properties"] == {
        "TopicName": {"Fn::Join": [".", ["Timeout", "fifo"]]},
        "FifoTopic": True,
    }
    assert "Transform" not in found


async def test_replicate_a_dynamodb_resource() -> None:
    # -example-resource, "Replicate an Amazon DynamoDB resource"
    found = await processed(
        """
Resources:
  'Fn::ForEach::Tables':
    - TableName
    - [Points, Score, Name, Leaderboard]
    - 'DynamoDB${TableName}':
        Type: 'AWS::DynamoDB::Table'
        Properties:
          TableName: !Ref TableName
          AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
          KeySchema: [{AttributeName: id, KeyType: HASH}]
          ProvisionedThroughput: {ReadCapacityUnits: '5', WriteCapacityUnits: '5'}
"""
    )
    names = {key: body["Properties"]["TableName"] for key, body in found["Resources"].items()}
    assert names == {f"DynamoDB{name}": name for name in ("Points", "Score", "Name", "Leaderboard")}


async def test_replicate_multiple_resources() -> None:
    # -example-resource, "Replicate multiple resources"
    found = await processed(
        """
Conditions: {TwoNatGateways: !Equals [a, a], ThreeNatGateways: !Equals [a, b]}
Mappings:
  NatGateway:
    Condition:
      B: TwoNatGateways
      C: ThreeNatGateways
Resources:
  'Fn::ForEach::Subnets': [S, [A, B, C], {'PublicSubnet${S}': {Type: 'AWS::EC2::Subnet'}}]
  'Fn::ForEach::NatGatewayAndEIP':
    - Identifier
    - [A, B, C]
    - 'NatGateway${Identifier}':
        Type: 'AWS::EC2::NatGateway'
        Properties:
          AllocationId: !GetAtt
            - !Sub 'NatGatewayAttachment${Identifier}'
            - AllocationId
          SubnetId: !Ref
            'Fn::Sub': 'PublicSubnet${Identifier}'
        Condition: !FindInMap [NatGateway, Condition, !Ref Identifier, DefaultValue: !Ref 'AWS::NoValue']
      'NatGatewayAttachment${Identifier}':
        Type: 'AWS::EC2::EIP'
        Properties: {Domain: vpc}
        Condition: !FindInMap [NatGateway, Condition, !Ref Identifier, DefaultValue: !Ref 'AWS::NoValue']
"""
    )
    resources = found["Resources"]
    assert resources["NatGatewayB"] == {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {
            "AllocationId": {"Fn::GetAtt": ["NatGatewayAttachmentB", "AllocationId"]},
            "SubnetId": {"Ref": "PublicSubnetB"},
        },
        "Condition": "TwoNatGateways",
    }
    assert "Condition" not in resources["NatGatewayA"]
    assert resources["NatGatewayAttachmentC"]["Condition"] == "ThreeNatGateways"


async def test_nested_loops() -> None:
    # -example-resource, "Replicate multiple resources using nested Fn::ForEach loops"
    found = await processed(
        """
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  'Fn::ForEach::SubnetResources':
    - Prefix
    - [Transit, Public]
    - 'Nacl${Prefix}Subnet':
        Type: 'AWS::EC2::NetworkAcl'
        Properties: {VpcId: !Ref VPC}
      'Fn::ForEach::LoopInner':
        - Suffix
        - [A, B, C]
        - '${Prefix}Subnet${Suffix}':
            Type: 'AWS::EC2::Subnet'
            Properties: {VpcId: !Ref VPC}
          'Nacl${Prefix}Subnet${Suffix}Association':
            Type: 'AWS::EC2::SubnetNetworkAclAssociation'
            Properties:
              SubnetId: !Ref
                'Fn::Sub': '${Prefix}Subnet${Suffix}'
              NetworkAclId: !Ref
                'Fn::Sub': 'Nacl${Prefix}Subnet'
"""
    )
    assert len(found["Resources"]) == 1 + 2 * (1 + 3 * 2)
    assert found["Resources"]["NaclPublicSubnetCAssociation"]["Properties"] == {
        "SubnetId": {"Ref": "PublicSubnetC"},
        "NetworkAclId": {"Ref": "NaclPublicSubnet"},
    }


async def test_replicated_properties() -> None:
    # -example-resource, "Reference replicated properties for an Amazon EC2 resource"
    found = await processed(
        """
Mappings:
  InstanceA: {Properties: {ImageId: ami-id1, InstanceType: m5.xlarge}}
  InstanceB: {Properties: {ImageId: ami-id2}}
  InstanceC: {Properties: {ImageId: ami-id3, InstanceType: m5.2xlarge, AvailabilityZone: us-east-1a}}
Resources:
  'Fn::ForEach::Instances':
    - InstanceLogicalId
    - [InstanceA, InstanceB, InstanceC]
    - '${InstanceLogicalId}':
        Type: 'AWS::EC2::Instance'
        Properties:
          DisableApiTermination: true
          UserData:
            Fn::Base64:
              !Sub |
                echo ${!HOME}
          'Fn::ForEach::Properties':
            - PropertyName
            - [ImageId, InstanceType, AvailabilityZone]
            - '${PropertyName}':
                'Fn::FindInMap':
                  - Ref: 'InstanceLogicalId'
                  - Properties
                  - Ref: 'PropertyName'
                  - {DefaultValue: !Ref 'AWS::NoValue'}
"""
    )
    properties = found["Resources"]["InstanceB"]["Properties"]
    assert properties["ImageId"] == "ami-id2"
    assert properties["InstanceType"] == properties["AvailabilityZone"] == {"Ref": "AWS::NoValue"}
    assert found["Resources"]["InstanceC"]["Properties"]["AvailabilityZone"] == "us-east-1a"


async def test_outputs_of_replicated_buckets() -> None:
    # -example-outputs, "Reference replicated AWS::S3::Bucket resources"
    found = await processed(
        """
Resources:
  'Fn::ForEach::Buckets':
    - Identifier
    - [A, B, C]
    - 'S3Bucket${Identifier}':
        Type: 'AWS::S3::Bucket'
        Properties:
          MetricsConfigurations: [{Id: !Sub 'EntireBucket${Identifier}'}]
        DeletionPolicy: Retain
        UpdateReplacePolicy: Retain
Outputs:
  'Fn::ForEach::BucketOutputs':
    - Identifier
    - [A, B, C]
    - 'Fn::ForEach::GetAttLoop':
        - Property
        - [Arn, DomainName, WebsiteURL]
        - 'S3Bucket${Identifier}${Property}':
            Value: !GetAtt
              - !Sub 'S3Bucket${Identifier}'
              - !Ref Property
"""
    )
    assert len(found["Outputs"]) == 9
    assert found["Outputs"]["S3BucketBDomainName"] == {"Value": {"Fn::GetAtt": ["S3BucketB", "DomainName"]}}


async def test_replicated_conditions() -> None:
    # -example-conditions, "Replicate a single condition"
    found = await processed(
        """
Parameters: {ParamA: {Type: String, AllowedValues: ['true', 'false']}, ParamB: {Type: String}}
Conditions:
  'Fn::ForEach::CheckTrue':
    - Identifier
    - [A, B]
    - 'IsParam${Identifier}Enabled': !Equals
        - !Ref
          'Fn::Sub': 'Param${Identifier}'
        - 'true'
Resources: {R: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}
""",
        ParamA="true",
        ParamB="false",
    )
    assert found["Conditions"]["IsParamAEnabled"] == {"Fn::Equals": [{"Ref": "ParamA"}, "true"]}


async def test_items_that_are_no_names() -> None:
    # "&{Identifier}": https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
    found = await processed(
        """
Resources:
  'Fn::ForEach::Topics':
    - TopicName
    - [shigematsu-kodai, a.b]
    - 'Topic&{TopicName}':
        Type: 'AWS::SNS::Topic'
        Properties: {TopicName: !Ref TopicName}
"""
    )
    names = {key: body["Properties"]["TopicName"] for key, body in found["Resources"].items()}
    assert names == {"Topicshigematsukodai": "shigematsu-kodai", "Topicab": "a.b"}


async def test_where_the_identifier_is_replaced() -> None:
    # measured on AWS: https://github.com/ministackorg/ministack/pull/1739
    found = await processed(
        """
Resources:
  'Fn::ForEach::X':
    - Item
    - [a]
    - 'P${Item}':
        Type: T
        Properties: {Plain: '${Item}', Sub: !Sub '${Item} &{Item} ${AWS::Region}', Inner: {'K${Item}': !Ref Item}}
"""
    )
    assert found["Resources"]["Pa"]["Properties"] == {
        "Plain": "${Item}",
        "Sub": {"Fn::Sub": "a &{Item} ${AWS::Region}"},
        "Inner": {"K${Item}": "a"},
    }


@pytest.mark.parametrize(
    "collection",
    ["!Ref L", "!FindInMap [M, a, b]", "!Split [',', 'x,y']", "[!Ref P, y]", "[!Sub ['${v}', {v: x}], y]"],
)
async def test_collections_may_be_worked_out(collection: str) -> None:
    text = (
        "Parameters: {L: {Type: CommaDelimitedList}, P: {Type: String}}\nMappings: {M: {a: {b: [x, y]}}}\n"
        f"Resources: {{'Fn::ForEach::Z': [I, {collection}, {{'R${{I}}': {{Type: T}}}}]}}"
    )
    found = await processed(text, L=["x", "y"], P="x")
    assert list(found["Resources"]) == ["Rx", "Ry"]


FAILED = "Transform AWS::LanguageExtensions failed with: "


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        # measured on AWS: https://github.com/ministackorg/ministack/pull/1739 and
        # https://dev.classmethod.jp/articles/cloudformation-foreach-non-alphanumeric-params/
        ("[I, abc, {'R${I}': {Type: T}}]", "Fn::ForEach layout is incorrect"),
        ("[I, [a]]", "Fn::ForEach layout is incorrect"),
        (
            "[I, !GetAtt A.L, {'R${I}': {Type: T}}]",
            "Could not find a collection or could not be resolved for Fn::ForEach",
        ),
        ("[I, [a], {'R${I}': {Type: T, Condition: 'Is${I}'}}]", "Key Is${I} is missing in the map."),
        ("[I, [a-b], {'R${I}': {Type: T}}]", "OutputKey 'Ra-b' should be alphanumeric"),
        ("[I, [a, b], {'R': {Type: T}}]", "Duplicate key 'R' when merging keys to parent object in Fn::ForEach"),
    ],
)
async def test_loops_that_cannot_be_unrolled_are_refused(loop: str, message: str) -> None:
    assert await refusal(f"Resources: {{A: {{Type: T}}, 'Fn::ForEach::L': {loop}}}") == FAILED + message


async def test_quotas_hold_for_what_loops_make() -> None:
    items = ", ".join(f"a{number}" for number in range(501))
    found = await template.transform(
        template.parse(f"{DECLARED}Resources: {{'Fn::ForEach::L': [I, [{items}], {{'R${{I}}': {{Type: T}}}}]}}"),
        PaperTransforming(),
    )
    with pytest.raises(template.TemplateError, match="Number of resources, 501, is greater than maximum allowed, 500"):
        template.Template(found).check()


async def test_what_needs_a_resource_is_left_and_declared() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ToJsonString.html
    found = await processed(
        "Parameters: {P: {Type: String}}\nResources:\n  A: {Type: T}\n"
        "  B: {Type: T, Properties: {X: !ToJsonString {arn: !GetAtt A.Arn, p: !Ref P}, Y: !ToJsonString [!Ref P]}}",
        P="v",
    )
    properties = found["Resources"]["B"]["Properties"]
    assert properties["Y"] == '["v"]'
    assert properties["X"] == {"Fn::ToJsonString": {"arn": {"Fn::GetAtt": ["A", "Arn"]}, "p": {"Ref": "P"}}}
    assert found["Transform"] == "AWS::LanguageExtensions"
    assert not read(DECLARED + "Resources: {R: {Type: T}}").pending


async def test_policies_may_depend_on_parameters() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
    text = """
Parameters: {Env: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Mappings: {Policies: {prod: {keep: Retain}, test: {keep: Delete}}}
Resources:
  A: {Type: T, DeletionPolicy: !If [IsProd, Retain, Delete], UpdateReplacePolicy: !FindInMap [Policies, !Ref Env, keep]}
"""
    for environment, policy in (("prod", "Retain"), ("test", "Delete")):
        made = (await processed(text, Env=environment))["Resources"]["A"]
        assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == (policy, policy)


async def test_find_in_map_with_functions_and_defaults() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap-enhancements.html
    found = await processed(
        """
Parameters: {InputKeys: {Type: String}}
Mappings: {MyMap: {topA: {SecondKey: found}}}
Resources:
  R:
    Type: T
    Properties:
      A: !FindInMap [MyMap, !Select [0, !Split ['|', !Ref InputKeys]], SecondKey]
      B: !FindInMap [InstanceConfiguration, !Ref 'AWS::Region', Type, DefaultValue: m5.small]
      C: !FindInMap [MyMap, nope, SecondKey, DefaultValue: !Ref Other]
  Other: {Type: T}
""",
        InputKeys="topA|topB",
    )
    assert found["Resources"]["R"]["Properties"] == {"A": "found", "B": "m5.small", "C": {"Ref": "Other"}}


async def test_length_of_a_resources_list_is_refused() -> None:
    # measured on AWS: https://github.com/ministackorg/ministack/pull/1739
    text = "Resources: {A: {Type: T}, B: {Type: T, Properties: {X: !Length {'Fn::GetAtt': [A, L]}}}}"
    assert await refusal(text) == FAILED + "The Fn::Length value could not be resolved for properties"
