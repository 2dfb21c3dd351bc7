"""The types that can be deployed here, with their schemas."""

import json

import pytest
from botocore.exceptions import ClientError


def test_types_are_listed_by_prefix_in_pages(aws):
    cfn = aws("cloudformation")
    pages = cfn.get_paginator("list_types").paginate(
        Visibility="PUBLIC", Filters={"TypeNamePrefix": "AWS::SSM::"}, PaginationConfig={"PageSize": 2}
    )
    names = [one["TypeName"] for page in pages for one in page["TypeSummaries"]]
    assert "AWS::SSM::Parameter" in names
    assert all(name.startswith("AWS::SSM::") for name in names)
    assert cfn.list_types(Visibility="PRIVATE")["TypeSummaries"] == []


def test_a_type_is_described_with_its_schema(aws):
    cfn = aws("cloudformation")
    found = cfn.describe_type(Type="RESOURCE", TypeName="AWS::SSM::Parameter")
    assert json.loads(found["Schema"])["typeName"] == "AWS::SSM::Parameter"
    assert found["ProvisioningType"] == "FULLY_MUTABLE"
    assert cfn.describe_type(Arn=found["Arn"])["TypeName"] == "AWS::SSM::Parameter"
    with pytest.raises(ClientError, match="TypeNotFoundException"):
        cfn.describe_type(Type="RESOURCE", TypeName="AWS::No::Such")
