"""A custom resource provider behind an SNS topic: an HTTP subscriber in this process that answers as it is told."""

import contextlib
import http.server
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.server import wait_until

Doc = dict[str, Any]
Answer = Callable[[Doc], Doc | None]


class Provider:
    """`answer(request)` gives the response's members (Status is SUCCESS unless it says otherwise), or None: silence."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Doc] = []
        self.confirmed = threading.Event()
        self.topic = ""

    def took(self, message: Doc) -> None:
        if message["Type"] == "SubscriptionConfirmation":
            with urllib.request.urlopen(message["SubscribeURL"], timeout=5):
                self.confirmed.set()
            return
        request = json.loads(message["Message"])
        self.requests.append(request)
        response = self.answer(request)
        if response is not None:
            respond(request, **response)

    def kinds(self) -> list[str]:
        return [one["RequestType"] for one in self.requests]


def respond(request: Doc, **response: Any) -> None:
    body = {
        "Status": "SUCCESS",
        "PhysicalResourceId": request.get("PhysicalResourceId", "made"),
        "StackId": request["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": request["LogicalResourceId"],
        **response,
    }
    put = urllib.request.Request(request["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT")
    with urllib.request.urlopen(put, timeout=5) as answered:
        assert answered.status == 200


@contextlib.contextmanager
def provider(aws: Any, name: str, answer: Answer = lambda request: {}) -> Iterator[Provider]:
    """A provider with its topic; give `topic` as ServiceToken."""
    made = Provider(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            threading.Thread(target=made.took, args=(message,), daemon=True).start()

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    sns = aws("sns")
    made.topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=made.topic, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/")
    wait_until(made.confirmed.is_set, what="the subscription")
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        sns.delete_topic(TopicArn=made.topic)
