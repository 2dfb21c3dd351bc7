"""`cdk watch`: what a saved file says is what a service, a build project and a function say a moment later."""

import json

import pytest
from tests.support.cdk import Cdk
from tests.support.server import wait_until
from tests.wire.cdk.conftest import APP

pytestmark = [pytest.mark.docker, pytest.mark.haproxy, pytest.mark.timeout(300)]


@pytest.fixture
def watched(cdk, prefix, real_server, tmp_path):
    made = Cdk(APP.parent / "watched", real_server.endpoint, tmp_path, prefix=prefix)
    yield made
    made("destroy", "--force", f"{prefix}-watched")


def test_a_saved_file_is_hotswapped_without_being_asked(watched, prefix, real):
    stack, done = f"{prefix}-watched", f"✅  {prefix}-watched"
    logs = real("logs")

    def logged(stream, message):
        found = logs.filter_log_events(logGroupName=stack, logStreamNamePrefix=stream)["events"]
        return message in [event["message"].strip() for event in found]

    def invoked():
        return json.loads(real("lambda").invoke(FunctionName=stack)["Payload"].read())

    with watched.watching("--hotswap-fallback", stack) as told:  # the fallback makes the stack at first
        wait_until(lambda: told().count(done) == 1, 120, 0.2, "the first deployment")
        wait_until(lambda: logged("task", "built one, runs one"), 30, 0.2, "the first task")
        (watched.folder / "message.txt").write_text("two\n")
        wait_until(lambda: told().count(done) == 2, 120, 0.2, "the hotswap")
    assert "hotswapping resources" in told()
    wait_until(lambda: logged("task", "built two, runs two"), 30, 0.2, "the new task")
    assert invoked() == "two"
    build = real("codebuild").start_build(projectName=stack)["build"]["id"]
    wait_until(
        lambda: real("codebuild").batch_get_builds(ids=[build])["builds"][0]["buildComplete"], 60, 0.2, "a build"
    )
    wait_until(lambda: logged("build", "specified two, runs two"), 30, 0.2, "the build's log")
    statuses = [event["ResourceStatus"] for event in events(real, stack)]
    assert not [status for status in statuses if status.startswith("UPDATE")]


def events(real, stack):
    pages = real("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    return [event for page in pages for event in page["StackEvents"]]
