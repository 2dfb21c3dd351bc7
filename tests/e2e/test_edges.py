"""What goes wrong on the way from a push to production: the stage that fails, the sentence that says why, nothing left.

Each test ends with the version in production with which it began.
"""

import pytest

from tests.support.delivery_path import GOOD_APPSPEC, GOOD_BUILDSPEC

pytestmark = [pytest.mark.docker, pytest.mark.haproxy, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("buildspec", "says"),
    [
        ("version: 0.2\nphases: [", "The buildspec does not parse at line"),
        (
            "version: 0.2\nphases: {build: {commands: [exit 1]}}",
            "Error while executing command: exit 1. Reason: exit status 1",
        ),
        (
            GOOD_BUILDSPEC.replace("reports: {}", "reports: {unit: {files: [unit.xml]}}"),
            "The report file unit.xml is not XML",
        ),
    ],
    ids=["does-not-parse", "exits-1", "report-is-not-xml"],
)
def test_a_build_that_fails_stops_the_run_before_anybody_is_asked(path, buildspec, says):
    path.push(buildspec=buildspec).fails_at("Build", says)
    path.is_as_before()


def test_an_image_that_does_not_exist_fails_the_deployment(path):
    run = path.push(image="127.0.0.1:1/nothing:1").answer()
    run.fails_at("Deploy", "CannotPullContainerError", "127.0.0.1:1/nothing:1")
    path.is_as_before()


def test_a_container_that_exits_at_once_fails_the_deployment(path):
    run = path.push(command=["python3", "-c", "raise SystemExit(3)"]).answer()
    run.fails_at("Deploy", "do not stay up", "exited with code 3")
    path.is_as_before()


def test_a_health_check_that_never_passes_fails_the_deployment(path):
    environment = [{"name": "VERSION", "value": "2"}, {"name": "SICK", "value": "yes"}]
    run = path.push(environment=environment).answer()
    run.fails_at("Deploy", "do not stay up", "health checks")
    path.is_as_before()


def test_an_appspec_that_names_an_unknown_task_definition_fails_the_deployment(path):
    run = path.push(appspec=GOOD_APPSPEC.replace("<TASK_DEFINITION>", "nobody:9")).answer()
    run.fails_at("Deploy", "The AppSpec file names the task definition nobody:9, which does not exist.")
    path.is_as_before()


def test_an_approval_that_is_rejected_deploys_nothing(path):
    path.push().answer("Rejected", "not on a Friday").fails_at("Approve", "not on a Friday")
    path.is_as_before()


def test_an_approval_that_nobody_gives_times_out(path):
    path.approval_minutes(5)  # five seconds at clock 60
    try:
        path.push().fails_at("Approve", "Nobody approved or rejected within 5 minutes")
    finally:
        path.approval_minutes(20_160)
    path.is_as_before()
