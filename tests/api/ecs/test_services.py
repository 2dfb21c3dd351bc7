"""Services and task sets as boto3 sees them, on the fake container engine."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.api.ecs.asking import code, described, message, register, run, script, serve, stable
from tests.support.server import wait_until


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
        ({"serviceRegistries": [{"registryArn": "arn:aws:x"}]}, "not found"),
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


def test_a_policy_can_keep_a_user_to_one_cluster(aws, server, ecs, cluster, name, network):
    iam = aws("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    here = {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:us-east-1:000000000000:cluster/{cluster}"}}
    policy = {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*", "Condition": here}
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    iam.put_user_policy(UserName=name, PolicyName="run", PolicyDocument=document)
    user = server.client("ecs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    definition = register(ecs, name, script("true"))
    assert run(user, cluster, definition, network)
    ecs.create_cluster(clusterName=f"{name}-2")
    with pytest.raises(ClientError) as error:
        run(user, f"{name}-2", definition, network)
    assert code(error) == "AccessDeniedException"
