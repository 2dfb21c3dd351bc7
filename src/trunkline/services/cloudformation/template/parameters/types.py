"""The types a parameter may have.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""

import re
from dataclasses import dataclass

AWS_SPECIFIC = frozenset(
    {
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::VPC::Id",
        "AWS::EC2::Volume::Id",
        "AWS::Route53::HostedZone::Id",
    }
)
SSM_NAME = "AWS::SSM::Parameter::Name"
SSM_VALUE = "AWS::SSM::Parameter::Value"
_LIST = re.compile(r"List<(.+)>")
_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")


@dataclass(frozen=True, slots=True)
class ParameterType:
    """`name` as written; `item` is the type of one value (String, Number, AWS::EC2::VPC::Id, ...)."""

    name: str
    item: str
    is_list: bool = False
    from_ssm: bool = False


def parameter_type(name: str) -> ParameterType | None:
    """What a type's name means; None when there is no such type."""
    stored = _SSM_VALUE.fullmatch(name)
    inner = stored[1].strip() if stored else name
    from_ssm = stored is not None
    if inner == "CommaDelimitedList":
        return ParameterType(name, "String", is_list=True, from_ssm=from_ssm)
    listed = _LIST.fullmatch(inner)
    item = listed[1].strip() if listed else inner
    items = set(AWS_SPECIFIC)
    if from_ssm:
        items |= {"String"}
    else:
        items |= {"Number"} if listed else {"String", "Number", SSM_NAME}
        items |= {"String", SSM_NAME} if listed else set()
    return ParameterType(name, item, is_list=listed is not None, from_ssm=from_ssm) if item in items else None
