"""Invoke: wait for the answer, hand over and go, or only ask whether one may."""

import base64
import json
from collections.abc import AsyncIterator

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.services.lambda_ import naming, policies
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.naming import Found, named, resolve
from trunkline.services.lambda_.running.runner import Wanted

_SYNCHRONOUS_LIMIT = 6_291_556
_ASYNCHRONOUS_LIMIT = 1_048_576
_CHUNK = 65_536


class Invoking(Operations):
    @operation(naming.resource, action="lambda:InvokeFunction", mutates=False)
    async def invoke(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        found = resolve(self.kit.db, name, routed=True)
        policies.check_service(call, found.function.policies.get(name.qualifier), name.qualified_arn)
        kind = req.get("InvocationType", "RequestResponse")
        payload = _payload(req, kind)
        if kind == "DryRun":
            return {"StatusCode": 204}
        trace_id = call.headers.get("x-amzn-trace-id", "")
        if kind == "Event":
            await self.context.queue.add(name, payload, call.request_id, trace_id)
            return {"StatusCode": 202}
        return await self._synchronous(call, req, found, payload, trace_id)

    async def _synchronous(self, call: Call, req: Doc, found: Found, payload: bytes, trace_id: str) -> Doc:
        wants_tail = req.get("LogType") == "Tail"
        wanted = Wanted(
            payload,
            call.request_id,
            found.name.qualified_arn,
            trace_id,
            _client_context(req),
            wants_tail,
        )
        outcome = await self.context.runner.invoke(found, wanted)
        return {
            "StatusCode": 200,
            "ExecutedVersion": found.version.number,
            "Payload": outcome.payload,
            "FunctionError": outcome.error or None,
            "LogResult": base64.b64encode(outcome.tail).decode() if wants_tail else None,
        }

    @operation(naming.resource, action="lambda:InvokeFunction", mutates=False)
    async def invoke_with_response_stream(self, call: Call, req: Doc) -> Doc:
        found = resolve(self.kit.db, named(call, req), routed=True)
        policies.check_service(call, found.function.policies.get(found.name.qualifier), found.name.qualified_arn)
        payload = _payload(req, "RequestResponse")
        if req.get("InvocationType") == "DryRun":
            return {"StatusCode": 204}
        answer = await self._synchronous(call, req, found, payload, call.headers.get("x-amzn-trace-id", ""))
        return {
            "StatusCode": 200,
            "ExecutedVersion": answer["ExecutedVersion"],
            "ResponseStreamContentType": "application/octet-stream",
            "EventStream": _streamed(answer),
        }

    @operation(naming.resource, action="lambda:InvokeFunction", mutates=False)
    async def invoke_async(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        resolve(self.kit.db, name)
        given = req["InvokeArgs"]
        payload = given if isinstance(given, bytes) else b"".join([chunk async for chunk in given])
        await self.context.queue.add(name, payload, ids.uuid(), "")
        return {"Status": 202}


async def _streamed(answer: Doc) -> AsyncIterator[tuple[str, Doc]]:
    """The answer in pieces; it is whole before the first is sent."""
    payload: bytes = answer["Payload"]
    if not answer["FunctionError"]:
        for start in range(0, len(payload), _CHUNK):
            yield "PayloadChunk", {"Payload": payload[start : start + _CHUNK]}
    end: Doc = {"LogResult": answer["LogResult"]} if answer["LogResult"] else {}
    if answer["FunctionError"]:
        error = json.loads(payload)
        end |= {"ErrorCode": error.get("errorType", "Unhandled"), "ErrorDetails": payload.decode("utf-8", "replace")}
    yield "InvokeComplete", end


def _payload(req: Doc, kind: str) -> bytes:
    given = req.get("Payload") or b""
    payload: bytes = given if isinstance(given, bytes) else given.encode()
    limit = _ASYNCHRONOUS_LIMIT if kind == "Event" else _SYNCHRONOUS_LIMIT
    if len(payload) > limit:
        raise AwsError(
            "RequestTooLargeException",
            f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)",
            Type="User",
        )
    if not payload:
        return b"{}"
    try:
        json.loads(payload)
    except ValueError as error:
        raise AwsError(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}", Type="User"
        ) from error
    return payload


def _client_context(req: Doc) -> str:
    given = req.get("ClientContext")
    if not given:
        return ""
    try:
        return base64.b64decode(given).decode()
    except ValueError as error:
        raise AwsError(
            "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."
        ) from error
