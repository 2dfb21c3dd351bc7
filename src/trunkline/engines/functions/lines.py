"""The lines that Lambda itself writes into a function's log, as text or as JSON by the function's log format."""

import json
from datetime import UTC, datetime

from trunkline.engines.functions.interface import FunctionSpec


def stamp(epoch: float) -> str:
    """An instant as Lambda's lines show it."""
    moment = datetime.fromtimestamp(epoch, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def init_start(spec: FunctionSpec, at: float) -> bytes:
    runtime = spec.runtime.replace("python", "python:").replace("nodejs", "nodejs:").removesuffix(".x")
    if spec.log_format == "JSON":
        record: dict[str, object] = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": runtime,
            "functionName": spec.name,
            "functionVersion": spec.version,
        }
        return _platform("platform.initStart", record, at)
    return f"INIT_START Runtime Version: {runtime or 'image'}\t".encode()


def start(spec: FunctionSpec, request_id: str, at: float) -> bytes:
    if spec.log_format == "JSON":
        return _platform("platform.start", {"requestId": request_id, "version": spec.version}, at)
    return f"START RequestId: {request_id} Version: {spec.version}".encode()


def timed_out(request_id: str, timeout_s: float, at: float) -> bytes:
    return f"{stamp(at)} {request_id} Task timed out after {timeout_s:.2f} seconds".encode()


def exited(request_id: str, words: str, kind: str) -> bytes:
    return f"RequestId: {request_id} Error: {words}\n{kind}".encode()


def end(
    spec: FunctionSpec,
    request_id: str,
    at: float,
    *,
    duration_ms: float,
    init_ms: float | None,
    memory_mb: int,
    status: str,
    error_type: str,
    trace_id: str,
) -> list[bytes]:
    """The end and the report of an invocation. status: success, error, failure or timeout."""
    billed_ms = -(-duration_ms // 1)
    if spec.log_format == "JSON":
        metrics = {
            "durationMs": round(duration_ms, 3),
            "billedDurationMs": int(billed_ms),
            "memorySizeMB": spec.memory_mb,
            "maxMemoryUsedMB": memory_mb,
        }
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
        record: dict[str, object] = {"requestId": request_id, "metrics": metrics, "status": status}
        if error_type:
            record["errorType"] = error_type
        return [_platform("platform.report", record, at)]
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {int(billed_ms)} ms\t"
        f"Memory Size: {spec.memory_mb} MB\tMax Memory Used: {memory_mb} MB\t"
    )
    if init_ms is not None:
        report += f"Init Duration: {init_ms:.2f} ms\t"
    if status in ("timeout", "error"):
        report += f"Status: {status}\t"
    if error_type and status == "error":
        report += f"Error Type: {error_type}\t"
    if trace_id:
        fields = dict(part.split("=", 1) for part in trace_id.split(";") if "=" in part)
        if fields.get("Sampled") == "1":
            segment = fields.get("Parent", "")
            report += f"\nXRAY TraceId: {fields.get('Root', '')}\tSegmentId: {segment}\tSampled: true\t"
    return [f"END RequestId: {request_id}".encode(), report.encode()]


def _platform(kind: str, record: dict[str, object], at: float) -> bytes:
    return json.dumps({"time": stamp(at), "type": kind, "record": record}).encode()
