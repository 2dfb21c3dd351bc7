"""Networks."""

from tests.support.resource_samples import Sample

_TAGS = [{"Key": "purpose", "Value": "sample"}]
_OTHER_TAGS = [{"Key": "purpose", "Value": "another"}, {"Key": "more", "Value": "yes"}]
_VPC = ("AWS::EC2::VPC", {"CidrBlock": "10.20.0.0/16"})
_SUBNET = ("AWS::EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.20.1.0/24"})
_TABLE = ("AWS::EC2::RouteTable", {"VpcId": {"Ref": "Vpc"}})
_GATEWAY = ("AWS::EC2::InternetGateway", {})
_ATTACHED = ("AWS::EC2::VPCGatewayAttachment", {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}})
_GROUP = ("AWS::EC2::SecurityGroup", {"GroupDescription": "needed", "VpcId": {"Ref": "Vpc"}})
_IPV6 = ("AWS::EC2::VPCCidrBlock", {"VpcId": {"Ref": "Vpc"}, "AmazonProvidedIpv6CidrBlock": True})
_WEB = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0", "Description": "web"}
_OUTSIDE = {"Vpc": _VPC, "Gateway": _GATEWAY, "Attached": _ATTACHED}
_ADDRESS = ("AWS::EC2::EIP", {"Domain": "vpc"})

_REGIONAL = ("AutoProvisionZones", "AutoScalingIps", "RouteTableId")  # of NAT gateways that span zones

