"""Cloud Map through boto3: namespaces, services, instances, and the tasks that are registered by themselves."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.provisioning import provisioning
from tests.support.server import wait_until

from trunkline.services.servicediscovery.names import Names


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


@pytest.fixture(scope="module")
def cloud_map(server):
    return server.client("servicediscovery", config=Config(inject_host_prefix=False))


def target(cloud_map, answer, kind):
    operation = cloud_map.get_operation(OperationId=answer["OperationId"])["Operation"]
    assert operation["Status"] == "SUCCESS"
    return operation["Targets"][kind]


@pytest.fixture
def space(cloud_map, name):
    return target(cloud_map, cloud_map.create_http_namespace(Name=name), "NAMESPACE")


@pytest.fixture
def web(cloud_map, space):
    return cloud_map.create_service(Name="web", NamespaceId=space, HealthCheckCustomConfig={})["Service"]["Id"]


def discovered(cloud_map, name, **more):
    found = cloud_map.discover_instances(NamespaceName=name, ServiceName="web", **more)["Instances"]
    return sorted(one["InstanceId"] for one in found)


def test_instances_are_discovered_by_attributes_and_health(cloud_map, name, web):
    before = cloud_map.discover_instances_revision(NamespaceName=name, ServiceName="web")["InstancesRevision"]
    for instance, colour in (("a", "red"), ("b", "blue"), ("c", "red")):
        cloud_map.register_instance(ServiceId=web, InstanceId=instance, Attributes={"colour": colour})
    assert cloud_map.discover_instances_revision(NamespaceName=name, ServiceName="web")["InstancesRevision"] > before
    assert discovered(cloud_map, name) == ["a", "b", "c"]
    assert discovered(cloud_map, name, QueryParameters={"colour": "red"}) == ["a", "c"]
    assert discovered(cloud_map, name, OptionalParameters={"colour": "green"}) == ["a", "b", "c"]
    cloud_map.update_instance_custom_health_status(ServiceId=web, InstanceId="a", Status="UNHEALTHY")
    assert discovered(cloud_map, name, HealthStatus="HEALTHY") == ["b", "c"]
    assert discovered(cloud_map, name, HealthStatus="UNHEALTHY") == ["a"]
    assert cloud_map.get_instances_health_status(ServiceId=web)["Status"]["a"] == "UNHEALTHY"
    assert cloud_map.get_instance(ServiceId=web, InstanceId="b")["Instance"]["Attributes"] == {"colour": "blue"}
    pages = cloud_map.get_paginator("list_instances").paginate(ServiceId=web, PaginationConfig={"PageSize": 2})
    assert [len(page["Instances"]) for page in pages] == [2, 1]
    refused("ResourceInUse", cloud_map.delete_service, Id=web)
    for instance in "abc":
        cloud_map.deregister_instance(ServiceId=web, InstanceId=instance)
    refused("InstanceNotFound", cloud_map.deregister_instance, ServiceId=web, InstanceId="a")
    cloud_map.delete_service(Id=web)
    refused("ServiceNotFound", cloud_map.discover_instances, NamespaceName=name, ServiceName="web")


def test_namespaces_and_services_are_kept(cloud_map, name, space, web):
    refused("NamespaceAlreadyExists", cloud_map.create_http_namespace, Name=name)
    refused("ServiceAlreadyExists", cloud_map.create_service, Name="web", NamespaceId=space)
    refused("NamespaceNotFound", cloud_map.create_service, Name="x", NamespaceId="ns-none")
    assert "DnsConfig" in refused(
        "InvalidInput",
        cloud_map.create_service,
        Name="x",
        NamespaceId=space,
        DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 1}]},
    )
    found = cloud_map.get_namespace(Id=space)["Namespace"]
    assert (found["Name"], found["Type"], found["ServiceCount"]) == (name, "HTTP", 1)
    filters = [{"Name": "NAMESPACE_ID", "Values": [space]}]
    assert [one["Id"] for one in cloud_map.list_services(Filters=filters)["Services"]] == [web]
    named = [{"Name": "NAME", "Values": [name]}]
    assert [one["Id"] for one in cloud_map.list_namespaces(Filters=named)["Namespaces"]] == [space]
    cloud_map.update_http_namespace(Id=space, Namespace={"Description": "changed"})
    cloud_map.update_service(Id=web, Service={"Description": "changed too"})
    assert cloud_map.get_namespace(Id=space)["Namespace"]["Description"] == "changed"
    assert cloud_map.get_service(Id=web)["Service"]["Description"] == "changed too"
    cloud_map.update_service_attributes(ServiceId=web, Attributes={"a": "1", "b": "2"})
    cloud_map.delete_service_attributes(ServiceId=web, Attributes=["a"])
    assert cloud_map.get_service_attributes(ServiceId=web)["ServiceAttributes"]["Attributes"] == {"b": "2"}
    cloud_map.tag_resource(ResourceARN=found["Arn"], Tags=[{"Key": "a", "Value": "b"}])
    assert cloud_map.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    cloud_map.untag_resource(ResourceARN=found["Arn"], TagKeys=["a"])
    refused("ResourceInUse", cloud_map.delete_namespace, Id=space)
    cloud_map.delete_service(Id=web)
    cloud_map.delete_namespace(Id=space)
    refused("NamespaceNotFound", cloud_map.get_namespace, Id=space)
    done = [{"Name": "NAMESPACE_ID", "Values": [space]}]
    assert len(cloud_map.list_operations(Filters=done)["Operations"]) == 3
    refused("OperationNotFound", cloud_map.get_operation, OperationId="none")
    refused("InvalidInput", cloud_map.create_private_dns_namespace, Name=f"{name}.local", Vpc="vpc-none")


async def test_a_vpc_sees_the_names_of_its_namespaces_only(tmp_path):
    async with provisioning(tmp_path) as site:
        for logical, cidr in (("One", "10.1.0.0/16"), ("Two", "10.2.0.0/16")):
            await site.create("AWS::EC2::VPC", {"CidrBlock": cidr}, logical)
        vpc = site.made["One"][1]
        space = await site.create(
            "AWS::ServiceDiscovery::PrivateDnsNamespace", {"Name": "shop.local", "Vpc": vpc}, "Space"
        )
        service = await site.create(
            "AWS::ServiceDiscovery::Service",
            {"Name": "web", "NamespaceId": space, "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 5}]}},
            "Service",
        )
        for number in (1, 2):
            await site.create(
                "AWS::ServiceDiscovery::Instance",
                {"ServiceId": service, "InstanceAttributes": {"AWS_INSTANCE_IPV4": f"10.1.0.{number}"}},
                f"Instance{number}",
            )
        names = Names(site.kit.db)
        assert sorted(names.addresses(vpc, "Web.shop.local.")) == ["10.1.0.1", "10.1.0.2"]
        assert names.addresses(vpc, "other.shop.local") == []
        assert names.addresses(vpc, "example.com") is None
        assert names.addresses(site.made["Two"][1], "web.shop.local") is None


def test_tasks_of_a_service_are_registered_while_they_run(aws, cloud_map, name, space, web):
    ecs, ec2 = aws("ecs"), aws("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(
        family=name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[
            {"name": "web", "image": "public.ecr.aws/docker/library/debian:12-slim", "essential": True}
        ],
    )
    arn = cloud_map.get_service(Id=web)["Service"]["Arn"]
    ecs.create_service(
        cluster=name,
        serviceName="web",
        taskDefinition=name,
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        serviceRegistries=[{"registryArn": arn}],
    )
    shown = ecs.describe_services(cluster=name, services=["web"])["services"][0]
    assert shown["serviceRegistries"] == [{"registryArn": arn}]

    def registered():
        return cloud_map.discover_instances(NamespaceName=name, ServiceName="web")["Instances"]

    found = wait_until(lambda: (now := registered()) and len(now) == 2 and now, what="the registration of two tasks")
    assert {one["Attributes"]["ECS_SERVICE_NAME"] for one in found} == {"web"}
    assert len({one["Attributes"]["AWS_INSTANCE_IPV4"] for one in found}) == 2
    ecs.delete_service(cluster=name, service="web", force=True)
    wait_until(lambda: not registered(), what="the end of both registrations")
