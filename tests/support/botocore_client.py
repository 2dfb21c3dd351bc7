"""botocore's serialisers and parsers, without its clients: requests as SDKs send them, answers as SDKs read them."""

from collections.abc import AsyncIterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import botocore.model
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from trunkline.aws.http import Request, Response
from trunkline.aws.models import CATALOG

_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240229/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
)


@cache
def service(name: str) -> botocore.model.ServiceModel:
    return botocore.model.ServiceModel(Loader().load_service_model(name, "service-2"), name)


def request(service_name: str, operation: str, params: dict[str, Any], protocol: str) -> Request:
    """What an SDK would send for a call, with a credential scope in place of a signature."""
    model = service(service_name).operation_model(operation)
    wire = create_serializer(protocol, include_validation=False).serialize_to_request(params, model)
    prepare_request_dict(wire, endpoint_url="http://127.0.0.1:4566", context={})
    prepared = create_request_object(wire).prepare()
    body = prepared.body if prepared.body is not None else b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    url = urlsplit(prepared.url)
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    headers["host"] = url.netloc
    headers["authorization"] = _AUTHORIZATION.format(CATALOG[service_name].signing_name)
    return Request(prepared.method, url.path or "/", url.query, headers, body)


async def parsed(service_name: str, operation: str, response: Response, protocol: str) -> dict[str, Any]:
    """What an SDK would make of an answer."""
    model = service(service_name).operation_model(operation)
    body = response.body if isinstance(response.body, bytes) else await _whole(response.body)
    wire = {
        "status_code": response.status,
        "headers": _Headers(response.headers),
        "body": body,
        "context": {"operation_name": operation},
    }
    parser = create_parser(protocol)
    found: dict[str, Any] = parser.parse(wire, model.output_shape)
    if response.status >= 301 and (code := found.get("Error", {}).get("Code")):
        for shape in model.error_shapes:
            if code in (shape.name, shape.metadata.get("error", {}).get("code")):
                found["modeled"] = parser.parse(wire, shape)
    return found


class _Headers(dict[str, str]):
    """Case-insensitive for lookups, as the SDK's are."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


async def _whole(body: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in body])


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
