"""What CloudFormation makes of EC2's networks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
"""

from trunkline.aws.resources import ResourceType
from trunkline.services.ec2.resources import (
    endpoints,
    gateways,
    interfaces,
    key_pairs,
    nat_gateways,
    network_acls,
    routes,
    security_groups,
    subnets,
    vpcs,
)

TYPES: tuple[ResourceType, ...] = (
    vpcs.Vpc(),
    vpcs.VpcCidrBlock(),
    vpcs.DhcpOptions(),
    vpcs.VpcDhcpOptionsAssociation(),
    subnets.Subnet(),
    subnets.SubnetCidrBlock(),
    subnets.SubnetNetworkAclAssociation(),
    routes.RouteTable(),
    routes.Route(),
    routes.SubnetRouteTableAssociation(),
    routes.GatewayRouteTableAssociation(),
    gateways.InternetGateway(),
    gateways.VpcGatewayAttachment(),
    gateways.EgressOnlyInternetGateway(),
    nat_gateways.NatGateway(),
    gateways.Address(),
    gateways.AddressAssociation(),
    security_groups.SecurityGroup(),
    security_groups.SecurityGroupIngress(),
    security_groups.SecurityGroupEgress(),
    network_acls.NetworkAcl(),
    network_acls.NetworkAclEntry(),
    endpoints.VpcEndpoint(),
    endpoints.FlowLog(),
    endpoints.PrefixList(),
    interfaces.NetworkInterface(),
    interfaces.VpcPeeringConnection(),
    key_pairs.KeyPair(),
)
