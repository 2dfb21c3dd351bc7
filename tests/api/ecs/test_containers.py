"""ECS on a real engine behind a real load balancer: nothing fails while tasks come and go, or Trunkline does."""

import subprocess
import time
import uuid

import pytest
from tests.api.ecs.site import APP, PYTHON, Load, Site, empty, instance_of, ours
from tests.support.server import Server, wait_until

pytestmark = [pytest.mark.docker, pytest.mark.haproxy, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("ecs") / "data", containers="docker", proxy="haproxy").start()
    yield running
    running.remove()


def completed(site, definition):
    service = site.service()
    primary = service["deployments"][0]
    done = len(service["deployments"]) == 1 and primary["rolloutState"] == "COMPLETED"
    return done and service["taskDefinition"] == definition


def test_a_rolling_deployment_fails_no_request(server):
    site = Site(server)
    wait_until(lambda: site.answers("1"), 60)
    wait_until(lambda: site.service()["deployments"][0]["rolloutState"] == "COMPLETED", 60)
    with Load(site.url) as load:
        new = site.register("2")
        site.ecs.update_service(cluster=site.name, service=site.name, taskDefinition=new)
        wait_until(lambda: completed(site, new), 90)
        wait_until(lambda: site.answers("2"))
    assert set(load.tally) == {"1", "2"}, load.tally
    tasks = site.ecs.list_tasks(cluster=site.name, desiredStatus="STOPPED")["taskArns"]
    old = site.ecs.describe_tasks(cluster=site.name, tasks=tasks)["tasks"]
    said = "\n".join(event["message"] for event in site.service()["events"])
    for words in ("registered 1 targets in (target-group ", "has begun draining connections on 1 tasks."):
        assert f"(service {site.name}) {words}" in said
    # asked politely, after the load balancer had let go of them
    assert [task["containers"][0]["exitCode"] for task in old] == [0, 0]
    site.delete()


def test_trunkline_killed_in_the_middle_of_a_deployment_finishes_it(server):
    site = Site(server)
    wait_until(lambda: site.service()["deployments"][0]["rolloutState"] == "COMPLETED", 60)
    with Load(site.url) as load:
        new = site.register("2")
        site.ecs.update_service(cluster=site.name, service=site.name, taskDefinition=new)
        for _ in range(4):
            time.sleep(1.3)
            server.kill()
            time.sleep(0.5)
            server.start()
        wait_until(lambda: completed(site, new), 90)
    assert set(load.tally) == {"1", "2"}, load.tally
    tasks = server.client("ecs").list_tasks(cluster=site.name)["taskArns"]
    assert len(tasks) == 2
    # no container is left over, none is there twice
    webs = [name for name in ours(server) if name.endswith("-web")]
    assert sorted(name.split("-ecs-")[1].split("-")[0] for name in webs) == sorted(
        arn.rpartition("/")[2] for arn in tasks
    )
    site.delete()


def run_one(server, name, *containers, **more):
    """Run one task to its end: the task as described."""
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    definition = ecs.register_task_definition(
        family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
        containerDefinitions=list(containers), **more,
    )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
    subnets = [one["SubnetId"] for one in server.client("ec2").describe_subnets()["Subnets"]]
    (task,) = ecs.run_task(
        cluster=name, taskDefinition=definition, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
    )["tasks"]  # fmt: skip

    def ended():
        (found,) = server.client("ecs").describe_tasks(cluster=name, tasks=[task["taskArn"]])["tasks"]
        return found["lastStatus"] == "STOPPED" and found

    return wait_until(ended, 90, what="the task stopped")


