"""The calls that are measured, as boto3 makes and signs them today."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from benchmarks.replay import Wire
from benchmarks.servers import ACCESS_KEY, SECRET_KEY, Server
from botocore.awsrequest import AWSResponse
from botocore.config import Config

MB = 2**20
BUCKET, GROUP, STREAM = "bench-bucket", "/bench/app", "stream"
_LINE = "2026-11-22 INFO request {} handled in {} ms path=/api/items/{} status=200 user=anonymous region=us-east-1"
_BIG = os.urandom(64 * MB)


@dataclass(frozen=True)
class Measured:
    """One call. `requests`: how many different ones are made; `least`: how many are sent in a slice at least."""

    name: str
    service: str
    operation: str
    params: Callable[[int], dict[str, Any]]
    requests: int = 64
    least: int = 60
    connections: tuple[int, ...] = (1, 8)
    megabytes: int = 0


def _datum(value: float) -> dict[str, Any]:
    dimensions = [{"Name": "Service", "Value": "hello"}, {"Name": "Zone", "Value": "a"}]
    return {"MetricName": f"metric-{int(value)}", "Value": value, "Unit": "Milliseconds", "Dimensions": dimensions}


def _small(n: int, **more: Any) -> dict[str, Any]:
    return {"Bucket": BUCKET, "Key": f"small/{n}", **more}


def _events(n: int) -> dict[str, Any]:
    now_ms = int(time.time() * 1000)
    events = [{"timestamp": now_ms, "message": _LINE.format(n, i, i * n)} for i in range(100)]
    return {"logGroupName": GROUP, "logStreamName": STREAM, "logEvents": events}


CALLS = (
    Measured("sts GetCallerIdentity", "sts", "get_caller_identity", lambda n: {}),
    Measured(
        "s3 PutObject 1 KB",
        "s3",
        "put_object",
        lambda n: _small(n, Body=os.urandom(1024)),
    ),
    Measured("s3 GetObject 1 KB", "s3", "get_object", _small),
    Measured(
        "cloudwatch PutMetricData of 20",
        "cloudwatch",
        "put_metric_data",
        lambda n: {"Namespace": "Bench", "MetricData": [_datum(i + n / 100) for i in range(20)]},
    ),
    Measured("logs PutLogEvents of 100", "logs", "put_log_events", _events, least=20),
    Measured(
        "ssm PutParameter",
        "ssm",
        "put_parameter",
        lambda n: {"Name": f"/bench/{n}", "Value": f"value-{time.time_ns()}", "Type": "String", "Overwrite": True},
    ),
    Measured(
        "s3 PutObject 64 MB",
        "s3",
        "put_object",
        lambda n: {"Bucket": BUCKET, "Key": "big", "Body": _BIG},
        requests=1,
        least=2,
        connections=(1,),
        megabytes=64,
    ),
    Measured(
        "s3 GetObject 64 MB",
        "s3",
        "get_object",
        lambda n: {"Bucket": BUCKET, "Key": "big"},
        requests=1,
        least=2,
        connections=(1,),
        megabytes=64,
    ),
)


class Maker:
    """boto3 for one server: makes requests without sending them, or sends them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clients: dict[str, Any] = {}
        self._capturing = False
        self._caught: Any = None

    def client(self, service: str) -> Any:
        if service not in self._clients:
            client = boto3.session.Session().client(
                service,
                endpoint_url=self._server.endpoint,
                region_name="us-east-1",
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=SECRET_KEY,
                config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
            )
            client.meta.events.register_first("before-send.*.*", self._catch)
            self._clients[service] = client
        return self._clients[service]

    def prepare(self) -> None:
        """What the calls need to exist."""
        self.client("s3").create_bucket(Bucket=BUCKET)
        self.client("logs").create_log_group(logGroupName=GROUP)
        self.client("logs").create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
        for n in range(next(call.requests for call in CALLS if call.name == "s3 GetObject 1 KB")):
            self.client("s3").put_object(**_small(n, Body=os.urandom(1024)))
        self.client("s3").put_object(Bucket=BUCKET, Key="big", Body=_BIG)

    def wires(self, call: Measured) -> list[Wire]:
        """Freshly signed requests of one call."""
        return [self._wire(call, n) for n in range(call.requests)]

    def protocol(self, service: str) -> str:
        return str(self.client(service).meta.service_model.resolved_protocol)

    def _wire(self, call: Measured, n: int) -> Wire:
        client = self.client(call.service)
        self._capturing = True
        try:
            getattr(client, call.operation)(**call.params(n))
        except Exception:  # boto3 cannot make sense of the empty answer; the request is what we want
            if self._caught is None:
                raise
        finally:
            self._capturing = False
        request, self._caught = self._caught, None
        url = urlsplit(request.url)
        body = b"" if request.body is None else request.body
        body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.netloc)
        if request.method in ("PUT", "POST"):
            headers.setdefault("content-length", str(len(body)))
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return Wire(f"{request.method} {target} HTTP/1.1\r\n{lines}\r\n".encode(), body, "expect" in headers)

    def _catch(self, request: Any, **_: Any) -> Any:
        if not self._capturing:
            return None
        self._caught = request
        return AWSResponse(request.url, 200, {}, _Nothing())


class _Nothing:
    """The body of an answer that never came."""

    def stream(self, *_: Any, **__: Any) -> Any:
        return iter(())

    def read(self, *_: Any, **__: Any) -> bytes:
        return b""


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
