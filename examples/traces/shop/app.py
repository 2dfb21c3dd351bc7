"""The shop takes orders: it asks payments (over HTTP) and the risk function (Lambda). Traced by AWS's X-Ray SDK, which
finds the daemon by AWS_XRAY_DAEMON_ADDRESS: the platform sets it for every ECS task."""

import http.client
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import botocore.session
from aws_xray_sdk.core import patch, xray_recorder
from aws_xray_sdk.ext.util import calculate_sampling_decision, construct_xray_header, inject_trace_header

PAYMENTS, RISK = os.environ["PAYMENTS"], os.environ["RISK_FUNCTION"]
xray_recorder.configure(service="shop", context_missing="LOG_ERROR")
patch(("botocore",))
functions = botocore.session.get_session().create_client("lambda")


def risk(amount: int) -> float:
    answer = functions.invoke(FunctionName=RISK, Payload=json.dumps({"amount": amount}))
    return json.loads(answer["Payload"].read())["risk"]


def pay(amount: int) -> int:
    with xray_recorder.in_subsegment("payments", namespace="remote") as call:
        headers: dict[str, str] = {}
        inject_trace_header(headers, call)
        payments = http.client.HTTPConnection(PAYMENTS, timeout=10)
        payments.request("POST", f"/pay?amount={amount}", headers=headers)
        answer = payments.getresponse()
        answer.read()
        call.put_http_meta("status", answer.status)
        return answer.status


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path != "/order":
            self.answer(200, {"status": "ok"})
            return
        header = construct_xray_header(self.headers)
        rule = {"host": self.headers["Host"], "method": "GET", "path": asked.path, "service": "shop"}
        sampled = calculate_sampling_decision(header, xray_recorder, rule)
        segment = xray_recorder.begin_segment("shop", header.root, header.parent, sampled)
        segment.put_http_meta("method", "GET")
        segment.put_http_meta("url", f"http://{self.headers['Host']}{asked.path}")
        try:
            amount = int(parse_qs(asked.query)["amount"][0])
            told = {"risk": risk(amount)}
            status = pay(amount)
            segment.put_http_meta("status", status)
            self.answer(status, told)
        finally:
            xray_recorder.end_segment()

    def answer(self, status: int, told: dict) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Shop).serve_forever()
