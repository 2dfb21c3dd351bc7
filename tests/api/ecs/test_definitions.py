"""Clusters and task definitions as boto3 sees them."""

import pytest
from botocore.exceptions import ClientError
from tests.api.ecs.asking import code, message, register, script


def test_a_cluster_s_life(ecs, name):
    made = ecs.create_cluster(clusterName=name, tags=[{"key": "team", "value": "web"}])["cluster"]
    assert (made["status"], made["clusterName"]) == ("ACTIVE", name)
    assert ecs.create_cluster(clusterName=name)["cluster"]["clusterArn"] == made["clusterArn"]
    (seen,) = ecs.describe_clusters(clusters=[name], include=["TAGS"])["clusters"]
    assert seen["tags"] == [{"key": "team", "value": "web"}]
    assert made["clusterArn"] in [
        arn for page in ecs.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]
    ]
    assert ecs.delete_cluster(cluster=name)["cluster"]["status"] == "INACTIVE"
    with pytest.raises(ClientError) as error:
        ecs.list_tasks(cluster=name)
    assert code(error) == "ClusterNotFoundException"
    missing = ecs.describe_clusters(clusters=["nowhere"])["failures"]
    assert missing == [{"arn": made["clusterArn"].replace(name, "nowhere"), "reason": "MISSING"}]


def test_revisions_of_a_task_definition(ecs, name):
    first = register(ecs, name, script("true", portMappings=[{"containerPort": 80}]))
    second = register(ecs, name, script("true"))
    assert (first.rpartition("/")[2], second.rpartition("/")[2]) == (f"{name}:1", f"{name}:2")
    seen = ecs.describe_task_definition(taskDefinition=f"{name}:1")["taskDefinition"]
    assert seen["containerDefinitions"][0]["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert seen["compatibilities"] == ["EC2", "FARGATE"]
    assert ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]["revision"] == 2
    assert ecs.list_task_definitions(familyPrefix=name, sort="DESC")["taskDefinitionArns"] == [second, first]
    with pytest.raises(ClientError) as error:
        ecs.deregister_task_definition(taskDefinition=name)
    assert code(error) == "ClientException"
    failures = ecs.delete_task_definitions(taskDefinitions=[second])["failures"]
    assert failures[0]["arn"] == second
    for arn in (first, second):
        assert ecs.deregister_task_definition(taskDefinition=arn)["taskDefinition"]["status"] == "INACTIVE"
    assert name in ecs.list_task_definition_families(familyPrefix=name, status="INACTIVE")["families"]
    assert name not in ecs.list_task_definition_families(familyPrefix=name)["families"]
    gone = ecs.delete_task_definitions(taskDefinitions=[second])["taskDefinitions"]
    assert gone[0]["status"] == "DELETE_IN_PROGRESS"


@pytest.mark.parametrize(
    ("container", "more", "words"),
    [
        ({}, {"cpu": "300"}, "No Fargate configuration exists"),
        ({}, {"networkMode": "bridge"}, "network mode"),
        ({"essential": False}, {}, "at least one essential"),
        ({"secrets": [{"name": "A", "valueFrom": "x"}]}, {}, "executionRoleArn"),
        ({"dependsOn": [{"containerName": "other", "condition": "START"}]}, {}, "unknown container"),
        ({"mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]}, {}, "Unknown volume"),
        ({"logConfiguration": {"logDriver": "splunk"}}, {}, "awslogs only"),
        ({"image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/a:1"}, {}, "execution role ARN"),
        ({"environmentFiles": [{"value": "arn:aws:s3:::b/k", "type": "s3"}]}, {}, "environmentFiles"),
        ({"privileged": True}, {}, "privileged"),
    ],
)
def test_task_definitions_that_cannot_run_are_refused(ecs, name, container, more, words):
    with pytest.raises(ClientError) as error:
        register(ecs, name, script("true", **container), **more)
    assert code(error) == "ClientException"
    assert words in message(error)
