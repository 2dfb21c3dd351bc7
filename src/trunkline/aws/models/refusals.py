"""Which error a service answers to a request that breaks its model. AWS's services differ; each entry says how.

Only what holds for a whole service stands here. What an operation itself checks (names that are taken, combinations of
members) it raises itself.
"""

from collections.abc import Callable

from trunkline.aws.errors import AwsError
from trunkline.aws.models import Operation
from trunkline.aws.models.check import Fault, Invalid
from trunkline.aws.models.scalars import Mismatch

_JSON_TOKENS = {str: "STRING_VALUE", bool: "TRUE_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}
_JAVA_TYPES = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "timestamp": "a timestamp",
    "blob": "a Blob",
}

# Services that answer every broken constraint with one code of their own instead of ValidationException.
_INVALID = {
    "cloudcontrol": "InvalidRequestException",
    "cloudformation": "ValidationError",
    "cloudwatch": "ValidationError",
    "codebuild": "InvalidInputException",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "eks": "InvalidParameterException",
    "elbv2": "ValidationError",
    "iam": "ValidationError",
    "lambda": "ValidationException",
    "logs": "InvalidParameterException",
    "resourcegroupstaggingapi": "InvalidParameterException",
    "s3": "InvalidArgument",
    "secretsmanager": "InvalidParameterException",
    "servicediscovery": "InvalidInput",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
    "xray": "InvalidRequestException",
}


def refusal(operation: Operation, error: Mismatch | Invalid) -> AwsError:
    """The error for a request that cannot be read, or that breaks constraints."""
    service = operation.service.name
    if isinstance(error, Mismatch):
        return _unreadable(operation, error)
    special = _SPECIAL.get(service)
    found = special(operation, error) if special else None
    return found or AwsError(_code(operation), str(error), status=400)


def _code(operation: Operation) -> str:
    """The service's code, unless the service declares it and this operation does not."""
    code = _INVALID.get(operation.service.name, "ValidationException")
    if code in operation.service.errors and code not in operation.errors:
        return "ValidationException"
    return code


def unreadable(operation: Operation) -> AwsError:
    """The error for a body that is no JSON, XML or CBOR at all."""
    return _unreadable(operation, None)


def _unreadable(operation: Operation, error: Mismatch | None) -> AwsError:
    protocols = operation.service.protocols
    if "rest-xml" in protocols:
        if error is not None and operation.input and _outside_body(operation, error):
            message = f"Provided value for {error.path} is not a valid {error.expected}."
            return AwsError("InvalidArgument", message, status=400, ArgumentName=error.path)
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        return AwsError("MalformedXML", message, status=400)
    if "ec2" in protocols and error is not None:
        message = (
            f"Invalid value '{error.value}' for {error.path}; it is not {_JAVA_TYPES.get(error.expected, 'valid')}"
        )
        return AwsError("InvalidParameterValue", message, status=400)
    if "query" in protocols and "json" not in protocols:
        where = f" for {error.path}" if error and error.path else ""
        return AwsError("MalformedInput", f"Unexpected or malformed value{where}", status=400)
    return AwsError("SerializationException", _json_words(error), status=400)


def _outside_body(operation: Operation, error: Mismatch) -> bool:
    name = error.path.split(".", 1)[0].lower()
    members = operation.input.members.values() if operation.input else ()
    return any(member.name.lower() == name and member.location for member in members)


def _json_words(error: Mismatch | None) -> str:
    if error is None:
        return ""
    if error.expected == "list":
        return "Expected list or null"
    if error.expected in ("structure", "map"):
        return "Expected structure or null" if error.expected == "structure" else "Expected map or null"
    if isinstance(error.value, list):
        return "Start of list found where not expected"
    if isinstance(error.value, dict):
        return "Start of structure or map found where not expected."
    token = "FALSE_VALUE" if error.value is False else _JSON_TOKENS.get(type(error.value), "VALUE")
    return f"{token} can not be converted to {_JAVA_TYPES.get(error.expected, error.expected)}"


def _first_missing(error: Invalid) -> Fault | None:
    return next((fault for fault in error.faults if fault.missing), None)


def _named_after_member(operation: Operation, error: Invalid) -> AwsError | None:
    """CodeCommit and CodeDeploy declare an error for each member: RepositoryNameRequiredException and so on."""
    for fault in error.faults:
        leaf = next(part for part in reversed(fault.path.split(".")) if part != "member" and not part.isdigit())
        stems = [name[:1].upper() + name[1:] for name in dict.fromkeys((leaf, fault.member))]
        kinds = ("Invalid{}", "{}SizeLimitExceeded", "{}LengthExceeded")
        candidates = [f"{kind.format(stem)}Exception" for stem in stems for kind in kinds]
        if fault.missing:
            candidates[:0] = [f"{stems[0]}RequiredException", f"{stems[0].removeprefix('File')}RequiredException"]
        for code in candidates:
            if code in operation.errors:
                return AwsError(code, fault.text)
    return None


def _missing_parameter(code: str, words: str) -> Callable[[Operation, Invalid], AwsError | None]:
    def missing(_operation: Operation, error: Invalid) -> AwsError | None:
        fault = _first_missing(error)
        if fault is None:
            return None
        path = fault.path[:1].upper() + fault.path[1:]
        return AwsError(code, words.format(path=path, member=fault.path), status=400)

    return missing


def _ec2(_operation: Operation, error: Invalid) -> AwsError:
    fault = error.faults[0]
    if fault.missing:
        return AwsError("MissingParameter", f"The request must contain the parameter {fault.path}", status=400)
    return AwsError(
        "InvalidParameterValue", f"Value {fault.shown}for {fault.path} is invalid. {fault.constraint}", status=400
    )


def _ecr(_operation: Operation, error: Invalid) -> AwsError:
    fault = error.faults[0]
    constraint = fault.constraint[:1].lower() + fault.constraint[1:]
    message = f"Invalid parameter at '{fault.path}' failed to satisfy constraint: '{constraint}'"
    return AwsError("InvalidParameterException", message)


def _s3(operation: Operation, error: Invalid) -> AwsError:
    fault = error.faults[0]
    member = operation.input.members.get(fault.member) if operation.input else None
    if member is None or member.location is None:
        return AwsError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
            status=400,
        )
    if fault.member == "Bucket":
        return AwsError("InvalidBucketName", "The specified bucket is not valid.", status=400)
    if fault.member == "Key" and not fault.missing:
        return AwsError("KeyTooLongError", "Your key is too long", status=400)
    if fault.missing:
        message = f"Missing required header or parameter for this request: {member.wire_name}"
        return AwsError("InvalidRequest", message, status=400)
    return AwsError("InvalidArgument", fault.text, status=400, ArgumentName=member.wire_name)


_SPECIAL: dict[str, Callable[[Operation, Invalid], AwsError | None]] = {
    "codecommit": _named_after_member,
    "codedeploy": _named_after_member,
    "cloudwatch": _missing_parameter("MissingParameter", "The parameter {path} is required."),
    "ec2": _ec2,
    "ecr": _ecr,
    "s3": _s3,
    "sns": _missing_parameter("InvalidParameter", "Invalid parameter: {path}"),
    "sqs": _missing_parameter("MissingParameter", "The request must contain the parameter {path}."),
}
