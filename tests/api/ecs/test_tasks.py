"""Tasks as boto3 sees them, on the fake container engine."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.api.ecs.asking import IMAGE, code, described, message, register, role, run, script, stopped
from tests.support.server import wait_until


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
