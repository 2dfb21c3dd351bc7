"""What only the account knows: values behind parameters and dynamic references, whether a VPC exists.

Asked for as the caller, so that a template reads nothing its user may not read.
"""

from typing import Any

from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller
from trunkline.services.cloudformation import template

_EXISTS: dict[str, tuple[str, str, str]] = {
    "AWS::EC2::VPC::Id": ("DescribeVpcs", "VpcIds", "Vpcs"),
    "AWS::EC2::Subnet::Id": ("DescribeSubnets", "SubnetIds", "Subnets"),
    "AWS::EC2::SecurityGroup::Id": ("DescribeSecurityGroups", "GroupIds", "SecurityGroups"),
    "AWS::EC2::SecurityGroup::GroupName": ("DescribeSecurityGroups", "GroupNames", "SecurityGroups"),
    "AWS::EC2::AvailabilityZone::Name": ("DescribeAvailabilityZones", "ZoneNames", "AvailabilityZones"),
    "AWS::EC2::KeyPair::KeyName": ("DescribeKeyPairs", "KeyNames", "KeyPairs"),
    "AWS::EC2::Image::Id": ("DescribeImages", "ImageIds", "Images"),
    "AWS::EC2::Instance::Id": ("DescribeInstances", "InstanceIds", "Reservations"),
    "AWS::EC2::Volume::Id": ("DescribeVolumes", "VolumeIds", "Volumes"),
}
_ABSENT_SSM = ("ParameterNotFound", "ParameterVersionNotFound")


class Lookups:
    """`template.Lookup` for one caller."""

    def __init__(self, client: Client, caller: Caller) -> None:
        self._client = client
        self._caller = caller

    async def __call__(self, kind: str, value: str) -> Any:
        if kind.startswith("AWS::SSM::Parameter"):
            return await self._parameter(value)
        known = _EXISTS.get(kind)
        if known is None:
            raise template.NotThere(value)
        operation, member, result = known
        try:
            answer = await self._client("ec2", operation, {member: [value]}, as_=self._caller)
        except AwsError as error:
            if error.code in ("NotImplemented", "UnauthorizedOperation"):
                raise template.TemplateError(error.message or error.code) from error
            raise template.NotThere(value) from error
        if not answer.get(result):
            raise template.NotThere(value)
        return value

    async def _parameter(self, name: str) -> Any:
        try:
            answer = await self._client("ssm", "GetParameter", {"Name": name}, as_=self._caller)
        except AwsError as error:
            if error.code in _ABSENT_SSM:
                raise template.NotThere(name) from error
            raise template.TemplateError(error.message or error.code) from error
        found = answer["Parameter"]
        return found["Value"].split(",") if found["Type"] == "StringList" else found["Value"]


async def dynamic(client: Client, caller: Caller, kind: str, key: str) -> str:
    """What `{{resolve:kind:key}}` stands for."""
    try:
        if kind == "secretsmanager":
            secret = template.secret_reference(key)
            asked = {"SecretId": secret.secret_id, "VersionStage": secret.version_stage, "VersionId": secret.version_id}
            given = {name: value for name, value in asked.items() if value}
            answer = await client("secretsmanager", "GetSecretValue", given, as_=caller)
            if "SecretString" not in answer:
                raise template.TemplateError(f"Secrets Manager can't find a SecretString in {secret.secret_id}.")
            return template.secret_value(secret, answer["SecretString"])
        named = template.ssm_reference(key)
        name = named.name if named.version is None else f"{named.name}:{named.version}"
        answer = await client("ssm", "GetParameter", {"Name": name, "WithDecryption": kind == "ssm-secure"}, as_=caller)
        return str(answer["Parameter"]["Value"])
    except AwsError as error:
        if error.code in _ABSENT_SSM:
            raise template.TemplateError(
                f"Parameters: [{kind}:{key}] cannot be found."
                if kind == "ssm"
                else f"SSM Secure reference is not found: [{kind}:{key}]"
            ) from error
        raise template.TemplateError(error.message or error.code) from error
