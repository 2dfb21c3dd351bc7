"""The daemon's TCP side: the calls that the SDKs make without credentials, and OpenTelemetry's exporters."""

from typing import Any

from trunkline.agents.otlp import PATHS, Receiver
from trunkline.agents.reading import whole_body
from trunkline.agents.senders import Senders
from trunkline.aws import protocols
from trunkline.aws.errors import AwsError
from trunkline.aws.gateway import request_of, send_response
from trunkline.aws.http import Request, Response
from trunkline.aws.service import Kit
from trunkline.core import ids
from trunkline.core.log import get

log = get(__name__)

_CALLS = ("/GetSamplingRules", "/SamplingTargets", "/TraceSegments", "/TelemetryRecords")


class Proxy:
    """An ASGI application."""

    def __init__(self, kit: Kit, senders: Senders, receiver: Receiver) -> None:
        self._kit = kit
        self._senders = senders
        self._receiver = receiver

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send_response(await self.answer(request_of(scope, receive)), send)

    async def answer(self, request: Request) -> Response:
        """One request, in the account and region of its sender."""
        if request.path in PATHS:
            return await self._receiver.unsigned(request)
        request_id = ids.request_id()
        route = None
        try:
            await whole_body(request)
            if request.method != "POST" or request.path not in _CALLS:
                raise AwsError("ResourceNotFoundException", "The daemon answers to no such request.", status=404)
            route = protocols.route_to("xray", request)
            caller = await self._senders.caller(request.client)
            result = await self._kit.call("xray", route.operation.name, route.parse(request), as_=caller)
            return route.answer(result, request_id)
        except AwsError as error:
            return protocols.failure(request, route, error, request_id)
        except Exception as error:
            log.exception("a request to the daemon failed", path=request.path)
            failure = AwsError("InternalFailure", f"Unhandled {type(error).__name__}.", status=500)
            return protocols.failure(request, route, failure, request_id)
