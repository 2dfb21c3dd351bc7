"""Which operation of which service a request means, and in which protocol.

A request names its operation in its head (X-Amz-Target, the CBOR path, a REST path, Action in the query string) or, in
the query protocols, in its body. So there are two steps: `route_head` before the body is read, whose answer says
whether the body is the operation's to stream, and `route_body` for the rest once the body is there.
"""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.models import (
    BY_QUERY_VERSION,
    BY_SIGNING_NAME,
    BY_TARGET_PREFIX,
    Entry,
    Operation,
    ServiceModel,
    load,
)
from trunkline.aws.protocols import s3_paths
from trunkline.aws.protocols.cbor import CborWire
from trunkline.aws.protocols.form import parameters
from trunkline.aws.protocols.json_rpc import JsonWire
from trunkline.aws.protocols.paths import PathTree
from trunkline.aws.protocols.query import Ec2Wire, QueryWire
from trunkline.aws.protocols.rest_json import RestJsonWire
from trunkline.aws.protocols.rest_xml import RestXmlWire
from trunkline.aws.protocols.wire import Doc, Found, Wire

_FORM = "application/x-www-form-urlencoded"
_CBOR_PATH = "/service/"
_WIRES: dict[str, type[Wire]] = {
    wire.protocol: wire for wire in (JsonWire, QueryWire, Ec2Wire, RestJsonWire, RestXmlWire, CborWire)
}
_NOTHING: Mapping[str, str] = {}


class UnknownService(AwsError):
    """The request is for a service that is not in the catalog. `service` is the name in its credential scope, or ""."""

    def __init__(self, service: str, message: str) -> None:
        super().__init__("UnknownOperationException", message, status=400)
        self.service = service


@dataclass(slots=True)
class Route:
    """Where one request goes. `wire` reads and writes in the request's protocol."""

    service: ServiceModel
    operation: Operation
    wire: Wire
    found: Found

    @property
    def streams(self) -> bool:
        """The request's body is the operation's to read as it comes."""
        return self.operation.streaming_input is not None

    def parse(self, request: Request) -> Doc:
        """The request's members, typed and checked. The body must be decoded (gzip, aws-chunked) by now."""
        return self.wire.parse(request, self.found)

    def answer(self, doc: Doc, request_id: str) -> Response:
        return self.wire.answer(doc, request_id)

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        return self.wire.failure(error, request_id, request)


def route_head(request: Request) -> Route | None:
    """The route, if the request's head names the operation; None if its body does. Raises AwsError for none at all."""
    headers = request.headers
    target = headers.get("x-amz-target")
    if target is not None:
        return _by_target(target, headers)
    if request.path.startswith(_CBOR_PATH) and "smithy-protocol" in headers:
        return _by_cbor_path(request.path)
    name = scope_service(request)
    if name == "s3":
        return _s3(request)
    if request.method == "POST" and headers.get("content-type", "").startswith(_FORM):
        return None
    entry = BY_SIGNING_NAME.get(name)
    if entry is not None and "rest-json" in entry.protocols:
        return _rest(entry, request)
    if "Action=" in request.query:
        return _by_action(parameters(request.query), name)
    if entry is not None:
        raise _unknown(entry.name)
    if name:
        raise UnknownService(name, f"Trunkline does not know the service {name}.")
    return _s3(request)


def route(request: Request) -> Route:
    """The route of a request whose body, unless it is streamed, has been read."""
    return route_head(request) or route_body(request)


def route_body(request: Request) -> Route:
    """The route of a request whose head names no operation: a form."""
    form = parameters(plain_body(request).decode("utf-8", "replace"))
    if "Action" not in form and "Action=" in request.query:
        form = {**parameters(request.query), **form}
    return _by_action(form, scope_service(request))


def route_to(service: str, request: Request) -> Route:
    """The route of a request that names no service: its REST path, at a place where only `service` is answered."""
    return _rest(BY_SIGNING_NAME[service], request)


def failure(request: Request, found: Route | None, error: AwsError, request_id: str) -> Response:
    """An error in the protocol of the request, also where no route was found."""
    if found is not None:
        return found.wire.failure(error, request_id, request)
    from trunkline.aws.protocols import cbor, json_rpc, query, rest_json, rest_xml

    match _protocol(request):
        case "json":
            content_type = request.headers.get("content-type", "application/x-amz-json-1.1")
            return json_rpc.failure(None, error, request_id, ("content-type", content_type))
        case "smithy-rpc-v2-cbor":
            return cbor.failure(None, error, request_id)
        case "query":
            return query.failure(None, error, request_id)
        case "ec2":
            return query.ec2_failure(None, error, request_id)
        case "rest-json":
            return rest_json.failure(None, error, request_id)
    return rest_xml.failure(None, error, request_id, request)