def test_containers_of_a_task_share_its_network_and_its_volumes(server):
    name = f"t-{uuid.uuid4().hex[:8]}"
    shared = {"mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch"}]}
    setup = {
        "name": "setup", "image": PYTHON, "essential": False, "command": ["sh", "-c", "echo hello > /scratch/word"],
        **shared,
    }  # fmt: skip
    look = "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/', timeout=2)"
    web = {
        "name": "web", "image": PYTHON, "essential": False, "command": ["python3", "-c", APP],
        "environment": [{"name": "VERSION", "value": "beside"}], "stopTimeout": 2,
        "healthCheck": {"command": ["CMD", "python3", "-c", look], "interval": 5, "timeout": 4, "retries": 6},
    }  # fmt: skip
    code = (
        "import sys, urllib.request as u\n"
        "assert open('/scratch/word').read() == 'hello\\n'\n"
        "assert u.urlopen('http://127.0.0.1:8080/', timeout=3).read() == b'beside'\n"
        "sys.exit(42)"
    )
    main = {
        "name": "main", "image": PYTHON, "command": ["python3", "-c", code], **shared,
        "dependsOn": [
            {"containerName": "setup", "condition": "SUCCESS"},
            {"containerName": "web", "condition": "HEALTHY"},
        ],
    }  # fmt: skip
    task = run_one(server, name, main, web, setup, volumes=[{"name": "scratch"}])
    assert {one["name"]: one.get("exitCode") for one in task["containers"]} == {"main": 42, "web": 0, "setup": 0}, task
    volumes = subprocess.run(["docker", "volume", "ls", "-q"], check=True, capture_output=True, text=True).stdout
    assert instance_of(server) not in volumes
    assert not [one for one in ours(server) if task["taskArn"].rpartition("/")[2] in one]


def test_a_task_that_needs_too_much_memory_says_so(server):
    name = f"t-{uuid.uuid4().hex[:8]}"
    greedy = {"name": "greedy", "image": PYTHON, "memory": 32, "command": ["python3", "-c", "x = b'1' * 200_000_000"]}
    (container,) = run_one(server, name, greedy)["containers"]
    assert (container["exitCode"], container["reason"]) == (
        137,
        "OutOfMemoryError: Container killed due to memory usage",
    )


def test_a_task_reaches_trunkline_with_its_role_and_no_further(server):
    name = f"t-{uuid.uuid4().hex[:8]}"
    iam = server.client("iam")
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},'
        '"Action":"sts:AssumeRole"}]}'
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:ListClusters","Resource":"*"}]}'
    iam.put_role_policy(RoleName=name, PolicyName="list", PolicyDocument=allow)
    script = (
        f"aws sts get-caller-identity | grep -q {name} && aws ecs list-clusters >/dev/null && ! aws s3api list-buckets"
    )
    asks = {"name": "asks", "image": "trunkline/codebuild:3", "command": ["sh", "-c", script]}
    task = run_one(server, name, asks, taskRoleArn=role)
    assert task["containers"][0]["exitCode"] == 0, task


def test_task_sets_behind_two_target_groups_are_steady_once_their_targets_are_healthy(server):
    site = Site(server, deploymentController={"type": "CODE_DEPLOY"})

    def sets():
        return {one["status"]: one for one in site.service()["taskSets"]}

    wait_until(lambda: sets()["PRIMARY"]["stabilityStatus"] == "STEADY_STATE", 60)
    assert site.service()["deployments"] == []
    assert site.answers("1")
    where = {"cluster": site.name, "service": site.name}

    def shift(blue_weight, green_weight):
        weights = zip(site.groups, (blue_weight, green_weight), strict=True)
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        site.elb.modify_listener(ListenerArn=site.listener, DefaultActions=[action])

    shift(1, 0)  # nobody checks the health of a target group that is behind no listener
    green = site.ecs.create_task_set(
        **where, taskDefinition=site.register("2"), launchType="FARGATE", networkConfiguration=site.network,
        loadBalancers=[site.behind(site.groups[1])], scale={"unit": "PERCENT", "value": 100},
    )["taskSet"]  # fmt: skip
    wait_until(lambda: sets()["ACTIVE"]["stabilityStatus"] == "STEADY_STATE", 60)
    blue = sets()["PRIMARY"]
    with Load(site.url) as load:
        shift(0, 1)
        site.ecs.update_service_primary_task_set(**where, primaryTaskSet=green["id"])
        site.ecs.delete_task_set(**where, taskSet=blue["id"], force=True)
        wait_until(lambda: len(site.service()["taskSets"]) == 1, 60)
    assert set(load.tally) <= {"1", "2"}, load.tally
    assert load.tally["2"] > 0
    assert site.service()["taskDefinition"] == green["taskDefinition"]
    with pytest.raises(Exception, match="Use AWS CodeDeploy to trigger a new deployment"):
        site.ecs.update_service(**where, taskDefinition=green["taskDefinition"])
    site.delete()


