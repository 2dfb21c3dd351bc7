"""EC2's errors in its own words; the model declares none of them."""

from trunkline.aws.errors import AwsError


def failed(code: str, message: str) -> AwsError:
    """An error of EC2, which always answers 400."""
    return AwsError(code, message, status=400)


def invalid(message: str) -> AwsError:
    return failed("InvalidParameterValue", message)


def bad_value(value: object, parameter: str, why: str = "") -> AwsError:
    """AWS's words for a value that cannot be."""
    return invalid(f"Value ({value}) for parameter {parameter} is invalid.{' ' + why if why else ''}")


def missing(parameter: str) -> AwsError:
    return failed("MissingParameter", f"The request must contain the parameter {parameter}")


def combination(message: str) -> AwsError:
    return failed("InvalidParameterCombination", message)


def in_use(kind: str, id: str) -> AwsError:
    return failed("DependencyViolation", f"The {kind} '{id}' has dependencies and cannot be deleted.")


def no_association(id: str) -> AwsError:
    return failed("InvalidAssociationID.NotFound", f"The association ID '{id}' does not exist")
