"""The rest-xml protocol as S3 speaks it: roots that no model names, errors without a wrapper, answers to HEAD."""

from collections.abc import Callable
from typing import Any, ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.models import Member, Operation, Shape
from trunkline.aws.models.scalars import TEXT, Mismatch
from trunkline.aws.protocols import xml_in, xml_out
from trunkline.aws.protocols.faults import rendered
from trunkline.aws.protocols.query import members as fault_members
from trunkline.aws.protocols.rest import RestWire
from trunkline.aws.protocols.s3_words import ROOTS, STATUSES
from trunkline.aws.protocols.wire import Doc, converter

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


# What errors tell in headers: of a delete marker, and of the object that was not modified.
_TOLD = {
    "DeleteMarker": "x-amz-delete-marker",
    "VersionId": "x-amz-version-id",
    "ETag": "etag",
    "LastModified": "last-modified",
    "Allow": "allow",
}


class RestXmlWire(RestWire):
    protocol: ClassVar[str] = "rest-xml"
    content_type = "application/xml"
    events_content_type = "text/xml"

    def body_reader(self, shape: Shape, names: frozenset[str]) -> Callable[[bytes], Doc]:
        read = xml_in.Compiler().structure(shape)
        convert = converter(self.operation, shape, TEXT, names)
        return lambda body: convert(read(xml_in.parse(body)) if body else {})

    def payload_reader(self, member: Member) -> Callable[[bytes], Any]:
        read = xml_in.Compiler().structure(member.shape)
        convert = converter(self.operation, member.shape, TEXT)
        roots = (member.wire_name, member.shape.name)

        def read_payload(body: bytes) -> Doc:
            root = xml_in.parse(body)
            if xml_in.local(root.tag) not in roots:
                raise Mismatch("structure", None, "")
            return convert(read(root))

        return read_payload

    def body_writer(self, shape: Shape, skip: frozenset[str]) -> Callable[[Doc], bytes]:
        write = xml_out.Compiler().structure(shape, skip)
        root = ROOTS.get(self.operation.name, f"{self.operation.name}Result")
        if self.operation.name == "GetBucketLocation":
            return _bucket_location

        def write_body(doc: Doc) -> bytes:
            parts = [f'{_DECLARATION}<{root} xmlns="{_NAMESPACE}">']
            write(doc, parts.append)
            parts.append(f"</{root}>")
            return "".join(parts).encode()

        return write_body

    def payload_writer(self, member: Member) -> Callable[[Any], bytes]:
        write = xml_out.Compiler().structure(member.shape)
        root = member.wire_name

        def write_payload(doc: Any) -> bytes:
            parts = [f'{_DECLARATION}<{root} xmlns="{_NAMESPACE}">']
            write(doc, parts.append)
            parts.append(f"</{root}>")
            return "".join(parts).encode()

        return write_payload

    def answer(self, doc: Doc, request_id: str) -> Response:
        response = super().answer(doc, request_id)
        if doc.get("ContentRange") is not None:
            response.status = 206  # the model knows only 200
        return response

    def headers(self, request_id: str) -> list[tuple[str, str]]:
        return [("x-amz-request-id", request_id), ("x-amz-id-2", request_id)]

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        return failure(self.operation, error, request_id, request)


def failure(operation: Operation | None, error: AwsError, request_id: str, request: Request | None = None) -> Response:
    """An answer to HEAD, and one that says "not modified", has no body: the status alone tells."""
    fault = rendered(operation, "rest-xml", error)
    status = error.status or STATUSES.get(fault.code, fault.status)
    headers = [("x-amz-request-id", request_id), ("x-amz-id-2", request_id)]
    for member, value in fault.members:
        if member.location == "header":
            headers.append((member.wire_name.lower(), str(value)))
    headers += [(_TOLD[name], str(value)) for name, value in error.members.items() if name in _TOLD]
    method = request.method if request else operation.method if operation else "GET"
    if method == "HEAD" or status == 304:
        return Response(status, headers, b"")
    resource = f"<Resource>{xml_out.escape(request.path)}</Resource>" if request else ""
    body = (
        f"{_DECLARATION}<Error><Code>{xml_out.escape(fault.code)}</Code>"
        f"<Message>{xml_out.escape(fault.message)}</Message>{fault_members(fault)}{resource}"
        f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>"
    )
    headers.append(("content-type", "application/xml"))
    return Response(status, headers, body.encode())


def _bucket_location(doc: Doc) -> bytes:
    """The one answer that is its only member, with no structure around it."""
    region = xml_out.escape(doc.get("LocationConstraint") or "")
    return f'{_DECLARATION}<LocationConstraint xmlns="{_NAMESPACE}">{region}</LocationConstraint>'.encode()
