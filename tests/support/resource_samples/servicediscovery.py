"""Samples of Cloud Map's types."""

from tests.support.resource_samples import Sample

_VPC = {"Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.77.0.0/16"})}
_SPACE = ("AWS::ServiceDiscovery::HttpNamespace", {"Name": "sample-of-others"})
_PRIVATE = ("AWS::ServiceDiscovery::PrivateDnsNamespace", {"Name": "others.sample", "Vpc": {"Ref": "Vpc"}})
_TAGS = [{"Key": "team", "Value": "delivery"}]
_OTHER_TAGS = [{"Key": "team", "Value": "platform"}]

SAMPLES = {
    "AWS::ServiceDiscovery::HttpNamespace": Sample(
        {"Name": "sample-http", "Description": "a sample", "Tags": _TAGS},
        {"Description": "another", "Tags": _OTHER_TAGS},
    ),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": Sample(
        {"Name": "private.sample", "Vpc": {"Ref": "Vpc"}, "Description": "a sample", "Tags": _TAGS},
        {
            "Description": "another",
            "Properties": {"DnsProperties": {"SOA": {"TTL": 60}}},
            "Tags": _OTHER_TAGS,
        },
        _VPC,
    ),
    "AWS::ServiceDiscovery::PublicDnsNamespace": Sample(
        {"Name": "sample.example.com", "Description": "a sample", "Tags": _TAGS},
        {
            "Description": "another",
            "Properties": {"DnsProperties": {"SOA": {"TTL": 60}}},
            "Tags": _OTHER_TAGS,
        },
    ),
    "AWS::ServiceDiscovery::Service": Sample(
        {
            "Name": "web",
            "NamespaceId": {"Ref": "Space"},
            "Description": "a sample",
            "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 60}]},
            "HealthCheckCustomConfig": {"FailureThreshold": 1},
            "Tags": _TAGS,
        },
        {
            "Description": "another",
            "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]},
            "ServiceAttributes": {"owner": "delivery"},
            "Tags": _OTHER_TAGS,
        },
        {**_VPC, "Space": _PRIVATE},
    ),
    "AWS::ServiceDiscovery::Instance": Sample(
        {"ServiceId": {"Ref": "Service"}, "InstanceId": "one", "InstanceAttributes": {"colour": "red"}},
        {"InstanceAttributes": {"colour": "blue", "size": "big"}},
        {
            "Space": _SPACE,
            "Service": ("AWS::ServiceDiscovery::Service", {"Name": "web", "NamespaceId": {"Ref": "Space"}}),
        },
    ),
}
