"""Docker or HAProxy stopped in the middle: what was under way goes on when they are back, or fails and says why."""

import os
import signal
import subprocess

import pytest

from tests.support.server import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.haproxy, pytest.mark.timeout(180)]

SLOW = """
version: 0.2
phases:
  build:
    commands:
      - for n in $(seq 1 40); do echo line $n; sleep 0.1; done
artifacts: {files: [taskdef.json, appspec.yaml]}
"""


@pytest.fixture
def docker(docker_door):
    """Docker as the server sees it; running again after the test."""
    yield docker_door
    docker_door.close()
    docker_door.open()


def build_phase(path, build):
    return path.aws("codebuild").batch_get_builds(ids=[build])["builds"][0]["currentPhase"]


def test_a_build_goes_on_when_docker_was_away_for_a_while(path, docker):
    run = path.push(buildspec=SLOW)
    build = run.external("Build")
    wait_until(lambda: build_phase(path, build) == "BUILD", 30, what="the build phase")
    docker.close()
    wait_until(lambda: path.server.page("status")["containers"]["state"] == "down", 10, what="Docker away")
    docker.open()
    run.answer("Rejected", "only the build was of interest")
    logs = path.aws("codebuild").batch_get_builds(ids=[build])["builds"][0]["logs"]
    events = path.aws("logs").get_log_events(
        logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
    )["events"]
    lines = [event["message"] for event in events if event["message"].startswith("line ")]
    assert lines == [f"line {n}" for n in range(1, 41)]
    run.ended()
    path.is_as_before()


def test_a_build_that_cannot_begin_without_docker_says_so(path, docker):
    docker.close()
    run = path.push()
    run.fails_at("Build", "Docker Engine", "does not answer")
    docker.open()
    path.is_as_before()


def test_a_build_stopped_while_docker_is_away_leaves_no_container(path, docker):
    run = path.push(buildspec=SLOW.replace("seq 1 40", "seq 1 4000"))
    build = run.external("Build")
    wait_until(lambda: build_phase(path, build) == "BUILD", 30, what="the build phase")
    docker.close()
    path.aws("codebuild").stop_build(id=build)
    run.fails_at("Build", "STOPPED")
    assert len(path.containers()) == 2
    docker.open()
    path.is_as_before()


def test_a_deployment_waits_for_docker_and_then_goes_on(path, docker):
    run = path.push(version="after-docker")
    run.token()
    docker.close()
    run.answer()
    deployment = run.external("Deploy")
    wait_until(lambda: len(path.task_sets()) == 2, 20, what="the replacement task set")
    assert path.version() == path.live
    docker.open()
    run.succeeds()
    info = path.aws("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]
    assert info["status"] == "Succeeded"
    path.is_as_before()


def test_a_build_whose_container_is_killed_says_so(path):
    run = path.push(buildspec=SLOW)
    build = run.external("Build")
    wait_until(lambda: build_phase(path, build) == "BUILD", 30, what="the build phase")
    (container,) = (name for name in path.containers() if "-build-" in name)
    subprocess.run(["docker", "kill", container], check=True, capture_output=True)
    run.fails_at("Build", "Build container found dead before completing the build")
    path.is_as_before()


def test_a_service_whose_container_is_killed_is_served_again(path):
    (container,) = path.containers()
    subprocess.run(["docker", "kill", container], check=True, capture_output=True)
    wait_until(lambda: path.containers() not in ({container}, set()), 20, what="another container")
    wait_until(lambda: path.version() == path.live, 30, what="an answer of the new container")
    path.is_as_before()


def test_a_shift_goes_on_when_haproxy_was_killed_in_the_middle(path):
    run = path.push(version="after-haproxy").answer()
    wait_until(lambda: len(path.weights()) == 2, 60, what="the first step of the shift")
    before = haproxy(path)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: haproxy(path) not in (0, before), 10, what="HAProxy again")
    wait_until(lambda: path.version() in (path.live, run.version), 10, what="an answer")
    run.succeeds()
    path.is_as_before()


def haproxy(path):
    """Its process, or 0."""
    try:
        return int((path.server.data_dir / "proxy" / "haproxy.pid").read_text())
    except (OSError, ValueError):
        return 0
