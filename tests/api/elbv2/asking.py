"""What the tests of Elastic Load Balancing share."""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


class Target(ThreadingHTTPServer):
    """A target: answers with its name; `status` and `health` may be changed."""

    daemon_threads = True

    def __init__(self, name):
        self.name, self.status, self.health, self.delay_s = name, 200, 200, 0.0
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def target(self):
        return {"Id": "127.0.0.1", "Port": self.server_address[1]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        health = self.path == "/health"
        if not health:
            time.sleep(self.server.delay_s)
        body = self.server.name.encode()
        self.send_response(self.server.health if health else self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def forward(*groups):
    """One target group, or pairs of target group and weight."""
    if isinstance(groups[0], str):
        return [{"Type": "forward", "TargetGroupArn": groups[0]}]
    targets = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": targets}}]


def fixed(status, body=""):
    return [
        {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": str(status), "MessageBody": body, "ContentType": "text/plain"},
        }
    ]


def listen(elb, balancer, port, actions):
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=actions
    )
    return made["Listeners"][0]["ListenerArn"]


def get(balancer, port, path="/", **headers):
    connection = http.client.HTTPConnection(balancer["DNSName"], port, timeout=10)
    try:
        connection.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def state(elb, group_arn, target=None):
    asked = {"Targets": [target]} if target else {}
    found = elb.describe_target_health(TargetGroupArn=group_arn, **asked)["TargetHealthDescriptions"]
    return [each["TargetHealth"]["State"] for each in found]


def healthy(elb, group_arn):
    wait_until(lambda: set(state(elb, group_arn)) == {"healthy"}, what="healthy targets")


def fault(call, **params):
    with pytest.raises(ClientError) as raised:
        call(**params)
    return raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]
