"""The smithy-rpc-v2-cbor protocol: /service/<target>/operation/<name>, CBOR in and out (cloudwatch)."""

from datetime import UTC
from typing import Any, ClassVar

import cbor2

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.models import Operation
from trunkline.aws.models.refusals import unreadable
from trunkline.aws.models.scalars import PYTHON
from trunkline.aws.protocols import event_stream
from trunkline.aws.protocols.faults import rendered
from trunkline.aws.protocols.wire import Doc, Found, Wire, converter

_HEADERS = (("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"))


class CborWire(Wire):
    protocol: ClassVar[str] = "smithy-rpc-v2-cbor"

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation)
        self._convert = converter(operation, operation.input, PYTHON) if operation.input else None

    def parse(self, request: Request, found: Found) -> Doc:
        if self._convert is None:
            return {}
        raw: Any = {}
        if request.body:
            try:
                raw = cbor2.loads(request.body)
            except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
                raise unreadable(self.operation) from None
        doc = self._convert(raw)
        return self.finished(doc) if self._tokens else doc

    def answer(self, doc: Doc, request_id: str) -> Response:
        headers = [*_HEADERS, ("x-amzn-requestid", request_id)]
        member = self.operation.event_stream
        if member is not None:
            first = dumps({key: value for key, value in doc.items() if key != member.name})
            events = event_stream.encoded(
                member.shape, doc[member.name], dumps, content_type="application/cbor", initial=first
            )
            return Response(200, [("content-type", event_stream.CONTENT_TYPE), *headers[1:]], events)
        if self.operation.output is None:
            return Response(200, headers[1:], b"")
        return Response(200, headers, dumps(doc))

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        return failure(self.operation, error, request_id)


def dumps(value: Any) -> bytes:
    return cbor2.dumps(_without_none(value), timezone=UTC, datetime_as_timestamp=True)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_none(inner) for inner in value]
    return value


def failure(operation: Operation | None, error: AwsError, request_id: str) -> Response:
    fault = rendered(operation, "smithy-rpc-v2-cbor", error)
    body: dict[str, Any] = {"__type": fault.name, fault.message_key: fault.message, **dict(fault.extra)}
    body.update((member.name, value) for member, value in fault.members)
    headers = [*_HEADERS, ("x-amzn-requestid", request_id)]
    if operation is not None and operation.service.query_compatible:
        headers.append(("x-amzn-query-error", f"{fault.code};{'Sender' if fault.sender else 'Receiver'}"))
    return Response(fault.status, headers, dumps(body))
