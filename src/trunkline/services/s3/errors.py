"""S3's errors. Its model declares few of them, so code, status and text are written down here, once.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from email.utils import formatdate
from typing import Any

from trunkline.aws.errors import AwsError, Refused


def no_such_bucket(name: str) -> AwsError:
    return AwsError("NoSuchBucket", "The specified bucket does not exist", status=404, BucketName=name)


def no_such_key(key: str, **members: Any) -> AwsError:
    return AwsError("NoSuchKey", "The specified key does not exist.", status=404, Key=key, **members)


def no_such_version(key: str, version_id: str) -> AwsError:
    return AwsError("NoSuchVersion", "The specified version does not exist.", status=404, Key=key, VersionId=version_id)


def no_such_upload(upload_id: str) -> AwsError:
    return AwsError(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed.",
        status=404,
        UploadId=upload_id,
    )


def precondition_failed(condition: str) -> AwsError:
    return AwsError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        status=412,
        Condition=condition,
    )


def not_modified(etag: str, modified: float) -> AwsError:
    return AwsError(
        "NotModified", "Not Modified", status=304, ETag=f'"{etag}"', LastModified=formatdate(modified, usegmt=True)
    )


def invalid_range(asked: str, size: int) -> AwsError:
    return AwsError(
        "InvalidRange",
        "The requested range is not satisfiable",
        status=416,
        RangeRequested=asked,
        ActualObjectSize=str(size),
    )


def invalid_argument(message: str, name: str = "", value: str = "") -> AwsError:
    members = {"ArgumentName": name, "ArgumentValue": value} if name else {}
    return AwsError("InvalidArgument", message, status=400, **members)


def invalid_request(message: str) -> AwsError:
    return AwsError("InvalidRequest", message, status=400)


def malformed_xml(
    message: str = "The XML you provided was not well-formed or did not validate against our published schema",
) -> AwsError:
    return AwsError("MalformedXML", message, status=400)


def access_denied(message: str = "Access Denied") -> AwsError:
    return AwsError("AccessDenied", message, status=403)


def archived(storage_class: str) -> AwsError:
    return AwsError(
        "InvalidObjectState",
        "The operation is not valid for the object's storage class",
        status=403,
        StorageClass=storage_class,
    )


def bad_digest(header: str) -> AwsError:
    return AwsError("BadDigest", f"The {header} you specified did not match the calculated checksum.", status=400)


def marker_not_allowed(version_id: str) -> AwsError:
    return AwsError(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        status=405,
        Method="GET",
        ResourceType="DeleteMarker",
        DeleteMarker="true",
        Allow="DELETE",
        VersionId=version_id,
    )


def not_set(code: str, message: str, bucket: str) -> AwsError:
    """A bucket's setting that nobody has put."""
    return AwsError(code, message, status=404, BucketName=bucket)


def refused(message: str) -> AwsError:
    """What S3 does and Trunkline does not, with S3's own code for a header or feature that is not there."""
    return Refused(message)
