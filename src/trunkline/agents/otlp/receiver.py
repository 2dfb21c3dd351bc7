"""The requests to /v1/traces, /v1/metrics and /v1/logs: who may, how much, and what is answered."""

import asyncio
from dataclasses import dataclass
from typing import Any

from trunkline.agents.otlp import logs, metrics, traces, wire
from trunkline.agents.otlp.wire import Partial
from trunkline.agents.reading import plain, whole_body
from trunkline.agents.senders import Sender, Senders
from trunkline.aws import sigv4
from trunkline.aws.errors import AwsError
from trunkline.aws.gateway import request_of, send_response
from trunkline.aws.http import Request, Response
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get

log = get(__name__)

PATHS = ("/v1/traces", "/v1/metrics", "/v1/logs")
_SIGNED_FOR = {"traces": "xray", "metrics": "monitoring", "logs": "logs"}
_LIMITS = {"traces": 5 * 1024 * 1024, "metrics": 1024 * 1024, "logs": 20 * 1024 * 1024}  # bytes, uncompressed
_BATCH = 50
_MOST_SPANS = 10_000


class Receiver:
    """An ASGI application for signed requests; `unsigned` for those of the daemon's port."""

    def __init__(self, kit: Kit, senders: Senders) -> None:
        self._kit = kit
        self._senders = senders
        self._series = metrics.Series(kit.clock)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send_response(await self._answer(request_of(scope, receive), is_signed=True), send)

    async def unsigned(self, request: Request) -> Response:
        """A request of the daemon's port, in the account and region of its sender."""
        return await self._answer(request, is_signed=False)

    async def _answer(self, request: Request, *, is_signed: bool) -> Response:
        kind = wire.PROTOBUF
        try:
            await whole_body(request)
            signal = request.path.removeprefix("/v1/")
            if request.path not in PATHS or request.method != "POST":
                raise AwsError("ResourceNotFoundException", f"There is no {request.method} {request.path}.", status=404)
            kind = wire.content_type(request)
            if is_signed:
                caller = self._authenticate(request, signal)
            else:
                caller = await self._senders.caller(request.client)
            body = plain(request, _LIMITS[signal])
            message = await asyncio.to_thread(wire.read, signal, kind, body)
            sender = await self._senders.find(request.client)
            exported = _Export(self._kit, request, caller, sender, is_signed)
            match signal:
                case "traces":
                    partial = await exported.traces(message)
                case "metrics":
                    partial = await exported.metrics(message, self._series)
                case _:
                    partial = await exported.logs(message)
            return wire.accepted(signal, kind, partial)
        except AwsError as error:
            return wire.refused(kind, error, _status(error))
        except Exception as error:
            log.exception("an OTLP request failed", path=request.path)
            failure = AwsError("InternalFailure", f"Unhandled {type(error).__name__}.", status=500)
            return wire.refused(kind, failure, 500)

    def _authenticate(self, request: Request, signal: str) -> Caller:
        settings, identity = self._kit.settings, self._kit.call.identity
        claim = sigv4.claim(request)
        if settings.auth == "open":
            verified = sigv4.open_door(claim, identity.credential, settings.account)
        else:
            verified = sigv4.verify(request, claim, identity.credential, self._kit.clock.time(), "rest-json")
            service = verified.claim.service
            if service != _SIGNED_FOR[signal]:
                raise AwsError(
                    "InvalidSignatureException",
                    f"Credential should be scoped to correct service: '{_SIGNED_FOR[signal]}'.",
                    status=403,
                )
            identity.note_use(verified.access_key_id, service, verified.region)
        return Caller(
            verified.credential.account,
            verified.claim.region or settings.region,
            verified.principal,
            request.client,
            request.headers.get("user-agent", ""),
            verified.access_key_id,
        )


@dataclass(slots=True)
class _Export:
    """One request on its way into the API."""

    kit: Kit
    request: Request
    caller: Caller
    sender: Sender
    is_signed: bool

    async def traces(self, message: Any) -> Partial:
        count = sum(len(scope.spans) for one in message.resource_spans for scope in one.scope_spans)
        if count > _MOST_SPANS:
            why = f"A request has at most {_MOST_SPANS} spans; this one has {count}."
            raise AwsError("InvalidRequestException", why, status=400)
        documents, bad = await asyncio.to_thread(traces.documents, message, self.sender.annotations)
        rejected, why = len(bad), bad[0] if bad else ""
        for start in range(0, len(documents), _BATCH):
            asked = {"TraceSegmentDocuments": documents[start : start + _BATCH]}
            answer = await self.kit.call("xray", "PutTraceSegments", asked, as_=self.caller)
            refused = answer.get("UnprocessedTraceSegments") or []
            rejected += len(refused)
            why = why or (f"{refused[0].get('ErrorCode')}: {refused[0].get('Message')}" if refused else "")
        return Partial(rejected, why)

    async def metrics(self, message: Any, series: metrics.Series) -> Partial:
        place = (self.caller.account, self.caller.region)
        batches, bad = metrics.data(message, series, place)
        rejected, why = len(bad), bad[0] if bad else ""
        for namespace, data in batches:
            refused, reason = await self._put(namespace, data)
            rejected += refused
            why = why or reason
        return Partial(rejected, why)

    async def _put(self, namespace: str, data: list[Doc]) -> tuple[int, str]:
        """How many were not taken, and why: one that is wrong must not take the others with it."""
        try:
            asked = {"Namespace": namespace, "MetricData": data}
            await self.kit.call("cloudwatch", "PutMetricData", asked, as_=self.caller)
        except AwsError as error:
            if _status(error) not in (400, 413):
                raise
            if len(data) == 1:
                return 1, error.message
            middle = len(data) // 2
            first, second = await self._put(namespace, data[:middle]), await self._put(namespace, data[middle:])
            return first[0] + second[0], first[1] or second[1]
        return 0, ""

    async def logs(self, message: Any) -> Partial:
        batches = await asyncio.to_thread(
            logs.batches, message, self.request.headers, self.kit.clock.time(), is_signed=self.is_signed
        )
        rejected, why = 0, ""
        for batch in batches:
            refused, reason = await logs.put(self.kit, batch, self.caller, makes=not self.is_signed)
            rejected += refused
            why = why or reason
        return Partial(rejected, why)


def _status(error: AwsError) -> int:
    """As OTLP's clients are told: 429 makes them try again, whatever the API's own protocol says."""
    if error.code.startswith("AccessDenied"):
        return 403
    if error.code.startswith(("Throttl", "TooManyRequests")):
        return 429
    if error.code == "ResourceNotFoundException":
        return 404
    return error.status or 400