def scope_service(request: Request) -> str:
    """The service's name in the credential scope of a header or a presigned URL; "" when unsigned."""
    credential = request.headers.get("authorization", "")
    start = credential.find("Credential=")
    if start >= 0:
        scope = credential[start + 11 :].split(",", 1)[0].split("/")
        return scope[-2] if len(scope) >= 5 else ""
    start = request.query.find("X-Amz-Credential=")
    if start >= 0:
        scope = request.query[start + 17 :].split("&", 1)[0].replace("%2F", "/").replace("%2f", "/").split("/")
        return scope[-2] if len(scope) >= 5 else ""
    if "AWSAccessKeyId=" in request.query or credential.startswith("AWS "):
        return "s3"  # signature version 2
    return ""


def wire_of(operation: Operation, protocol: str) -> Wire:
    """The wire of an operation in a protocol, made once."""
    key = (operation, protocol)
    found = _made.get(key)
    if found is None:
        found = _made[key] = _WIRES[protocol](operation)
    return found


_made: dict[tuple[Operation, str], Wire] = {}


def plain_body(request: Request) -> bytes:
    """The body without gzip, which clients use for large forms. Whoever verifies signatures needs it as sent."""
    body = request.body
    if request.headers.get("content-encoding") == "gzip" and body[:2] == b"\x1f\x8b":
        try:
            return gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            return b""
    return body


def _by_target(target: str, headers: Mapping[str, str]) -> Route:
    prefix, _, name = target.rpartition(".")
    entry = BY_TARGET_PREFIX.get(prefix)
    if entry is None:
        raise UnknownService(prefix, f"Trunkline does not know the service of the target {target}.")
    return _route(entry, name, "json", _found_nothing)


def _by_cbor_path(path: str) -> Route:
    steps = path.split("/")
    entry = BY_TARGET_PREFIX.get(steps[2]) if len(steps) == 5 else None
    if entry is None or "smithy-rpc-v2-cbor" not in entry.protocols:
        raise UnknownService(steps[2], f"Trunkline does not know a service that speaks CBOR at {path}.")
    return _route(entry, steps[4], "smithy-rpc-v2-cbor", _found_nothing)


def _by_action(form: Mapping[str, str], signing_name: str) -> Route:
    action, version = form.get("Action", ""), form.get("Version", "")
    entry = BY_SIGNING_NAME.get(signing_name) or (BY_QUERY_VERSION.get(version) if not signing_name else None)
    if entry is None:
        raise UnknownService(signing_name, f"Trunkline does not know the service of the action {action or '(none)'}.")
    if not action:
        raise AwsError("MissingAction", "The request must contain the parameter Action.", status=400)
    protocol = "ec2" if "ec2" in entry.protocols else "query"
    if protocol not in entry.protocols:
        raise _unknown(action)
    if version and version != entry.api_version and protocol == "query":
        raise AwsError("NoSuchVersion", f"The requested version ({version}) is not valid.", status=400)
    return _route(entry, action, protocol, Found(form=form))


def _rest(entry: Entry, request: Request) -> Route:
    found = _tree(entry.name).find(request.method, request.path, request.query)
    if found is None:
        raise _unknown(f"{request.method} {request.path}")
    operation, labels = found
    return Route(load(entry.name), operation, wire_of(operation, "rest-json"), Found(labels=labels))


def _s3(request: Request) -> Route:
    found = s3_paths.find(request)
    if found is None:
        message = "The specified method is not allowed against this resource."
        raise AwsError("MethodNotAllowed", message, status=405, Method=request.method)
    operation, labels = found
    return Route(load("s3"), operation, wire_of(operation, "rest-xml"), Found(labels=labels))


def _route(entry: Entry, name: str, protocol: str, found: Found) -> Route:
    service = load(entry.name)
    if name not in service.operations or protocol not in entry.protocols:
        raise _unknown(name)
    operation = service.operations[name]
    return Route(service, operation, wire_of(operation, protocol), found)


_found_nothing = Found()


def _unknown(name: str) -> AwsError:
    return AwsError("UnknownOperationException", f"The operation {name} is not known to this service.")


@cache
def _tree(name: str) -> PathTree:
    return PathTree(load(name))


def _protocol(request: Request) -> str:
    """The protocol of a request that could not be routed."""
    if "x-amz-target" in request.headers or "x-amz-json" in request.headers.get("content-type", ""):
        return "json"
    if "smithy-protocol" in request.headers:
        return "smithy-rpc-v2-cbor"
    name = scope_service(request)
    entry = BY_SIGNING_NAME.get(name)
    if entry is not None:
        return "query" if "query" in entry.protocols else entry.protocols[0]
    if request.headers.get("content-type", "").startswith(_FORM) or "Action=" in request.query:
        return "query"
    return "rest-json" if name else "rest-xml"