SAMPLES: dict[str, Sample] = {
    "AWS::EC2::KeyPair": Sample(
        {"KeyName": "sample-key", "KeyType": "ed25519", "KeyFormat": "pem", "Tags": _TAGS},
        without=("PublicKeyMaterial",),
    ),
    "AWS::EC2::VPC": Sample(
        {
            "CidrBlock": "10.30.0.0/16",
            "EnableDnsHostnames": True,
            "EnableDnsSupport": True,
            "InstanceTenancy": "default",
            "Tags": _TAGS,
        },
        {"EnableDnsHostnames": False, "EnableDnsSupport": False, "Tags": _OTHER_TAGS},
    ),
    "AWS::EC2::VPCCidrBlock": Sample(
        {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.21.0.0/16"},
        needs={"Vpc": _VPC},
        without=("IpSource", "Ipv6AddressAttribute"),
    ),
    "AWS::EC2::VPCCidrBlock (IPv6)": Sample(
        {"VpcId": {"Ref": "Vpc"}, "AmazonProvidedIpv6CidrBlock": True}, needs={"Vpc": _VPC}
    ),
    "AWS::EC2::DHCPOptions": Sample(
        {
            "DomainName": "example.internal",
            "DomainNameServers": ["AmazonProvidedDNS"],
            "NtpServers": ["10.2.5.1"],
            "NetbiosNameServers": ["10.2.5.1"],
            "NetbiosNodeType": 2,
            "Tags": _TAGS,
        },
        {"Tags": _OTHER_TAGS},
    ),
    "AWS::EC2::VPCDHCPOptionsAssociation": Sample(
        {"VpcId": {"Ref": "Vpc"}, "DhcpOptionsId": {"Ref": "Options"}},
        needs={"Vpc": _VPC, "Options": ("AWS::EC2::DHCPOptions", {"DomainName": "example.internal"})},
    ),
    "AWS::EC2::Subnet": Sample(
        {
            "VpcId": {"Ref": "Vpc"},
            "CidrBlock": "10.20.0.0/24",
            "AvailabilityZone": "us-east-1b",
            "MapPublicIpOnLaunch": True,
            "PrivateDnsNameOptionsOnLaunch": {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False},
            "Tags": _TAGS,
        },
        {
            "MapPublicIpOnLaunch": False,
            "EnableDns64": True,
            "PrivateDnsNameOptionsOnLaunch": {
                "HostnameType": "resource-name",
                "EnableResourceNameDnsARecord": True,
                "EnableResourceNameDnsAAAARecord": True,
            },
            "Tags": _OTHER_TAGS,
        },
        {"Vpc": _VPC},
    ),
    "AWS::EC2::SubnetCidrBlock": Sample(
        {
            "SubnetId": {"Ref": "Subnet"},
            "Ipv6CidrBlock": {
                "Fn::Select": [
                    0,
                    {"Fn::Cidr": [{"Fn::Select": [0, {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}]}, 1, 64]},
                ]
            },
        },
        needs={"Vpc": _VPC, "Blocks": _IPV6, "Subnet": _SUBNET},
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": Sample(
        {"SubnetId": {"Ref": "Subnet"}, "NetworkAclId": {"Ref": "Acl"}},
        needs={"Vpc": _VPC, "Subnet": _SUBNET, "Acl": ("AWS::EC2::NetworkAcl", {"VpcId": {"Ref": "Vpc"}})},
    ),
    "AWS::EC2::RouteTable": Sample({"VpcId": {"Ref": "Vpc"}, "Tags": _TAGS}, {"Tags": _OTHER_TAGS}, {"Vpc": _VPC}),
    "AWS::EC2::Route": Sample(
        {
            "RouteTableId": {"Ref": "Table"},
            "DestinationCidrBlock": "0.0.0.0/0",
            "GatewayId": {"Ref": "Gateway"},
        },
        needs={**_OUTSIDE, "Table": _TABLE},
    ),
    "AWS::EC2::SubnetRouteTableAssociation": Sample(
        {"SubnetId": {"Ref": "Subnet"}, "RouteTableId": {"Ref": "Table"}},
        needs={"Vpc": _VPC, "Subnet": _SUBNET, "Table": _TABLE},
    ),
    "AWS::EC2::GatewayRouteTableAssociation": Sample(
        {"GatewayId": {"Ref": "Gateway"}, "RouteTableId": {"Ref": "Table"}}, needs={**_OUTSIDE, "Table": _TABLE}
    ),
    "AWS::EC2::InternetGateway": Sample({"Tags": _TAGS}, {"Tags": _OTHER_TAGS}),
    "AWS::EC2::VPCGatewayAttachment": Sample(
        {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}},
        {"InternetGatewayId": {"Ref": "Other"}},
        {"Vpc": _VPC, "Gateway": _GATEWAY, "Other": _GATEWAY},
    ),
    "AWS::EC2::EgressOnlyInternetGateway": Sample(
        {"VpcId": {"Ref": "Vpc"}, "Tags": _TAGS}, {"Tags": _OTHER_TAGS}, {"Vpc": _VPC}
    ),
    "AWS::EC2::NatGateway": Sample(
        {
            "SubnetId": {"Ref": "Subnet"},
            "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
            "ConnectivityType": "public",
            "Tags": _TAGS,
        },
        {"Tags": _OTHER_TAGS},
        {**_OUTSIDE, "Subnet": _SUBNET, "Address": _ADDRESS},
        without=_REGIONAL,
    ),
    "AWS::EC2::NatGateway (private)": Sample(
        {
            "SubnetId": {"Ref": "Subnet"},
            "ConnectivityType": "private",
            "PrivateIpAddress": "10.20.1.9",
            "SecondaryPrivateIpAddressCount": 1,
        },
        {"SecondaryPrivateIpAddressCount": 2},
        needs={"Vpc": _VPC, "Subnet": _SUBNET},
        without=(*_REGIONAL, "EniId"),
    ),
    "AWS::EC2::EIP": Sample({"Domain": "vpc", "Tags": _TAGS}, {"Tags": _OTHER_TAGS}),
    "AWS::EC2::SecurityGroup": Sample(
        {
            "GroupDescription": "sample",
            "VpcId": {"Ref": "Vpc"},
            "SecurityGroupIngress": [
                _WEB,
                {"IpProtocol": "6", "FromPort": 22, "ToPort": 22, "CidrIp": "10.1.2.3/16"},
                {"IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "Peer"}},
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"},
            ],
            "SecurityGroupEgress": [{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIp": "0.0.0.0/0"}],
            "Tags": _TAGS,
        },
        {
            "SecurityGroupIngress": [{**_WEB, "Description": "the web"}, {**_WEB, "FromPort": 81, "ToPort": 82}],
            "SecurityGroupEgress": [{"IpProtocol": "-1", "DestinationSecurityGroupId": {"Ref": "Peer"}}],
            "Tags": _OTHER_TAGS,
        },
        {"Vpc": _VPC, "Peer": _GROUP},
    ),
    "AWS::EC2::SecurityGroupIngress": Sample(
        {"GroupId": {"Ref": "Group"}, **_WEB},
        {"Description": "the web"},
        {"Vpc": _VPC, "Group": _GROUP},
    ),
    "AWS::EC2::SecurityGroupIngress (group)": Sample(
        {"GroupId": {"Ref": "Group"}, "IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "Group"}},
        needs={"Vpc": _VPC, "Group": _GROUP},
    ),
    "AWS::EC2::SecurityGroupEgress": Sample(
        {
            "GroupId": {"Ref": "Group"},
            "IpProtocol": "icmp",
            "FromPort": 8,
            "ToPort": -1,
            "CidrIp": "0.0.0.0/0",
            "Description": "ping",
        },
        {"Description": "pings"},
        {"Vpc": _VPC, "Group": _GROUP},
    ),
    "AWS::EC2::NetworkAcl": Sample({"VpcId": {"Ref": "Vpc"}, "Tags": _TAGS}, {"Tags": _OTHER_TAGS}, {"Vpc": _VPC}),
    "AWS::EC2::NetworkAclEntry": Sample(
        {
            "NetworkAclId": {"Ref": "Acl"},
            "RuleNumber": 100,
            "Protocol": 6,
            "RuleAction": "allow",
            "CidrBlock": "0.0.0.0/0",
            "PortRange": {"From": 80, "To": 80},
        },
        {"RuleAction": "deny", "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 80, "To": 90}},
        {"Vpc": _VPC, "Acl": ("AWS::EC2::NetworkAcl", {"VpcId": {"Ref": "Vpc"}})},
    ),
    "AWS::EC2::NetworkAclEntry (icmp)": Sample(
        {
            "NetworkAclId": {"Ref": "Acl"},
            "RuleNumber": 200,
            "Egress": True,
            "Protocol": 1,
            "RuleAction": "allow",
            "CidrBlock": "0.0.0.0/0",
            "Icmp": {"Type": 8, "Code": -1},
        },
        {"Icmp": {"Type": 0, "Code": -1}},
        {"Vpc": _VPC, "Acl": ("AWS::EC2::NetworkAcl", {"VpcId": {"Ref": "Vpc"}})},
    ),
    "AWS::EC2::VPCEndpoint": Sample(
        {
            "VpcId": {"Ref": "Vpc"},
            "ServiceName": {"Fn::Join": [".", ["com.amazonaws", {"Ref": "AWS::Region"}, "s3"]]},
            "RouteTableIds": [{"Ref": "Table"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
            },
            "Tags": _TAGS,
        },
        {
            "RouteTableIds": [{"Ref": "Other"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
            },
            "Tags": _OTHER_TAGS,
        },
        {"Vpc": _VPC, "Table": _TABLE, "Other": _TABLE},
    ),
    "AWS::EC2::VPCEndpoint (interface)": Sample(
        {
            "VpcId": {"Ref": "Vpc"},
            "VpcEndpointType": "Interface",
            "ServiceName": {"Fn::Join": [".", ["com.amazonaws", {"Ref": "AWS::Region"}, "ecr.api"]]},
            "SubnetIds": [{"Ref": "Subnet"}],
            "SecurityGroupIds": [{"Ref": "Group"}],
            "PrivateDnsEnabled": True,
        },
        {
            "SubnetIds": [{"Ref": "Subnet"}, {"Ref": "OtherSubnet"}],
            "SecurityGroupIds": [{"Ref": "OtherGroup"}],
            "PrivateDnsEnabled": False,
        },
        {
            "Vpc": (_VPC[0], {**_VPC[1], "EnableDnsHostnames": True}),
            "Subnet": (_SUBNET[0], {**_SUBNET[1], "AvailabilityZone": "us-east-1a"}),
            "OtherSubnet": (
                _SUBNET[0],
                {**_SUBNET[1], "AvailabilityZone": "us-east-1b", "CidrBlock": "10.20.2.0/24"},
            ),
            "Group": _GROUP,
            "OtherGroup": _GROUP,
        },
    ),
    "AWS::EC2::FlowLog": Sample(
        {
            "ResourceId": {"Ref": "Vpc"},
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogDestinationType": "cloud-watch-logs",
            "LogGroupName": "flows",
            "DeliverLogsPermissionArn": "arn:aws:iam::000000000000:role/flows",
            "MaxAggregationInterval": 60,
            "Tags": _TAGS,
        },
        {"Tags": _OTHER_TAGS},
        {"Vpc": _VPC},
    ),
    "AWS::EC2::FlowLog (S3)": Sample(
        {
            "ResourceId": {"Ref": "Subnet"},
            "ResourceType": "Subnet",
            "TrafficType": "REJECT",
            "LogDestinationType": "s3",
            "LogDestination": "arn:aws:s3:::flows/prefix/",
            "LogFormat": "${version} ${vpc-id} ${action}",
            "DestinationOptions": {
                "FileFormat": "parquet",
                "HiveCompatiblePartitions": True,
                "PerHourPartition": False,
            },
        },
        needs={"Vpc": _VPC, "Subnet": _SUBNET},
    ),
    "AWS::EC2::PrefixList": Sample(
        {
            "PrefixListName": "offices",
            "AddressFamily": "IPv4",
            "MaxEntries": 5,
            "Entries": [{"Cidr": "10.1.0.0/16", "Description": "north"}, {"Cidr": "10.2.0.0/16"}],
            "Tags": _TAGS,
        },
        {
            "PrefixListName": "sites",
            "MaxEntries": 6,
            "Entries": [{"Cidr": "10.1.0.0/16", "Description": "south"}, {"Cidr": "10.3.0.0/16"}],
            "Tags": _OTHER_TAGS,
        },
    ),
    "AWS::EC2::NetworkInterface": Sample(
        {
            "SubnetId": {"Ref": "Subnet"},
            "Description": "sample",
            "GroupSet": [{"Ref": "Group"}],
            "PrivateIpAddress": "10.20.1.77",
            "SecondaryPrivateIpAddressCount": 1,
            "SourceDestCheck": False,
            "Tags": _TAGS,
        },
        {
            "Description": "another",
            "GroupSet": [{"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}],
            "SecondaryPrivateIpAddressCount": 2,
            "SourceDestCheck": True,
            "Tags": _OTHER_TAGS,
        },
        {"Vpc": _VPC, "Subnet": _SUBNET, "Group": _GROUP},
        without=("PrimaryIpv6Address",),
    ),
    "AWS::EC2::EIPAssociation": Sample(
        {
            "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
            "NetworkInterfaceId": {"Ref": "Interface"},
        },
        needs={
            **_OUTSIDE,
            "Subnet": _SUBNET,
            "Interface": ("AWS::EC2::NetworkInterface", {"SubnetId": {"Ref": "Subnet"}}),
            "Address": _ADDRESS,
        },
    ),
    "AWS::EC2::VPCPeeringConnection": Sample(
        {"VpcId": {"Ref": "Vpc"}, "PeerVpcId": {"Ref": "Peer"}, "Tags": _TAGS},
        {"Tags": _OTHER_TAGS},
        {"Vpc": _VPC, "Peer": ("AWS::EC2::VPC", {"CidrBlock": "10.22.0.0/16"})},
    ),
}
