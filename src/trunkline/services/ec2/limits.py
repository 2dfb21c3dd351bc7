"""Quotas. Those of a whole region are those of an account that had them raised; the rest are AWS's defaults.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

from collections.abc import Sized

from trunkline.services.ec2.errors import failed

_LIMITS: dict[str, tuple[int, str, str]] = {
    "vpcs": (200, "VpcLimitExceeded", "VPCs"),
    "subnets": (200, "SubnetLimitExceeded", "subnets in the VPC"),
    "route tables": (200, "RouteTableLimitExceeded", "route tables in the VPC"),
    "routes": (500, "RouteLimitExceeded", "routes in the route table"),
    "internet gateways": (200, "InternetGatewayLimitExceeded", "internet gateways"),
    "nat gateways": (200, "NatGatewayLimitExceeded", "NAT gateways"),
    "addresses": (500, "AddressLimitExceeded", "addresses"),
    "groups": (2500, "SecurityGroupLimitExceeded", "security groups"),
    "rules": (60, "RulesPerSecurityGroupLimitExceeded", "rules per security group"),
    "acls": (200, "NetworkAclLimitExceeded", "network ACLs in the VPC"),
    "acl entries": (20, "NetworkAclEntryLimitExceeded", "network acl entries"),
    "endpoints": (255, "VpcEndpointLimitExceeded", "VPC endpoints in the VPC"),
    "peerings": (125, "VpcPeeringConnectionLimitExceeded", "peering connections of the VPC"),
    "interfaces": (5000, "NetworkInterfaceLimitExceeded", "network interfaces"),
    "groups of an interface": (5, "SecurityGroupsPerInterfaceLimitExceeded", "security groups per interface"),
}


def room(kind: str, present: Sized, more: int = 1) -> None:
    """Refuse to go over a quota."""
    most, code, what = _LIMITS[kind]
    if len(present) + more > most:
        raise failed(code, f"The maximum number of {what} has been reached.")
