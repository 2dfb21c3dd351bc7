"""The rest-json protocol (eks, lambda, xray)."""

from collections.abc import Callable
from typing import Any, ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.models import Member, Operation, Shape
from trunkline.aws.protocols import json_body
from trunkline.aws.protocols.faults import rendered
from trunkline.aws.protocols.rest import RestWire
from trunkline.aws.protocols.wire import Doc


class RestJsonWire(RestWire):
    protocol: ClassVar[str] = "rest-json"
    content_type = "application/json"

    def body_reader(self, shape: Shape, names: frozenset[str]) -> Callable[[bytes], Doc]:
        return json_body.reader(self.operation, shape, names)

    def payload_reader(self, member: Member) -> Callable[[bytes], Any]:
        return json_body.reader(self.operation, member.shape)

    def body_writer(self, shape: Shape, skip: frozenset[str]) -> Callable[[Doc], bytes]:
        write = json_body.writer(shape)
        if not skip:
            return write
        return lambda doc: write({key: value for key, value in doc.items() if key not in skip})

    def payload_writer(self, member: Member) -> Callable[[Any], bytes]:
        return json_body.writer(member.shape)

    def headers(self, request_id: str) -> list[tuple[str, str]]:
        return [("x-amzn-requestid", request_id)]

    def empty(self) -> tuple[bytes, str]:
        return (b"{}", self.content_type) if self.operation.status != 204 else (b"", "")

    def dumps(self, value: Any) -> bytes:
        return json_body.dumps(value)

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        return failure(self.operation, error, request_id)


def failure(operation: Operation | None, error: AwsError, request_id: str) -> Response:
    fault = rendered(operation, "rest-json", error)
    body: dict[str, Any] = {fault.message_key: fault.message, **dict(fault.extra)}
    headers = [
        ("content-type", "application/json"),
        ("x-amzn-requestid", request_id),
        ("x-amzn-errortype", fault.name),
    ]
    for member, value in fault.members:
        if member.location == "header":
            headers.append((member.wire_name.lower(), str(value)))
        elif member.location is None:
            body[member.name] = value
    return Response(fault.status, headers, json_body.dumps(body))
