"""Services of stacks: waited for, and given up when their tasks do not start."""

import pytest
from tests.api.ecs.asking import IMAGE
from tests.support.stacks import Stacks


@pytest.fixture
def stacks(aws, name):
    made = Stacks(aws("cloudformation"), name)
    yield made
    made.delete()


@pytest.fixture
def resources(network):
    """A cluster, a task definition that runs a script, and a service of it."""

    def resources(script, **more):
        container = {"Name": "app", "Image": IMAGE, "Command": ["sh", "-c", script]}
        where = network["awsvpcConfiguration"]
        return {
            "Cluster": {"Type": "AWS::ECS::Cluster"},
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "RequiresCompatibilities": ["FARGATE"],
                    "NetworkMode": "awsvpc",
                    "Cpu": "256",
                    "Memory": "512",
                    "ContainerDefinitions": [container],
                },
            },
            "Service": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                    "Cluster": {"Ref": "Cluster"},
                    "TaskDefinition": {"Ref": "Task"},
                    "LaunchType": "FARGATE",
                    "DesiredCount": 1,
                    "NetworkConfiguration": {
                        "AwsvpcConfiguration": {"Subnets": where["subnets"], "AssignPublicIp": "ENABLED"}
                    },
                    "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
                    **more,
                },
            },
        }

    return resources


def test_a_service_is_made_once_its_tasks_run_and_changed_once_the_new_ones_do(stacks, ecs, resources):
    assert stacks.create(resources("sleep 600")) == "CREATE_COMPLETE"
    cluster, service = stacks.physical("Cluster"), stacks.physical("Service")

    def seen():
        return ecs.describe_services(cluster=cluster, services=[service])["services"][0]

    first = seen()
    assert (first["runningCount"], first["deployments"][0]["rolloutState"]) == (1, "COMPLETED")
    assert stacks.update(resources("sleep 601")) == "UPDATE_COMPLETE"
    second = seen()
    assert second["serviceArn"] == first["serviceArn"]
    assert second["taskDefinition"] == stacks.physical("Task") != first["taskDefinition"]
    assert [one["runningCount"] for one in second["deployments"]] == [1]


def test_a_roll_out_that_the_circuit_breaker_takes_back_fails_the_update(stacks, ecs, resources):
    assert stacks.create(resources("sleep 600")) == "CREATE_COMPLETE"
    good = stacks.physical("Task")
    assert stacks.update(resources("exit 1")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Circuit Breaker" in stacks.reasons("UPDATE_FAILED")[0]
    cluster, service = stacks.physical("Cluster"), stacks.physical("Service")
    found = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
    assert (found["taskDefinition"], found["runningCount"]) == (good, 1)


def test_a_service_whose_tasks_never_start_is_not_made(stacks, resources):
    assert stacks.create(resources("exit 1")) == "ROLLBACK_COMPLETE"
    assert "Circuit Breaker" in stacks.reasons("CREATE_FAILED")[0]
