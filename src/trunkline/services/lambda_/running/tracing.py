"""Segments that Lambda makes of its functions: AWS::Lambda for the service's part, AWS::Lambda::Function for the code.

Only where tracing is active; otherwise the header that came is handed on. A request that nobody decided on is traced
as AWS does it, by no rule of the user's: the first of each second, and five per cent of the rest.
https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
"""

import json
import random
from dataclasses import dataclass
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc, Kit
from trunkline.aws.tracing import SegmentOutbox, TraceHeader, new_segment_id, new_trace_id
from trunkline.engines.functions import Outcome
from trunkline.services.lambda_.model import Version
from trunkline.services.lambda_.running.host import PRINCIPAL

_SHARE = 0.05
_THROTTLED = 429


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where an asynchronous event comes from: when it was accepted, and how often it was tried before."""

    at: float
    attempts: int


@dataclass(slots=True)
class Traced:
    """One invocation on its way. header: what the code finds in _X_AMZN_TRACE_ID."""

    header: TraceHeader
    parent: str = ""
    service_id: str = ""
    began: float = 0.0
    accepted: Accepted | None = None

    @property
    def is_told(self) -> bool:
        """Whether segments are made of it."""
        return bool(self.service_id)


class Tracing:
    def __init__(self, kit: Kit) -> None:
        self._clock = kit.clock
        self._outbox = SegmentOutbox(kit.call, PRINCIPAL)
        self._last: dict[str, int] = {}

    async def stop(self) -> None:
        await self._outbox.stop()

    def begin(self, version: Version, came: str, accepted: Accepted | None = None) -> Traced:
        """Before a sandbox is looked for. came: the trace header of the request, or ""."""
        now = self._clock.time()
        header = TraceHeader.parse(came)
        root = header.root or new_trace_id(now)
        is_active = version.config.get("TracingConfig", {}).get("Mode") == "Active"
        sampled = header.sampled
        if sampled is None:
            sampled = is_active and self._chosen(version, now)
        if not (is_active and sampled):
            return Traced(TraceHeader(root, header.parent or new_segment_id(), sampled, header.more))
        parent = header.parent if header.root else ""
        handed_on = TraceHeader(root, new_segment_id(), True, header.more)
        return Traced(handed_on, parent, new_segment_id(), now, accepted)

    def ran(self, traced: Traced, version: Version, arn: str, request_id: str, outcome: Outcome) -> None:
        """The code ran, to whatever end."""
        if not traced.is_told:
            return
        failed: Doc = {"fault": True, "cause": _cause(outcome.payload)} if outcome.error else {}
        self._tell(version, self._service(traced, version, arn, request_id, 200, failed))
        self._tell(version, self._function(traced, version, arn, request_id, outcome, failed))

    def not_run(self, traced: Traced, version: Version, arn: str, request_id: str, error: AwsError) -> None:
        """It was throttled, or nothing could run it."""
        if traced.is_told:
            is_throttled = error.code == "TooManyRequestsException"
            failed: Doc = {"error": True, "throttle": True} if is_throttled else {"fault": True}
            status = _THROTTLED if is_throttled else error.status or 500
            self._tell(version, self._service(traced, version, arn, request_id, status, failed))

    def _chosen(self, version: Version, now: float) -> bool:
        if self._last.get(version.arn) != int(now):
            self._last[version.arn] = int(now)
            return True
        return random.random() < _SHARE  # noqa: S311  # shares, not secrets

    def _tell(self, version: Version, document: Doc) -> None:
        self._outbox.add(version.account, version.region, document)

    def _service(self, traced: Traced, version: Version, arn: str, request_id: str, status: int, failed: Doc) -> Doc:
        start = traced.accepted.at if traced.accepted else traced.began
        end = self._clock.time()
        flags = {key: held for key, held in failed.items() if key != "cause"}
        document: Doc = {
            "trace_id": traced.header.root,
            "id": traced.service_id,
            "name": version.name,
            "start_time": start,
            "end_time": end,
            "origin": "AWS::Lambda",
            "resource_arn": arn,
            "http": {"response": {"status": status if not traced.accepted else 202}},
            "aws": {"request_id": request_id, "resource_names": [version.name]},
            **flags,
        }
        if traced.parent:
            document["parent_id"] = traced.parent
        if traced.accepted is not None:
            attempt = _part(f"Attempt #{traced.accepted.attempts + 1}", traced.began, end)
            document["subsegments"] = [_part("Dwell Time", start, traced.began), {**attempt, **flags}]
        return document

    def _function(
        self, traced: Traced, version: Version, arn: str, request_id: str, outcome: Outcome, failed: Doc
    ) -> Doc:
        end = self._clock.time()
        ran_s, init_s = outcome.duration_ms / 1000, (outcome.init_ms or 0.0) / 1000
        done = max(end, traced.began + ran_s)
        called = max(traced.began, done - ran_s)
        invocation = _part("Invocation", called, done)
        parts = [{**invocation, "fault": True} if failed else invocation]
        if outcome.init_ms is not None:
            parts.insert(0, _part("Initialization", max(traced.began, called - init_s), called))
        parts.append(_part("Overhead", done, done))
        return {
            "trace_id": traced.header.root,
            "id": traced.header.parent,
            "parent_id": traced.service_id,
            "name": version.name,
            "start_time": parts[0]["start_time"],
            "end_time": done,
            "origin": "AWS::Lambda::Function",
            "resource_arn": arn,
            "aws": {
                "account_id": version.account,
                "function_arn": arn,
                "request_id": request_id,
                "cold_start": outcome.init_ms is not None,
                "resource_names": [version.name],
            },
            "annotations": {"revision": version.number},
            "subsegments": parts,
            **failed,
        }


def _part(name: str, start: float, end: float) -> Doc:
    return {"id": new_segment_id(), "name": name, "start_time": start, "end_time": end}


def _cause(payload: bytes) -> Doc:
    """The exception of an error document."""
    try:
        told: Any = json.loads(payload)
        kind, message = str(told.get("errorType") or "Error"), str(told.get("errorMessage") or "")
    except (ValueError, AttributeError):
        kind, message = "Error", ""
    exception = {"id": new_segment_id(), "type": kind, "message": message[:1000]}
    return {"working_directory": "/var/task", "exceptions": [exception]}
