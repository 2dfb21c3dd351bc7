"""Services that Trunkline does not have: refused by name, or answered by the upstream endpoint."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server


@pytest.fixture
def upstream():
    seen = []

    class Other(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers["X-Amz-Target"], json.loads(body)))
            answer = b'{"TableNames": ["from upstream"]}'
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}", seen
    web.shutdown()


def test_an_unknown_service_is_refused_by_name(aws):
    with pytest.raises(ClientError) as refused:
        aws("dynamodb").list_tables()
    assert "DynamoDB_20120810" in str(refused.value)


def test_an_unknown_service_is_answered_by_the_upstream_for_those_who_may_call(tmp_path, upstream):
    url, seen = upstream
    with Server(tmp_path / "data", upstream=url) as server:
        assert server.client("dynamodb").list_tables(Limit=3)["TableNames"] == ["from upstream"]
        assert seen == [("DynamoDB_20120810.ListTables", {"Limit": 3})]
        with pytest.raises(ClientError) as refused:
            server.client("dynamodb", secret="wrong").list_tables()
        assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
        assert len(seen) == 1
        assert server.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_an_upstream_that_is_down_is_said_to_be_down(tmp_path):
    with Server(tmp_path / "data", upstream="http://127.0.0.1:1") as server:
        with pytest.raises(ClientError) as refused:
            server.client("dynamodb").list_tables()
        assert "does not answer" in str(refused.value)
