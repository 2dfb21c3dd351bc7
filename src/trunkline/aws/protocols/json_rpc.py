"""The JSON protocols 1.0 and 1.1: one path, the operation named by X-Amz-Target, JSON in the body."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.models import Operation
from trunkline.aws.protocols import event_stream, json_body
from trunkline.aws.protocols.faults import rendered
from trunkline.aws.protocols.wire import Doc, Found, Wire


class JsonWire(Wire):
    protocol: ClassVar[str] = "json"

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation)
        self._content_type = ("content-type", f"application/x-amz-json-{operation.service.json_version}")
        self._read = json_body.reader(operation, operation.input) if operation.input else None
        self._write = json_body.writer(operation.output) if operation.output else None

    def parse(self, request: Request, found: Found) -> Doc:
        if self._read is None:
            return {}
        doc = self._read(request.body)
        return self.finished(doc) if self._tokens else doc

    def answer(self, doc: Doc, request_id: str) -> Response:
        headers = [self._content_type, ("x-amzn-requestid", request_id)]
        if self.operation.event_stream is not None:
            return self._stream(doc, request_id)
        return Response(200, headers, self._write(doc) if self._write else b"")

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        return failure(self.operation, error, request_id, self._content_type)

    def _stream(self, doc: Doc, request_id: str) -> Response:
        """The answer's other members are its first event; then come the operation's."""
        member = self.operation.event_stream
        assert member is not None
        first = {key: value for key, value in doc.items() if key != member.name}
        events: AsyncIterator[tuple[str, Doc]] = doc[member.name]
        body = event_stream.encoded(member.shape, events, json_body.dumps, initial=json_body.dumps(first))
        headers = [("content-type", event_stream.CONTENT_TYPE), ("x-amzn-requestid", request_id)]
        return Response(200, headers, body)


def failure(operation: Operation | None, error: AwsError, request_id: str, content_type: tuple[str, str]) -> Response:
    """`operation` is None when the request did not get as far as naming one."""
    fault = rendered(operation, "json", error)
    body: dict[str, Any] = {"__type": fault.name}
    if fault.message:
        body[fault.message_key] = fault.message
    body.update((member.name, value) for member, value in fault.members)
    body.update(fault.extra)
    headers = [content_type, ("x-amzn-requestid", request_id)]
    if operation is not None and operation.service.query_compatible:
        headers.append(("x-amzn-query-error", f"{fault.code};{'Sender' if fault.sender else 'Receiver'}"))
    return Response(fault.status, headers, json_body.dumps(body))
