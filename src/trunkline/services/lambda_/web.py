"""Function URLs at work: an HTTP request as an event of format 2.0, and the function's answer as a response.

On AWS each URL has a host name of its own; here it is a path of the endpoint, which resolves on every machine.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, unquote

from trunkline.aws import sigv4
from trunkline.aws.errors import AwsError
from trunkline.aws.gateway import request_of, send_response
from trunkline.aws.http import Request, Response
from trunkline.aws.service import ANONYMOUS, Caller, Doc, Kit
from trunkline.core import ids
from trunkline.core.log import get
from trunkline.services.lambda_ import naming, policies, store
from trunkline.services.lambda_.model import Function
from trunkline.services.lambda_.running.runner import Runner, Wanted

log = get(__name__)

PREFIX = "/_lambda/url/"
_LIMIT = 6 * 1024 * 1024
_OURS = ("content-length", "transfer-encoding", "connection")
_STREAM_SEPARATOR = b"\0" * 8
_TEXT = ("text/", "application/json", "application/xml", "application/javascript", "application/x-www-form-urlencoded")


class FunctionUrls:
    """The ASGI application under PREFIX."""

    def __init__(self, kit: Kit, runner: Runner) -> None:
        self._kit = kit
        self._runner = runner
        self._known: dict[str, tuple[str, str, str]] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = request_of(scope, receive)
        try:
            response = await self._answer(request)
        except AwsError as error:
            response = _message(error.status or 403, error.message or error.code)
        except Exception:
            log.exception("a function URL failed", path=request.path)
            response = _message(500, "Internal Server Error")
        await send_response(response, send)

    async def _answer(self, request: Request) -> Response:
        url_id, _, rest = request.path.removeprefix(PREFIX).partition("/")
        function, qualifier, config = self._found(url_id)
        cors = config.get("Cors") or {}
        origin = request.headers.get("origin", "")
        if cors and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Response(200, _cors_headers(cors, origin, preflight=True))
        request.body = await _body(request)
        name = naming.Name(function.account, function.region, function.name, qualifier)
        caller = self._caller(request, function, qualifier, config, name.qualified_arn)
        found = naming.resolve(self._kit.db, name, routed=True)
        request_id = ids.uuid()
        event = self._event(request, url_id, f"/{rest}", caller, request_id)
        wanted = Wanted(
            json.dumps(event).encode(), request_id, name.qualified_arn, request.headers.get("x-amzn-trace-id", "")
        )
        try:
            outcome = await self._runner.invoke(found, wanted)
        except AwsError as error:
            if error.code == "TooManyRequestsException":
                return _message(429, "Too Many Requests")
            return _message(502, "Internal Server Error")
        if outcome.error:
            return _message(502, "Internal Server Error")
        response = _response(outcome.payload)
        response.headers.append(("x-amzn-requestid", request_id))
        if cors:
            response.headers += _cors_headers(cors, origin, preflight=False)
        return response

    def _found(self, url_id: str) -> tuple[Function, str, Doc]:
        for key in (self._known.get(url_id), None):
            functions = [store.FUNCTIONS.get(self._kit.db, *key)] if key else store.FUNCTIONS.find(self._kit.db)
            for function in functions:
                for qualifier, config in (function.urls if function else {}).items():
                    if function is not None and config["Id"] == url_id:
                        self._known[url_id] = (function.account, function.region, function.name)
                        return function, qualifier, config
        raise AwsError("AccessDeniedException", "Forbidden", status=403)

    def _caller(self, request: Request, function: Function, qualifier: str, config: Doc, arn: str) -> Caller:
        """Who calls, when they may; 403 otherwise."""
        policy = function.policies.get(qualifier)
        compiled = [policies.compiled(policy)] if policy else []
        caller = Caller(function.account, function.region, ANONYMOUS, request.client)
        if config["AuthType"] == "AWS_IAM":
            claim = sigv4.claim(request)
            if claim is None:
                raise AwsError("AccessDeniedException", "Forbidden", status=403)
            credential = self._kit.call.identity.credential
            if self._kit.settings.auth == "open":
                verified = sigv4.open_door(claim, credential, function.account)
            else:
                verified = sigv4.verify(request, claim, credential, self._kit.clock.time(), "json")
            region, client = function.region, request.client
            caller = Caller(verified.account, region, verified.principal, client, access_key_id=verified.access_key_id)
        context = {"lambda:FunctionUrlAuthType": config["AuthType"], "lambda:InvokedViaFunctionUrl": "true"}
        decision = self._kit.call.authorizer.decide(
            caller,
            "lambda:InvokeFunctionUrl",
            [arn],
            context,
            resource_policies=compiled,
            resource_account=function.account,
        )
        if not decision.allowed:
            raise AwsError("AccessDeniedException", "Forbidden. For troubleshooting Function URL authorization issues, "
                           "see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html", status=403)  # fmt: skip
        return caller

    def _event(self, request: Request, url_id: str, path: str, caller: Caller, request_id: str) -> Doc:
        now = self._kit.clock.now()
        headers = dict(request.headers)
        cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
        kind = headers.get("content-type", "")
        is_text = not request.body or kind.startswith(_TEXT) or kind.endswith(("+json", "+xml"))
        query: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            query[name] = f"{query[name]},{value}" if name in query else value
        context: Doc = {
            "accountId": "anonymous" if caller.principal.kind == "anonymous" else caller.account,
            "apiId": url_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": url_id,
            "http": {
                "method": request.method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": request.client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        }
        if caller.principal.kind != "anonymous":
            context["authorizer"] = {
                "iam": {
                    "accessKey": caller.access_key_id,
                    "accountId": caller.account,
                    "callerId": caller.principal.id,
                    "userArn": caller.principal.arn,
                    "userId": caller.principal.id,
                }
            }
        event: Doc = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": request.query,
            "headers": headers,
            "requestContext": context,
            "isBase64Encoded": not is_text,
        }
        if cookies:
            event["cookies"] = cookies
        if query:
            event["queryStringParameters"] = query
        if request.body:
            event["body"] = (
                request.body.decode("utf-8", "replace") if is_text else base64.b64encode(request.body).decode()
            )
        return event


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    if request.stream is not None:
        async for chunk in request.stream:
            size += len(chunk)
            if size > _LIMIT:
                raise AwsError("RequestTooLargeException", "Request must be smaller than 6 MB", status=413)
            chunks.append(chunk)
    request.stream = None
    return b"".join(chunks)


def _response(payload: bytes) -> Response:
    """The function's answer: an object with a statusCode says it all, anything else is the body of a 200."""
    body = b""
    if _STREAM_SEPARATOR in payload[:65_536]:  # a streaming handler: its metadata, then what it wrote
        head, _, body = payload.partition(_STREAM_SEPARATOR)
        payload = head
    try:
        answer = json.loads(payload)
    except ValueError:
        return Response(200, [("content-type", "application/octet-stream")], payload)
    if not isinstance(answer, dict) or not ("statusCode" in answer or body):
        content = answer.encode() if isinstance(answer, str) else payload
        return Response(200, [("content-type", "application/json")], content)
    given = answer.get("body", "")
    if not body and given not in (None, ""):
        text = given if isinstance(given, str) else json.dumps(given)
        body = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    headers = [(str(name).lower(), str(value)) for name, value in (answer.get("headers") or {}).items()]
    headers = [one for one in headers if one[0] not in _OURS]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    headers += [("set-cookie", str(cookie)) for cookie in answer.get("cookies") or []]
    return Response(int(answer.get("statusCode", 200)), headers, body)


def _cors_headers(cors: Doc, origin: str, *, preflight: bool) -> list[tuple[str, str]]:
    allowed = cors.get("AllowOrigins") or []
    if not origin or not ("*" in allowed or origin in allowed):
        return []
    headers = [("access-control-allow-origin", "*" if "*" in allowed else origin), ("vary", "Origin")]
    if cors.get("AllowCredentials"):
        headers.append(("access-control-allow-credentials", "true"))
    if cors.get("ExposeHeaders"):
        headers.append(("access-control-expose-headers", ",".join(cors["ExposeHeaders"])))
    if preflight:
        headers += [
            ("access-control-allow-methods", ",".join(cors.get("AllowMethods") or [])),
            ("access-control-allow-headers", ",".join(cors.get("AllowHeaders") or [])),
            ("access-control-max-age", str(cors.get("MaxAge", 0))),
        ]
    return headers


def _message(status: int, text: str) -> Response:
    return Response(status, [("content-type", "application/json")], json.dumps({"Message": text}).encode())
