"""A function's VpcConfig: its subnets and groups must exist and belong together."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc, Kit
from trunkline.services.lambda_.naming import invalid


async def vpc_config(kit: Kit, call: Call, given: Doc | None) -> Doc | None:
    """As answers show it, with the VPC; None for none."""
    subnets = (given or {}).get("SubnetIds") or []
    groups = (given or {}).get("SecurityGroupIds") or []
    if not subnets and not groups:
        return None
    if not subnets or not groups:
        raise invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    as_ = Caller.service("lambda.amazonaws.com", call.account, call.region)
    try:
        found = await kit.call("ec2", "DescribeSubnets", {"SubnetIds": subnets}, as_=as_)
        await kit.call("ec2", "DescribeSecurityGroups", {"GroupIds": groups}, as_=as_)
    except AwsError as error:
        raise invalid(
            f"Error occurred while describing the VPC configuration. EC2 Error Code: {error.code}. "
            f"EC2 Error Message: {error.message}"
        ) from error
    vpcs = {subnet["VpcId"] for subnet in found["Subnets"]}
    if len(vpcs) != 1:
        raise invalid("Security Groups and Subnets must be in the same VPC.")
    return {
        "SubnetIds": subnets,
        "SecurityGroupIds": groups,
        "VpcId": vpcs.pop(),
        "Ipv6AllowedForDualStack": bool((given or {}).get("Ipv6AllowedForDualStack")),
    }
