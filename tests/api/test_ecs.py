"""ECS as boto3 sees it, on the fake container engine."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until

IMAGE = "public.ecr.aws/docker/library/debian:12-slim"


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


def script(text: str, **more):
    return {"name": "app", "image": IMAGE, "command": ["sh", "-c", text], "essential": True, **more}


def register(ecs, name, *containers, **more):
    wanted = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", **more}
    answer = ecs.register_task_definition(family=name, containerDefinitions=list(containers), **wanted)
    return answer["taskDefinition"]["taskDefinitionArn"]


def code(error) -> str:
    return error.value.response["Error"]["Code"]


def message(error) -> str:
    return error.value.response["Error"]["Message"]


def run(ecs, cluster, definition, network, **more):
    answer = ecs.run_task(
        cluster=cluster, taskDefinition=definition, launchType="FARGATE", networkConfiguration=network, **more
    )
    return [task["taskArn"] for task in answer["tasks"]]


def described(ecs, cluster, arn):
    (task,) = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
    return task


def stopped(ecs, cluster, arn):
    ecs.get_waiter("tasks_stopped").wait(cluster=cluster, tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return described(ecs, cluster, arn)


def stable(ecs, cluster, name):
    ecs.get_waiter("services_stable").wait(
        cluster=cluster, services=[name], WaiterConfig={"Delay": 1, "MaxAttempts": 40}
    )

    def completed():
        (service,) = ecs.describe_services(cluster=cluster, services=[name])["services"]
        return service["deployments"][0]["rolloutState"] == "COMPLETED" and service

    return wait_until(completed)


# clusters and task definitions


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


# tasks


def test_a_task_runs_to_its_end_and_tells_why_it_stopped(ecs, cluster, name, network):
    definition = register(ecs, name, script("exit 3"))
    (arn,) = run(ecs, cluster, definition, network, startedBy="me", group="batch")
    task = stopped(ecs, cluster, arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert task["stoppedReason"] == "Essential container in task exited"
    assert (task["startedBy"], task["group"]) == ("me", "batch")
    (container,) = task["containers"]
    assert (container["lastStatus"], container["exitCode"]) == ("STOPPED", 3)
    assert task["createdAt"] <= task["pullStartedAt"] <= task["startedAt"] <= task["stoppedAt"]
    assert task["attachments"][0]["status"] == "DELETED"
    assert ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED", family=name)["taskArns"] == [arn]
    assert ecs.list_tasks(cluster=cluster)["taskArns"] == []


def test_a_running_task_has_an_address_and_stops_when_asked(aws, ecs, cluster, name, network):
    definition = register(ecs, name, script("sleep 600"))
    (arn,) = run(ecs, cluster, definition, network)
    ecs.get_waiter("tasks_running").wait(cluster=cluster, tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    task = described(ecs, cluster, arn)
    details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
    assert task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == details["privateIPv4Address"]
    assert details["subnetId"] in network["awsvpcConfiguration"]["subnets"]
    assert task["availabilityZone"].startswith("us-east-1")
    interface_id = details["networkInterfaceId"]
    (interface,) = aws("ec2").describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"]
    assert interface["PrivateIpAddress"] == details["privateIPv4Address"]
    assert (interface["Status"], interface["SubnetId"]) == ("in-use", details["subnetId"])
    with pytest.raises(ClientError, match="managed by ecs"):
        aws("ec2").delete_network_interface(NetworkInterfaceId=interface_id)
    assert ecs.stop_task(cluster=cluster, task=arn, reason="enough")["task"]["desiredStatus"] == "STOPPED"
    task = stopped(ecs, cluster, arn)
    assert (task["stopCode"], task["stoppedReason"], task["containers"][0]["exitCode"]) == (
        "UserInitiated",
        "enough",
        143,
    )
    with pytest.raises(ClientError, match=r"InvalidNetworkInterfaceID\.NotFound"):
        aws("ec2").describe_network_interfaces(NetworkInterfaceIds=[interface_id])


def test_an_image_that_does_not_exist_stops_the_task(ecs, cluster, name, network):
    definition = register(ecs, name, script("true", image="docker.io/trunkline/there-is-none:1"))
    (arn,) = run(ecs, cluster, definition, network)
    task = stopped(ecs, cluster, arn)
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")
    assert "there-is-none" in task["containers"][0]["reason"]


def test_a_command_that_does_not_exist_stops_the_task(ecs, cluster, name, network):
    definition = register(ecs, name, {"name": "app", "image": IMAGE, "command": ["no-such-command"]})
    (arn,) = run(ecs, cluster, definition, network)
    task = stopped(ecs, cluster, arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
    assert task["containers"][0]["reason"].startswith("CannotStartContainerError")


def test_containers_wait_for_what_they_depend_on(ecs, cluster, name, network):
    setup = script("sleep 0.3; exit 0", name="setup", essential=False)
    main = script("exit 7", dependsOn=[{"containerName": "setup", "condition": "SUCCESS"}])
    (arn,) = run(ecs, cluster, register(ecs, name, main, setup), network)
    codes = {one["name"]: one["exitCode"] for one in stopped(ecs, cluster, arn)["containers"]}
    assert codes == {"setup": 0, "app": 7}
    broken = script("exit 1", name="setup", essential=False)
    (arn,) = run(ecs, cluster, register(ecs, name, main, broken), network)
    task = stopped(ecs, cluster, arn)
    assert task["stopCode"] == "TaskFailedToStart"
    assert [one.get("exitCode") for one in task["containers"]] == [None, 1]


def test_overrides_and_tags(ecs, aws, cluster, name, network):
    definition = register(ecs, name, script("exit 0", environment=[{"name": "CODE", "value": "1"}]))
    overrides = {
        "containerOverrides": [
            {"name": "app", "command": ["sh", "-c", "exit $CODE"], "environment": [{"name": "CODE", "value": "9"}]}
        ]
    }
    (arn,) = run(ecs, cluster, definition, network, overrides=overrides, tags=[{"key": "a", "value": "b"}])
    assert stopped(ecs, cluster, arn)["containers"][0]["exitCode"] == 9
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]


def test_run_task_with_a_client_token_is_done_once(ecs, cluster, name, network):
    definition = register(ecs, name, script("sleep 600"))
    first = run(ecs, cluster, definition, network, clientToken=name, count=2)
    assert sorted(run(ecs, cluster, definition, network, clientToken=name, count=2)) == sorted(first)
    assert len(ecs.list_tasks(cluster=cluster)["taskArns"]) == 2


@pytest.mark.parametrize(
    ("more", "expected", "words"),
    [
        ({"launchType": "EC2"}, "InvalidParameterException", "No Container Instances were found"),
        ({"networkConfiguration": None}, "InvalidParameterException", "Network Configuration must be provided"),
        ({"taskDefinition": "nothing:1"}, "ClientException", "Unable to describe task definition"),
        ({"cluster": "nowhere"}, "ClusterNotFoundException", "Cluster not found."),
        ({"count": 11}, "InvalidParameterException", "between 1 and 10"),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-00"]}}},
            "InvalidParameterException",
            "InvalidSubnetID.NotFound",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
            "InvalidParameterException",
            "subnets can not be empty",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "other"}]}},
            "InvalidParameterException",
            "is not a container in the TaskDefinition",
        ),
        ({"enableExecuteCommand": True}, "InvalidParameterException", "ECS Exec"),
        (
            {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "not associated",
        ),
    ],
)
def test_tasks_that_cannot_run_are_refused(ecs, cluster, name, network, more, expected, words):
    wanted = {
        "cluster": cluster,
        "taskDefinition": register(ecs, name, script("true")),
        "launchType": "FARGATE",
        "networkConfiguration": network,
        **more,
    }
    with pytest.raises(ClientError) as error:
        ecs.run_task(**{key: value for key, value in wanted.items() if value is not None})
    assert code(error) == expected
    assert words in message(error)


def role(aws, name, service="ecs-tasks.amazonaws.com", actions="*"):
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    made = aws("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust})
    )
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    aws("iam").put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    return made["Role"]["Arn"]


def test_logs_arrive_in_cloudwatch_with_role_credentials_in_the_environment(aws, ecs, cluster, name, network):
    arn = role(aws, name)
    options = {
        "awslogs-group": f"/ecs/{name}",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "web",
        "awslogs-create-group": "true",
    }
    container = script("echo one; echo two; env", logConfiguration={"logDriver": "awslogs", "options": options})
    definition = register(ecs, name, container, executionRoleArn=arn, taskRoleArn=arn)
    (task,) = run(ecs, cluster, definition, network)
    stopped(ecs, cluster, task)
    events = aws("logs").get_log_events(
        logGroupName=f"/ecs/{name}", logStreamName=f"web/app/{task.rpartition('/')[2]}", startFromHead=True
    )["events"]
    messages = [event["message"] for event in events]
    assert messages[:2] == ["one", "two"]
    variables = dict(line.split("=", 1) for line in messages[2:])
    assert variables["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.")
    assert variables["AWS_REGION"] == "us-east-1"


def test_a_log_group_that_does_not_exist_fails_the_start(aws, ecs, cluster, name, network):
    options = {"awslogs-group": "/none", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}
    container = script("true", logConfiguration={"logDriver": "awslogs", "options": options})
    definition = register(ecs, name, container, executionRoleArn=role(aws, name))
    (task,) = run(ecs, cluster, definition, network)
    reason = stopped(ecs, cluster, task)["stoppedReason"]
    assert reason.startswith("ResourceInitializationError: failed to validate logger args")
    assert "ResourceNotFoundException" in reason


def test_a_role_that_does_not_trust_ecs_fails_the_start(aws, ecs, cluster, name, network):
    definition = register(ecs, name, script("true"), taskRoleArn=role(aws, name, service="lambda.amazonaws.com"))
    (task,) = run(ecs, cluster, definition, network)
    found = stopped(ecs, cluster, task)
    assert found["stopCode"] == "TaskFailedToStart"
    assert "unable to assume the role" in found["stoppedReason"]


def test_secrets_are_read_as_the_execution_role(aws, ecs, cluster, name, network):
    aws("ssm").put_parameter(Name=f"/{name}/plain", Value="3", Type="SecureString")
    secret = aws("secretsmanager").create_secret(Name=name, SecretString=json.dumps({"code": "4"}))["ARN"]
    secrets = [{"name": "A", "valueFrom": f"/{name}/plain"}, {"name": "B", "valueFrom": f"{secret}:code::"}]
    container = script("exit $A$B", secrets=secrets)
    definition = register(ecs, name, container, executionRoleArn=role(aws, name))
    (task,) = run(ecs, cluster, definition, network)
    assert stopped(ecs, cluster, task)["containers"][0]["exitCode"] == 34
    no_such_key = script("true", secrets=[{"name": "B", "valueFrom": f"{secret}:none::"}])
    definition = register(ecs, name, no_such_key, executionRoleArn=role(aws, f"{name}-2"))
    (task,) = run(ecs, cluster, definition, network)
    assert "did not contain json key none" in stopped(ecs, cluster, task)["stoppedReason"]


def test_a_secret_that_the_execution_role_may_not_read_fails_the_start(aws, ecs, cluster, name, network):
    aws("ssm").put_parameter(Name=f"/{name}/plain", Value="3", Type="String")
    container = script("true", secrets=[{"name": "A", "valueFrom": f"/{name}/plain"}])
    definition = register(ecs, name, container, executionRoleArn=role(aws, name, actions="logs:*"))
    (task,) = run(ecs, cluster, definition, network)
    found = stopped(ecs, cluster, task)
    assert found["stopCode"] == "TaskFailedToStart"
    assert found["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert "AccessDenied" in found["stoppedReason"]


def test_state_changes_are_told_to_eventbridge(aws, ecs, cluster, name, network):
    logs = aws("logs")
    logs.create_log_group(logGroupName=f"/aws/events/{name}")
    pattern = {"source": ["aws.ecs"], "detail": {"clusterArn": [{"suffix": f"/{cluster}"}]}}
    aws("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = f"arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/{name}"
    aws("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])
    (task,) = run(ecs, cluster, register(ecs, name, script("exit 0")), network)
    stopped(ecs, cluster, task)

    def statuses():
        found = logs.filter_log_events(logGroupName=f"/aws/events/{name}")["events"]
        details = [json.loads(event["message"])["detail"] for event in found]
        seen = [one["lastStatus"] for one in sorted(details, key=lambda one: one["version"])]
        return "STOPPED" in seen and seen

    seen = wait_until(statuses)
    order = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "STOPPING", "DEPROVISIONING", "STOPPED"]
    assert [status for index, status in enumerate(seen) if index == 0 or seen[index - 1] != status] == order


# services


def serve(ecs, cluster, name, network, definition, count=1, **more):
    wanted = {"launchType": "FARGATE", "networkConfiguration": network, "desiredCount": count, **more}
    return ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=definition, **wanted)["service"]


def test_a_service_keeps_its_tasks_running(ecs, cluster, name, network):
    serve(ecs, cluster, name, network, register(ecs, name, script("sleep 600")), 2)
    service = stable(ecs, cluster, name)
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (2, "COMPLETED")
    said = " ".join(event["message"] for event in service["events"])
    assert f"(service {name}) has started 2 tasks: (task " in said
    assert f"(service {name}) has reached a steady state." in said
    first, _ = ecs.list_tasks(cluster=cluster, serviceName=name)["taskArns"]
    assert described(ecs, cluster, first)["startedBy"] == service["deployments"][0]["id"]
    ecs.stop_task(cluster=cluster, task=first)
    wait_until(lambda: first not in ecs.list_tasks(cluster=cluster, serviceName=name)["taskArns"])
    assert stable(ecs, cluster, name)["runningCount"] == 2


def test_scaling_and_deleting_a_service(ecs, cluster, name, network):
    serve(ecs, cluster, name, network, register(ecs, name, script("sleep 600")), 1)
    stable(ecs, cluster, name)
    ecs.update_service(cluster=cluster, service=name, desiredCount=3)
    assert stable(ecs, cluster, name)["runningCount"] == 3
    with pytest.raises(ClientError) as error:
        ecs.delete_service(cluster=cluster, service=name)
    assert message(error) == "The service cannot be stopped while it is scaled above 0."
    with pytest.raises(ClientError) as error:
        ecs.delete_cluster(cluster=cluster)
    assert code(error) == "ClusterContainsServicesException"
    ecs.update_service(cluster=cluster, service=name, desiredCount=0)
    assert stable(ecs, cluster, name)["runningCount"] == 0
    assert ecs.delete_service(cluster=cluster, service=name)["service"]["status"] == "DRAINING"
    ecs.get_waiter("services_inactive").wait(
        cluster=cluster, services=[name], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    assert ecs.list_services(cluster=cluster)["serviceArns"] == []
    with pytest.raises(ClientError) as error:
        ecs.update_service(cluster=cluster, service=name, desiredCount=1)
    assert code(error) == "ServiceNotActiveException"


def test_a_rolling_deployment_never_goes_below_its_healthy_percentage(ecs, cluster, name, network):
    old = register(ecs, name, script("sleep 600"))
    serve(ecs, cluster, name, network, old, 2)
    stable(ecs, cluster, name)
    new = register(ecs, name, script("sleep 601"))
    ecs.update_service(cluster=cluster, service=name, taskDefinition=new)
    fewest = 99

    def done():
        nonlocal fewest
        service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
        fewest = min(fewest, service["runningCount"])
        return len(service["deployments"]) == 1 and service["deployments"][0]["rolloutState"] == "COMPLETED"

    wait_until(done)
    assert fewest >= 2
    tasks = ecs.list_tasks(cluster=cluster, serviceName=name)["taskArns"]
    assert {described(ecs, cluster, task)["taskDefinitionArn"] for task in tasks} == {new}


def test_the_circuit_breaker_rolls_back_to_the_last_good_deployment(ecs, cluster, name, network):
    good = register(ecs, name, script("sleep 600"))
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    serve(ecs, cluster, name, network, good, 1, deploymentConfiguration=breaker)
    first = stable(ecs, cluster, name)["deployments"][0]["id"]
    bad = register(ecs, name, script("exit 1"))
    ecs.update_service(cluster=cluster, service=name, taskDefinition=bad)

    def back():
        service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
        primary = service["deployments"][0]
        return len(service["deployments"]) == 1 and primary["taskDefinition"] == good and service

    service = wait_until(back, 60)
    assert service["deployments"][0]["id"] == first
    assert service["taskDefinition"] == good
    said = " ".join(event["message"] for event in service["events"])
    assert "deployment failed: tasks failed to start." in said
    assert stable(ecs, cluster, name)["runningCount"] == 1


def test_unhealthy_tasks_are_replaced(ecs, cluster, name, network):
    check = {"command": ["CMD-SHELL", "exit 1"], "interval": 5, "retries": 1}
    serve(ecs, cluster, name, network, register(ecs, name, script("sleep 600", healthCheck=check)), 1)

    def replaced():
        tasks = ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="STOPPED")["taskArns"]
        return tasks and described(ecs, cluster, tasks[0])

    task = wait_until(replaced, 20)
    assert task["stoppedReason"] == "Task failed container health checks"
    assert task["stopCode"] == "ServiceSchedulerInitiated"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"schedulingStrategy": "DAEMON"}, "daemon"),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "requires a load balancer"),
        ({"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}}, "not valid"),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "CODE_DEPLOY"),
        (
            {"loadBalancers": [{"targetGroupArn": "arn:aws:x", "containerName": "other", "containerPort": 80}]},
            "does not exist in the task definition",
        ),
        (
            {"loadBalancers": [{"targetGroupArn": "arn:aws:x", "containerName": "app", "containerPort": 81}]},
            "did not have a container port 81",
        ),
        ({"serviceRegistries": [{"registryArn": "arn:aws:x"}]}, "service discovery"),
        ({"healthCheckGracePeriodSeconds": 3}, "Health check grace period"),
    ],
)
def test_services_that_cannot_be_are_refused(ecs, cluster, name, network, more, words):
    definition = register(ecs, name, script("sleep 600", portMappings=[{"containerPort": 80}]))
    with pytest.raises(ClientError) as error:
        serve(ecs, cluster, name, network, definition, **more)
    assert code(error) == "InvalidParameterException"
    assert words in message(error)
    assert ecs.list_services(cluster=cluster)["serviceArns"] == []


# task sets


def test_task_sets_of_an_external_controller(ecs, cluster, name, network):
    ecs.create_service(cluster=cluster, serviceName=name, desiredCount=2, deploymentController={"type": "EXTERNAL"})
    definition = register(ecs, name, script("sleep 600"))
    where = {"cluster": cluster, "service": name}
    blue = ecs.create_task_set(
        **where, taskDefinition=definition, launchType="FARGATE", networkConfiguration=network,
        scale={"unit": "PERCENT", "value": 100}, externalId="blue", clientToken=name,
    )["taskSet"]  # fmt: skip
    assert (blue["status"], blue["computedDesiredCount"], blue["externalId"]) == ("ACTIVE", 2, "blue")

    def steady(one):
        (seen,) = ecs.describe_task_sets(**where, taskSets=[one])["taskSets"]
        return seen["stabilityStatus"] == "STEADY_STATE" and seen

    assert wait_until(lambda: steady(blue["id"]))["runningCount"] == 2
    tasks = ecs.list_tasks(cluster=cluster, startedBy=blue["id"])["taskArns"]
    assert len(tasks) == 2
    ecs.update_service_primary_task_set(**where, primaryTaskSet=blue["taskSetArn"])
    service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    assert (service["taskSets"][0]["status"], service["taskDefinition"]) == ("PRIMARY", definition)
    assert service["deployments"] == []
    ecs.update_task_set(**where, taskSet=blue["id"], scale={"unit": "PERCENT", "value": 50})
    wait_until(lambda: (found := steady(blue["id"])) and found["runningCount"] == 1)
    with pytest.raises(ClientError) as error:
        ecs.delete_task_set(**where, taskSet=blue["id"])
    assert code(error) == "InvalidParameterException"
    assert ecs.delete_task_set(**where, taskSet=blue["id"], force=True)["taskSet"]["status"] == "DRAINING"
    wait_until(lambda: ecs.describe_task_sets(**where)["taskSets"] == [])
    with pytest.raises(ClientError) as error:
        ecs.update_task_set(**where, taskSet=blue["id"], scale={"unit": "PERCENT", "value": 50})
    assert code(error) == "TaskSetNotFoundException"