def test_a_task_that_its_load_balancer_finds_unhealthy_is_replaced(server):
    site = Site(server, count=1)
    wait_until(lambda: site.answers("1"), 60)
    (first,) = site.ecs.list_tasks(cluster=site.name)["taskArns"]
    site.elb.modify_target_group(TargetGroupArn=site.groups[0], Matcher={"HttpCode": "204"})

    def replaced():
        found = site.ecs.describe_tasks(cluster=site.name, tasks=[first])["tasks"][0]
        return found["lastStatus"] == "STOPPED" and found

    task = wait_until(replaced, 60)
    assert task["stoppedReason"] == f"Task failed ELB health checks in (target-group {site.groups[0]})"
    said = " ".join(event["message"] for event in site.service()["events"])
    assert f"(port 8080) is unhealthy in (target-group {site.groups[0]}) due to (reason Health checks failed" in said
    site.elb.modify_target_group(TargetGroupArn=site.groups[0], Matcher={"HttpCode": "200"})
    wait_until(lambda: site.answers("1"), 60)
    site.delete()


def test_a_container_that_exits_at_once_is_tried_again_and_again_but_ever_less_often(server):
    name = f"t-{uuid.uuid4().hex[:8]}"
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    container = {"name": "app", "image": PYTHON, "command": ["python3", "-c", "raise SystemExit('no configuration')"]}
    ecs.register_task_definition(
        family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        containerDefinitions=[container],
    )  # fmt: skip
    subnets = [one["SubnetId"] for one in server.client("ec2").describe_subnets()["Subnets"]]
    ecs.create_service(
        cluster=name, serviceName=name, taskDefinition=name, desiredCount=1, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
    )  # fmt: skip

    def throttled():
        (service,) = ecs.describe_services(cluster=name, services=[name])["services"]
        return any("unable to consistently start tasks" in event["message"] for event in service["events"]) and service

    service = wait_until(throttled, 60)
    assert service["deployments"][0]["failedTasks"] >= 3
    tasks = ecs.list_tasks(cluster=name, serviceName=name, desiredStatus="STOPPED")["taskArns"]
    first = ecs.describe_tasks(cluster=name, tasks=tasks)["tasks"][0]
    assert (first["stopCode"], first["containers"][0]["exitCode"]) == ("EssentialContainerExited", 1)
    empty(server, name)


def test_logs_are_neither_lost_nor_doubled_when_trunkline_is_killed(server):
    name = f"t-{uuid.uuid4().hex[:8]}"
    ecs, logs = server.client("ecs"), server.client("logs")
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},'
        '"Action":"sts:AssumeRole"}]}'
    )
    role = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}'
    server.client("iam").put_role_policy(RoleName=name, PolicyName="logs", PolicyDocument=allow)
    logs.create_log_group(logGroupName=name)
    ecs.create_cluster(clusterName=name)
    options = {"awslogs-group": name, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
    code = "import time\nfor n in range(3000):\n print(n, flush=True)\n time.sleep(0.002)"
    definition = ecs.register_task_definition(
        family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
        executionRoleArn=role,
        containerDefinitions=[
            {
                "name": "talk",
                "image": PYTHON,
                "command": ["python3", "-c", code],
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
    subnets = [one["SubnetId"] for one in server.client("ec2").describe_subnets()["Subnets"]]
    (task,) = ecs.run_task(
        cluster=name, taskDefinition=definition, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
    )["tasks"]  # fmt: skip

    def status():
        return server.client("ecs").describe_tasks(cluster=name, tasks=[task["taskArn"]])["tasks"][0]["lastStatus"]

    wait_until(lambda: status() == "RUNNING", 30)
    for _ in range(3):
        time.sleep(1.2)
        server.kill()
        time.sleep(0.5)
        server.start()
    wait_until(lambda: status() == "STOPPED", 60)
    stream = f"p/talk/{task['taskArn'].rpartition('/')[2]}"
    found = []
    for page in (
        server.client("logs").get_paginator("filter_log_events").paginate(logGroupName=name, logStreamNames=[stream])
    ):
        found += [event["message"] for event in page["events"]]
    assert found == [str(n) for n in range(3000)]
