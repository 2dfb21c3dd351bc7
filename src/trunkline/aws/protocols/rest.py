"""What rest-json and rest-xml have in common: members spread over path, query string, headers, status and body."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from trunkline.aws.http import Request, Response
from trunkline.aws.models import Member, Operation, Shape
from trunkline.aws.models.check import Fault, Invalid
from trunkline.aws.models.refusals import refusal
from trunkline.aws.models.scalars import TEXT, Mismatch
from trunkline.aws.protocols import event_stream, locations
from trunkline.aws.protocols.wire import Doc, Found, Wire, converter

_RAW = ("string", "blob")


class RestWire(Wire):
    """Subclasses say how a body is read and written."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation)
        self._set_up_input(operation.input)
        self._set_up_output(operation.output)

    # What a protocol supplies

    def body_reader(self, shape: Shape, names: frozenset[str]) -> Callable[[bytes], Doc]:
        """Reads a body that holds these members of the request."""
        raise NotImplementedError

    def payload_reader(self, member: Member) -> Callable[[bytes], Any]:
        """Reads a body that is one structure."""
        raise NotImplementedError

    def body_writer(self, shape: Shape, skip: frozenset[str]) -> Callable[[Doc], bytes]:
        raise NotImplementedError

    def payload_writer(self, member: Member) -> Callable[[Any], bytes]:
        raise NotImplementedError

    def headers(self, request_id: str) -> list[tuple[str, str]]:
        raise NotImplementedError

    content_type: str
    events_content_type: str = "application/json"

    # Requests

    def parse(self, request: Request, found: Found) -> Doc:
        if self._in is None:
            return {}
        try:
            doc = self._located(self._collect(request, found.labels))
            if self._read_body is not None:
                doc.update(self._read_body(request.body))
            elif self._payload_in is not None:
                self._take_payload(request, self._payload_in, doc)
        except Mismatch as error:
            raise refusal(self.operation, error) from None
        return self.finished(doc) if self._tokens else doc

    def _set_up_input(self, shape: Shape | None) -> None:
        self._in = shape
        self._payload_in: Member | None = None
        self._read_body: Callable[[bytes], Doc] | None = None
        if shape is None:
            return
        names, self._collect = locations.reader(shape)
        self._located = converter(self.operation, shape, TEXT, names) if names else _untouched
        body = frozenset(shape.members) - names
        if shape.payload is not None:
            self._payload_in = shape.members[shape.payload]
            if self._payload_in.shape.type == "structure":
                self._read_payload = self.payload_reader(self._payload_in)
        elif body:
            self._read_body = self.body_reader(shape, body)

    def _take_payload(self, request: Request, member: Member, doc: Doc) -> None:
        if member.streaming:
            doc[member.name] = request.stream if request.stream is not None else _once(request.body)
        elif not request.body:
            if member.required:
                raise refusal(self.operation, _missing(member))
        elif member.shape.type == "blob":
            doc[member.name] = request.body
        elif member.shape.type == "string":
            try:
                doc[member.name] = request.body.decode()
            except UnicodeDecodeError:
                raise Mismatch("string", None, "") from None
        else:
            doc[member.name] = self._read_payload(request.body)

    # Answers

    def answer(self, doc: Doc, request_id: str) -> Response:
        headers = self.headers(request_id)
        status = self.operation.status
        if self._out is None:
            return Response(status, headers, b"")
        self._write_headers(doc, headers)
        if self._status is not None and doc.get(self._status) is not None:
            status = int(doc[self._status])
        body, kind = self._body(doc)
        if kind and not any(name == "content-type" for name, _ in headers):
            headers.append(("content-type", kind))
        return Response(status, headers, body)

    def _set_up_output(self, shape: Shape | None) -> None:
        self._out = shape
        self._status: str | None = None
        self._payload_out: Member | None = None
        if shape is None:
            return
        outside, self._write_headers = locations.header_writer(shape)
        self._status = next((m.name for m in shape.members.values() if m.location == "statusCode"), None)
        self._bodiless = self.operation.method == "HEAD" or self.operation.status in (204, 304)
        if shape.payload is not None:
            self._payload_out = shape.members[shape.payload]
            if self._payload_out.shape.type not in _RAW and not self._payload_out.shape.is_event_stream:
                self._write_payload = self.payload_writer(self._payload_out)
        else:
            self._any_in_body = bool(frozenset(shape.members) - outside)
            self._write_body = self.body_writer(shape, outside)

    def _body(self, doc: Doc) -> tuple[bytes | AsyncIterator[bytes], str]:
        if self._bodiless:
            return b"", ""
        member = self._payload_out
        if member is None:
            return (self._write_body(doc), self.content_type) if self._any_in_body else self.empty()
        value = doc.get(member.name)
        if value is None:
            return b"", ""
        if member.shape.is_event_stream:
            events = event_stream.encoded(member.shape, value, self.dumps, content_type=self.events_content_type)
            return events, event_stream.CONTENT_TYPE
        if member.shape.type in _RAW:
            kind = "application/octet-stream" if member.shape.type == "blob" else "text/plain"
            return (value.encode() if isinstance(value, str) else value), kind
        return self._write_payload(value), self.content_type

    def empty(self) -> tuple[bytes, str]:
        """The body of an answer all of whose members are elsewhere."""
        return b"", ""

    def dumps(self, value: Any) -> bytes:
        """An event's payload."""
        raise NotImplementedError


def _missing(member: Member) -> Invalid:
    return Invalid([Fault(member.name, member.name, "null ", "Member must not be null", missing=True)])


def _untouched(doc: Doc) -> Doc:
    return doc


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body
