"""A server that is killed: what was accepted is run, and nothing of its sandboxes is left."""

import json

from tests.api.lambda_.conftest import zipped
from tests.support.roles import service_role
from tests.support.server import Server, wait_until

SLOW = """
import time
def handler(event, context):
    print("began")
    time.sleep(0.7)
    print("done", event["n"])
"""
FAILS = "def handler(event, context):\n    print('attempt')\n    raise ValueError('no')\n"


def lines(server: Server, function: str) -> list[str]:
    logs = server.client("logs")
    try:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [one["message"].strip() for one in found]


def create(server: Server, function: str, source: str, **more) -> None:
    role = service_role(server.client, f"{function}-role", "lambda")
    server.client("lambda").create_function(
        FunctionName=function,
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped(index__py=source)},
        Timeout=10,
        **more,
    )


def test_an_event_that_was_accepted_survives_a_kill_and_failures_are_tried_twice_more(tmp_path):
    server = Server(tmp_path / "data", clock=600)
    try:
        server.start()
        create(server, "slow", SLOW)
        create(server, "fails", FAILS)
        lam = server.client("lambda")
        lam.invoke(FunctionName="slow", InvocationType="Event", Payload=json.dumps({"n": 5}))
        wait_until(lambda: "began" in lines(server, "slow"), what="the first attempt")
        server.kill()
        server.start()
        wait_until(lambda: "done 5" in lines(server, "slow"), what="the second attempt")
        server.client("lambda").invoke(FunctionName="fails", InvocationType="Event")
        wait_until(lambda: lines(server, "fails").count("attempt") == 3, what="three attempts")
        waiting = server.client("lambda").get_function(FunctionName="fails")
        assert waiting["Configuration"]["State"] == "Active"
    finally:
        server.stop()
