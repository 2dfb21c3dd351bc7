"""Fixtures of the tests of ECS on the fake container engine."""

import pytest


@pytest.fixture
def ecs(aws):
    return aws("ecs")


@pytest.fixture
def cluster(ecs, name):
    ecs.create_cluster(clusterName=name)
    yield name
    for arn in ecs.list_services(cluster=name)["serviceArns"]:
        ecs.delete_service(cluster=name, service=arn, force=True)
    for arn in ecs.list_tasks(cluster=name)["taskArns"]:
        ecs.stop_task(cluster=name, task=arn)


@pytest.fixture(scope="session")
def network(aws):
    subnets = [subnet["SubnetId"] for subnet in aws("ec2").describe_subnets()["Subnets"]]
    return {"awsvpcConfiguration": {"subnets": subnets, "assignPublicIp": "ENABLED"}}
