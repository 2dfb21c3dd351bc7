"""Payments takes money, slowly, and never more than 100. Traced by OpenTelemetry; its exporter speaks to the X-Ray
daemon's port as it would to a collector beside it."""

import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

DAEMON = os.environ["AWS_XRAY_DAEMON_ADDRESS"]
provider = TracerProvider(resource=Resource({"service.name": "payments"}))
exporter = OTLPSpanExporter(f"http://{DAEMON}/v1/traces")
provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=200))
tracer = provider.get_tracer("payments")
propagator = AwsXRayPropagator()


class Payments(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        amount = int(parse_qs(asked.query)["amount"][0])
        attributes = {"http.request.method": "POST", "url.path": asked.path, "server.address": self.headers["Host"]}
        context = propagator.extract(dict(self.headers))
        with tracer.start_as_current_span("POST /pay", context, trace.SpanKind.SERVER, attributes) as span:
            with tracer.start_as_current_span("charge"):
                time.sleep(0.05)
            status = 200 if amount <= 100 else 500
            span.set_attribute("http.response.status_code", status)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Payments).serve_forever()
