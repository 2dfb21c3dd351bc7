"""OTLP's messages on the wire: requests in protobuf or JSON, answers in the form in which the request came.

https://opentelemetry.io/docs/specs/otlp/#otlphttp. The generated messages are imported on the first request: they cost
a tenth of a second, which the start of the server must not pay.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response

if TYPE_CHECKING:
    from google.protobuf.message import Message

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_HEX_IDS = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})
_HEX = re.compile(r"[0-9a-fA-F]*")
_GRPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 413: 3, 415: 3, 429: 8, 500: 13, 503: 14}
_RETRIED_IN_S = "1"


@dataclass(frozen=True, slots=True)
class Partial:
    """What of a request was not taken, and why."""

    rejected: int = 0
    message: str = ""


def content_type(request: Request) -> str:
    """Protobuf or JSON; 415 for anything else."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in (PROTOBUF, JSON):
        raise AwsError("UnsupportedMediaTypeException", f"Content-Type must be {PROTOBUF} or {JSON}.", status=415)
    return given


def read(signal: str, kind: str, body: bytes) -> Any:
    """The Export…ServiceRequest of a signal: "traces", "metrics" or "logs"."""
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError

    message = _messages(signal)[0]()
    try:
        if kind == PROTOBUF:
            message.ParseFromString(body)
        else:
            json_format.ParseDict(_with_binary_ids(orjson.loads(body or b"{}")), message, ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError, orjson.JSONDecodeError, ValueError, RecursionError) as error:
        why = f"The body is not a valid OTLP request: {error}"
        raise AwsError("InvalidRequestException", why, status=400) from error
    return message


def accepted(signal: str, kind: str, partial: Partial) -> Response:
    """200, with what was rejected, if anything was."""
    from google.protobuf import json_format

    _, answer_type, count_field = _messages(signal)
    answer = answer_type()
    if partial.rejected or partial.message:
        setattr(answer.partial_success, count_field, partial.rejected)
        answer.partial_success.error_message = partial.message
    body = answer.SerializeToString() if kind == PROTOBUF else json_format.MessageToJson(answer, indent=None).encode()
    return Response(200, [("content-type", kind)], body)


def refused(kind: str, error: AwsError, status: int) -> Response:
    """A google.rpc.Status: its code and message only."""
    code, message = _GRPC_CODES.get(status, 2), f"{error.code}: {error.message}" if error.message else error.code
    headers = [("content-type", kind), ("x-amzn-errortype", error.code)]
    if status in (429, 503):
        headers.append(("retry-after", _RETRIED_IN_S))
    if kind == JSON:
        return Response(status, headers, orjson.dumps({"code": code, "message": message}))
    text = message.encode()
    return Response(status, headers, b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text)


def _messages(signal: str) -> tuple[type[Message], Any, str]:
    """Request, answer and the name of the answer's count of rejected items."""
    if signal == "traces":
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

        return traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse, "rejected_spans"
    if signal == "metrics":
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics

        return metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse, "rejected_data_points"
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs

    return logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse, "rejected_log_records"


def _with_binary_ids(value: Any) -> Any:
    """OTLP's JSON writes ids in hex where protobuf's JSON has base64."""
    if isinstance(value, list):
        return [_with_binary_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, one in value.items():
        if key in _HEX_IDS and isinstance(one, str):
            if not _HEX.fullmatch(one) or len(one) % 2:
                raise ValueError(f"{key} is not in hex")
            found[key] = base64.b64encode(bytes.fromhex(one)).decode()
        else:
            found[key] = _with_binary_ids(one)
    return found


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
