"""What one operation looks like in one protocol: how a request is read, and how answers and errors are written.

Each protocol is a subclass in its own file. A Wire is made once for an operation and a protocol, when first needed, and
holds everything that can be worked out beforehand; it keeps nothing of a request, so it may be used by many at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.models import Operation, Shape
from trunkline.aws.models.check import Invalid, check
from trunkline.aws.models.refusals import refusal
from trunkline.aws.models.scalars import Mismatch, Scalars
from trunkline.aws.models.timestamps import from_wire
from trunkline.aws.models.types import part_of, type_of
from trunkline.aws.models.validation import fill_tokens

Doc = dict[str, Any]
_CONVERSION_FAILED = (msgspec.MsgspecError, ValueError, RecursionError)


@dataclass(slots=True)
class Found:
    """What routing already read of a request: labels of the path and the form's parameters."""

    labels: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


class Wire:
    """One operation in one protocol."""

    protocol: ClassVar[str]

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self._tokens = bool(operation.idempotency_tokens)

    def parse(self, request: Request, found: Found) -> Doc:
        """The request's members, typed and checked. Raises the AwsError that AWS answers to a malformed request."""
        raise NotImplementedError

    def answer(self, doc: Doc, request_id: str) -> Response:
        """The answer for an operation's result; members that are absent or None are left out."""
        raise NotImplementedError

    def failure(self, error: AwsError, request_id: str, request: Request | None = None) -> Response:
        """An error, with the code and status that the model gives it."""
        raise NotImplementedError

    def finished(self, doc: Doc) -> Doc:
        return fill_tokens(self.operation, doc) if self._tokens else doc


def converter(
    operation: Operation, shape: Shape, scalars: Scalars, names: frozenset[str] | None = None
) -> Callable[[Doc], Doc]:
    """Turns a structure of raw values into a typed and checked one: in C, and on failure member by member.

    names: only these of its members.
    """
    kind = type_of(shape) if names is None else part_of(shape, names)
    strict = scalars.name != "text"
    builtin = (bytes,) if scalars.name == "python" else ()
    convert = msgspec.convert

    def typed(raw: Doc) -> Doc:
        try:
            doc: Doc = convert(raw, kind, strict=strict, dec_hook=from_wire, builtin_types=builtin)
        except _CONVERSION_FAILED:
            doc = explained(operation, shape, raw, scalars, names)
        return doc

    return typed


def explained(
    operation: Operation, shape: Shape, raw: Any, scalars: Scalars, names: frozenset[str] | None = None
) -> Doc:
    """Read a structure that failed its compiled check, or raise AWS's error for what is wrong with it."""
    try:
        return check(shape, raw, scalars, names)
    except (Mismatch, Invalid) as error:
        raise refusal(operation, error) from None
    except RecursionError:
        raise refusal(operation, Mismatch("structure", None, "")) from None
