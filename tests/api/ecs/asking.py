"""What tests of ECS ask for again and again."""

import json

from tests.support.server import wait_until

IMAGE = "public.ecr.aws/docker/library/debian:12-slim"


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


def role(aws, name, service="ecs-tasks.amazonaws.com", actions="*"):
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    made = aws("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust})
    )
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    aws("iam").put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    return made["Role"]["Arn"]


def serve(ecs, cluster, name, network, definition, count=1, **more):
    wanted = {"launchType": "FARGATE", "networkConfiguration": network, "desiredCount": count, **more}
    return ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=definition, **wanted)["service"]
