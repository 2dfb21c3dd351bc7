"""The query protocol (forms in, XML out) and ec2's dialect of it."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.models import Operation
from trunkline.aws.models.refusals import refusal
from trunkline.aws.models.scalars import TEXT, Mismatch
from trunkline.aws.protocols import xml_out
from trunkline.aws.protocols.faults import Rendered, rendered
from trunkline.aws.protocols.form import compile_form, tree_of
from trunkline.aws.protocols.wire import Doc, Found, Wire, converter

_HEADERS = ("content-type", "text/xml")
_EC2_HEADERS = ("content-type", "text/xml;charset=UTF-8")


class QueryWire(Wire):
    protocol: ClassVar[str] = "query"
    _ec2: ClassVar[bool] = False

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation)
        shape = operation.input
        self._members = bool(shape and shape.members)
        if shape is not None and self._members:
            self._build = compile_form(shape, ec2=self._ec2)
            self._convert = converter(operation, shape, TEXT)
        self._write = xml_out.Compiler().structure(operation.output) if operation.output else None
        self._opening, self._closing = self._frame()

    def parse(self, request: Request, found: Found) -> Doc:
        if not self._members:
            return {}
        try:
            raw = self._build(tree_of(found.form))
        except Mismatch as error:
            raise refusal(self.operation, error) from None
        doc = self._convert(raw)
        return self.finished(doc) if self._tokens else doc

    def answer(self, doc: Doc, request_id: str) -> Response:
        parts = [self._opening]
        if self._write is not None:
            self._write(doc, parts.append)
        parts.append(self._closing.replace("{}", request_id))
        return Response(200, [_HEADERS, ("x-amzn-requestid", request_id)], "".join(parts).encode())

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        return failure(self.operation, error, request_id)

    def _frame(self) -> tuple[str, str]:
        name, wrapper = self.operation.name, self.operation.result_wrapper
        opening = f'<{name}Response xmlns="{self.operation.service.xml_namespace}">'
        closing = f"<ResponseMetadata><RequestId>{{}}</RequestId></ResponseMetadata></{name}Response>"
        return (f"{opening}<{wrapper}>", f"</{wrapper}>{closing}") if wrapper else (opening, closing)


class Ec2Wire(QueryWire):
    protocol: ClassVar[str] = "ec2"
    _ec2: ClassVar[bool] = True

    def answer(self, doc: Doc, request_id: str) -> Response:
        parts = [self._opening.replace("{}", request_id)]
        if self._write is not None:
            self._write(doc, parts.append)
        elif self.operation.output is None:
            parts.append("<return>true</return>")
        parts.append(self._closing)
        return Response(200, [_EC2_HEADERS, ("x-amzn-requestid", request_id)], "".join(parts).encode())

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        return ec2_failure(self.operation, error, request_id)

    def _frame(self) -> tuple[str, str]:
        namespace = self.operation.service.xml_namespace.rstrip("/") + "/"
        opening = f'<?xml version="1.0" encoding="UTF-8"?>\n<{self.operation.name}Response xmlns="{namespace}">'
        return f"{opening}<requestId>{{}}</requestId>", f"</{self.operation.name}Response>"


def failure(operation: Operation | None, error: AwsError, request_id: str) -> Response:
    fault = rendered(operation, "query", error)
    namespace = f' xmlns="{operation.service.xml_namespace}"' if operation else ""
    kind = "Sender" if fault.sender else "Receiver"
    body = (
        f"<ErrorResponse{namespace}><Error><Type>{kind}</Type><Code>{xml_out.escape(fault.code)}</Code>"
        f"<Message>{xml_out.escape(fault.message)}</Message>{members(fault)}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Response(fault.status, [_HEADERS, ("x-amzn-requestid", request_id)], body.encode())


def ec2_failure(operation: Operation | None, error: AwsError, request_id: str) -> Response:
    fault = rendered(operation, "ec2", error)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{xml_out.escape(fault.code)}</Code>'
        f"<Message>{xml_out.escape(fault.message)}</Message>{members(fault)}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    return Response(fault.status, [_EC2_HEADERS, ("x-amzn-requestid", request_id)], body.encode())


def members(fault: Rendered) -> str:
    """The error's own members, as elements."""
    parts: list[str] = []
    compiler = xml_out.Compiler()
    for member, value in fault.members:
        compiler.element(member, member.wire_name)(value, parts.append)
    parts.extend(f"<{name}>{xml_out.escape(value)}</{name}>" for name, value in fault.extra)
    return "".join(parts)
