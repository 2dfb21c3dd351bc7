"""Samples of Elastic Load Balancing's resource types."""

from typing import Any

from tests.support.resource_samples import Sample


def network(cidr: str = "10.80.0.0/16") -> dict[str, tuple[str, dict[str, Any]]]:
    """A VPC with two subnets in two zones and two security groups, for samples of what lies in one."""
    first, second = cidr.split(".")[:2]

    def subnet(number: int, zone: str) -> tuple[str, dict[str, Any]]:
        block = f"{first}.{second}.{number}.0/24"
        return "AWS::EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": block, "AvailabilityZone": zone}

    def group(text: str) -> tuple[str, dict[str, Any]]:
        return "AWS::EC2::SecurityGroup", {"VpcId": {"Ref": "Vpc"}, "GroupDescription": text}

    return {
        "Vpc": ("AWS::EC2::VPC", {"CidrBlock": cidr}),
        "SubnetA": subnet(0, "us-east-1a"),
        "SubnetB": subnet(1, "us-east-1b"),
        "Group": group("one"),
        "OtherGroup": group("other"),
    }


_SUBNETS = [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}]
_BALANCER = ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Subnets": _SUBNETS})
_TARGETS = (
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    {"VpcId": {"Ref": "Vpc"}, "Port": 80, "Protocol": "HTTP", "TargetType": "ip"},
)
_FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}
_LISTENER = (
    "AWS::ElasticLoadBalancingV2::Listener",
    {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 9080, "Protocol": "HTTP", "DefaultActions": [_FIXED]},
)
_TAGS = [{"Key": "team", "Value": "delivery"}]
_OTHER_TAGS = [{"Key": "team", "Value": "platform"}]

SAMPLES: dict[str, Sample] = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Sample(
        {
            "Type": "application",
            "Scheme": "internet-facing",
            "Subnets": _SUBNETS,
            "SecurityGroups": [{"Ref": "Group"}],
            "LoadBalancerAttributes": [
                {"Key": "deletion_protection.enabled", "Value": "false"},
                {"Key": "idle_timeout.timeout_seconds", "Value": "120"},
            ],
            "Tags": _TAGS,
        },
        {
            "SecurityGroups": [{"Ref": "OtherGroup"}],
            "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
            "Tags": _OTHER_TAGS,
        },
        network(),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Sample(
        {
            "VpcId": {"Ref": "Vpc"},
            "Port": 8080,
            "Protocol": "HTTP",
            "TargetType": "ip",
            "HealthCheckPath": "/health",
            "HealthCheckIntervalSeconds": 10,
            "HealthCheckTimeoutSeconds": 3,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 3,
            "Matcher": {"HttpCode": "200-299"},
            "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}],
            "Targets": [{"Id": "10.80.0.77", "Port": 8080}],
            "Tags": _TAGS,
        },
        {
            "HealthCheckPath": "/",
            "HealthCheckIntervalSeconds": 15,
            "HealthCheckTimeoutSeconds": 4,
            "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
            "TargetGroupAttributes": [{"Key": "stickiness.enabled", "Value": "true"}],
            "Targets": [{"Id": "10.80.1.78", "Port": 8081}],
            "Tags": _OTHER_TAGS,
        },
        network("10.81.0.0/16"),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": Sample(
        {
            "LoadBalancerArn": {"Ref": "Balancer"},
            "Port": 9081,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
            "Tags": _TAGS,
        },
        {"Port": 9082, "DefaultActions": [_FIXED], "Tags": _OTHER_TAGS},
        network("10.82.0.0/16") | {"Balancer": _BALANCER, "Targets": _TARGETS},
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": Sample(
        {
            "ListenerArn": {"Ref": "Listener"},
            "Priority": 1,
            "Conditions": [{"Field": "path-pattern", "Values": ["/api/*"]}],
            "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
            "Tags": _TAGS,
        },
        {
            "Priority": 7,
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}}],
            "Actions": [
                {
                    "Type": "redirect",
                    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
                }
            ],
            "Tags": _OTHER_TAGS,
        },
        network("10.83.0.0/16") | {"Balancer": _BALANCER, "Targets": _TARGETS, "Listener": _LISTENER},
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer (network)": Sample(
        {
            "Type": "network",
            "SubnetMappings": [{"SubnetId": {"Ref": "SubnetA"}, "PrivateIPv4Address": "10.87.0.9"}],
            "LoadBalancerAttributes": [
                {"Key": "load_balancing.cross_zone.enabled", "Value": "true"},
                {"Key": "access_logs.s3.enabled", "Value": "true"},
                {"Key": "dns_record.client_routing_policy", "Value": "any_availability_zone"},
            ],
        },
        {"SubnetMappings": [{"SubnetId": {"Ref": "SubnetA"}}, {"SubnetId": {"Ref": "SubnetB"}}]},
        network("10.87.0.0/16"),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup (TCP)": Sample(
        {
            "VpcId": {"Ref": "Vpc"},
            "Port": 80,
            "Protocol": "TCP",
            "TargetType": "ip",
            "TargetGroupAttributes": [{"Key": "preserve_client_ip.enabled", "Value": "false"}],
        },
        {"HealthCheckProtocol": "HTTP", "HealthyThresholdCount": 3},
        network("10.88.0.0/16"),
    ),
}
