"""An AwsError as each protocol must write it: its code, its status, whose fault it is, and its modelled members.

Errors that every service gives (access denied, a bad signature, throttling) are declared by no operation and are named
differently by each family of protocols. Whoever raises one may use any of its names.
"""

from dataclasses import dataclass
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.models import ErrorShape, Member, Operation


@dataclass(frozen=True, slots=True)
class Common:
    """An error of every service: its code and status in the JSON, query, ec2 and S3 families."""

    json: tuple[str, int]
    query: tuple[str, int]
    ec2: tuple[str, int]
    s3: tuple[str, int]

    def family(self, protocol: str) -> tuple[str, int]:
        if protocol == "rest-json" and self.query[1] == 403:
            return self.json[0], 403  # REST services keep HTTP's status for who you are and what you may do
        return {"query": self.query, "ec2": self.ec2, "rest-xml": self.s3}.get(protocol, self.json)


_COMMON = (
    Common(
        ("AccessDeniedException", 400),
        ("AccessDenied", 403),
        ("UnauthorizedOperation", 403),
        ("AccessDenied", 403),
    ),
    Common(
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
        ("AuthFailure", 401),
        ("InvalidAccessKeyId", 403),
    ),
    Common(
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("AuthFailure", 401),
        ("SignatureDoesNotMatch", 403),
    ),
    Common(
        ("MissingAuthenticationTokenException", 400),
        ("MissingAuthenticationToken", 403),
        ("MissingAuthenticationToken", 403),
        ("AccessDenied", 403),
    ),
    Common(
        ("IncompleteSignatureException", 400),
        ("IncompleteSignature", 400),
        ("IncompleteSignature", 400),
        ("AuthorizationHeaderMalformed", 400),
    ),
    Common(
        ("ExpiredTokenException", 400),
        ("ExpiredToken", 403),
        ("RequestExpired", 400),
        ("ExpiredToken", 400),
    ),
    Common(
        ("ThrottlingException", 400),
        ("Throttling", 400),
        ("RequestLimitExceeded", 503),
        ("SlowDown", 503),
    ),
    Common(
        ("InternalServerError", 500),
        ("InternalFailure", 500),
        ("InternalError", 500),
        ("InternalError", 500),
    ),
    Common(
        ("ServiceUnavailableException", 503),
        ("ServiceUnavailable", 503),
        ("Unavailable", 503),
        ("ServiceUnavailable", 503),
    ),
    Common(
        ("UnknownOperationException", 400),
        ("InvalidAction", 400),
        ("InvalidAction", 400),
        ("MethodNotAllowed", 405),
    ),
    Common(
        ("RequestEntityTooLargeException", 413),
        ("RequestEntityTooLarge", 413),
        ("RequestEntityTooLarge", 413),
        ("EntityTooLarge", 400),
    ),
)
# Names that stand for more than one family's code are taken in the order above.
_BY_NAME: dict[str, Common] = {}
for _common in _COMMON:
    for _name, _ in (_common.json, _common.query, _common.ec2, _common.s3):
        _BY_NAME.setdefault(_name, _common)
_BY_NAME["RequestTimeTooSkewed"] = Common(
    ("InvalidSignatureException", 400),
    ("SignatureDoesNotMatch", 403),
    ("AuthFailure", 401),
    ("RequestTimeTooSkewed", 403),
)
_BY_NAME["RequestExpired"] = Common(
    ("InvalidSignatureException", 400),
    ("RequestExpired", 400),
    ("RequestExpired", 400),
    ("AccessDenied", 403),
)

# The codes of SQS's query protocol, which its JSON model does not carry but its older clients ask for.
_SQS_QUERY_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDeletedRecently": "AWS.SimpleQueueService.QueueDeletedRecently",
    "QueueNameExists": "QueueAlreadyExists",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
    "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
    "PurgeQueueInProgress": "AWS.SimpleQueueService.PurgeQueueInProgress",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """An error ready to be written. `name` is for JSON and CBOR, `code` for query and XML."""

    name: str
    code: str
    status: int
    sender: bool
    message: str
    message_key: str
    members: tuple[tuple[Member, Any], ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


def rendered(operation: Operation | None, protocol: str, error: AwsError) -> Rendered:
    """Look the error up: among those the operation declares, those of every service, those of its service; else it goes
    out as it is."""
    shape = declared(operation, error.code)
    name, status = error.code, error.status or 400
    if shape is None and (common := _BY_NAME.get(error.code)):
        name, status = common.family(protocol)
    if shape is None and operation is not None:
        service = operation.service
        shape = declared(operation, name) or service.errors.get(name) or service.errors_by_code.get(name)
    if shape is None:
        extra = tuple((key, str(value)) for key, value in error.members.items() if value is not None)
        return Rendered(name, name, status, status < 500, error.message, "message", extra=extra)
    members = shape.shape.members
    given = {key: value for key, value in error.members.items() if value is not None}
    message_key = next((key for key in ("message", "Message", "errorMessage") if key in members), "message")
    code = _SQS_QUERY_CODES.get(shape.name, shape.code) if shape.shape.model.name == "sqs" else shape.code
    modelled = tuple((members[key], value) for key, value in given.items() if key in members)
    # S3's errors carry elements (Key, BucketName) that its model does not know.
    extra = tuple((k, str(v)) for k, v in given.items() if k not in members) if protocol == "rest-xml" else ()
    return Rendered(shape.name, code, shape.status, shape.sender, error.message, message_key, modelled, extra)


def declared(operation: Operation | None, code: str) -> ErrorShape | None:
    """The error of this shape name or wire code that the operation declares."""
    if operation is None:
        return None
    found = operation.errors.get(code)
    if found is not None:
        return found
    return next((error for error in operation.errors.values() if error.code == code), None)
