"""Which operation a request means."""

import gzip

import pytest
from tests.support import botocore_client

from trunkline.aws import protocols
from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request

_SCOPE = "AWS4-HMAC-SHA256 Credential=AKID/20240229/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def _request(
    method: str = "POST", path: str = "/", query: str = "", service: str = "", body: bytes = b"", **headers: str
) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if service:
        named["authorization"] = _SCOPE.format(service)
    return Request(method, path, query, {"host": "127.0.0.1:4566", **named}, body)


def _name(request: Request) -> str:
    route = protocols.route(request)
    return f"{route.service.name}.{route.operation.name} {route.wire.protocol}"


def test_target_names_service_and_operation_even_when_the_prefix_has_dots() -> None:
    target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
    assert _name(_request(x_amz_target=target)) == "cloudtrail.LookupEvents json"


def test_cloudwatch_is_reached_by_three_protocols() -> None:
    form = b"Action=PutMetricData&Version=2010-08-01"
    plain = {"content_type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert (
        _name(_request(x_amz_target="GraniteServiceVersion20100801.PutMetricData")) == "cloudwatch.PutMetricData json"
    )
    assert _name(_request(service="monitoring", body=form, **plain)) == "cloudwatch.PutMetricData query"
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    cbor = _request(path=path, smithy_protocol="rpc-v2-cbor")
    assert _name(cbor) == "cloudwatch.PutMetricData smithy-rpc-v2-cbor"


def test_form_is_routed_when_it_is_gzipped_unsigned_or_in_the_query_string() -> None:
    form = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
    kind = {"content_type": "application/x-www-form-urlencoded"}
    assert _name(_request(body=form, **kind)) == "sts.AssumeRoleWithWebIdentity query"
    packed = _request(service="sts", body=gzip.compress(form), content_encoding="gzip", **kind)
    assert _name(packed) == "sts.AssumeRoleWithWebIdentity query"
    presigned = (
        "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=AKID%2F20240229%2Fus-east-1%2Fsts%2Faws4_request"
    )
    assert _name(_request("GET", query=presigned)) == "sts.GetCallerIdentity query"


def test_head_alone_does_not_tell_what_a_form_says() -> None:
    assert protocols.route_head(_request(service="iam", content_type="application/x-www-form-urlencoded")) is None


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "labels"),
    [
        ("GET", "/", "", "ListBuckets", {}),
        ("GET", "/b", "", "ListObjects", {"Bucket": "b"}),
        ("GET", "/b/", "list-type=2&prefix=x", "ListObjectsV2", {"Bucket": "b"}),
        ("GET", "/b", "versions", "ListObjectVersions", {"Bucket": "b"}),
        ("GET", "/b", "versioning=", "GetBucketVersioning", {"Bucket": "b"}),
        ("GET", "/b/k%20%2B/x//y/", "", "GetObject", {"Bucket": "b", "Key": "k +/x//y/"}),
        ("GET", "/b/k", "uploadId=u", "ListParts", {"Bucket": "b", "Key": "k"}),
        ("GET", "/b/k", "x-id=GetObject&partNumber=1", "GetObject", {"Bucket": "b", "Key": "k"}),
        ("PUT", "/b", "", "CreateBucket", {"Bucket": "b"}),
        ("PUT", "/b/k", "", "PutObject", {"Bucket": "b", "Key": "k"}),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", "UploadPart", {"Bucket": "b", "Key": "k"}),
        ("POST", "/b/k", "uploads", "CreateMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("POST", "/b/k", "uploadId=u", "CompleteMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("POST", "/b", "delete", "DeleteObjects", {"Bucket": "b"}),
        ("DELETE", "/b/k", "uploadId=u", "AbortMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("DELETE", "/b/k", "versionId=v", "DeleteObject", {"Bucket": "b", "Key": "k"}),
        ("HEAD", "/b", "", "HeadBucket", {"Bucket": "b"}),
    ],
)
def test_s3_operation_is_told_by_method_depth_and_query(
    method: str, path: str, query: str, operation: str, labels: dict[str, str]
) -> None:
    route = protocols.route(_request(method, path, query, service="s3"))
    assert route.operation.name == operation
    assert route.found.labels == labels


def test_s3_copies_are_told_by_their_source() -> None:
    copied = _request("PUT", "/b/k", service="s3", x_amz_copy_source="b/other")
    assert _name(copied) == "s3.CopyObject rest-xml"
    part = _request("PUT", "/b/k", "partNumber=1&uploadId=u", service="s3", x_amz_copy_source="b/other")
    assert _name(part) == "s3.UploadPartCopy rest-xml"


def test_s3_subresource_never_falls_back_to_the_whole_resource() -> None:
    half = protocols.route(_request("DELETE", "/b", "analytics", service="s3"))
    assert half.operation.name == "DeleteBucketAnalyticsConfiguration"
    with pytest.raises(AwsError):
        half.parse(_request("DELETE", "/b", "analytics", service="s3"))
    assert _name(_request("PUT", "/b/k", "partNumber=1", service="s3")) == "s3.UploadPart rest-xml"
    with pytest.raises(AwsError, match="MethodNotAllowed"):
        protocols.route(_request("DELETE", "/b", "policyStatus", service="s3"))


@pytest.mark.parametrize(
    "host",
    [
        "my.bucket.s3.amazonaws.com",
        "my.bucket.s3.eu-west-1.amazonaws.com",
        "my.bucket.localhost:4566",
        "my.bucket.s3.localhost",
    ],
)
def test_s3_bucket_may_stand_in_the_host(host: str) -> None:
    route = protocols.route(_request("GET", "/a/b", service="s3", host=host))
    assert (route.operation.name, route.found.labels) == ("GetObject", {"Bucket": "my.bucket", "Key": "a/b"})
    assert protocols.route(_request("GET", "/", service="s3", host=host)).operation.name == "ListObjects"


def test_s3_is_meant_by_unsigned_requests_and_presigned_urls() -> None:
    assert _name(_request("GET", "/b/k")) == "s3.GetObject rest-xml"
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20240229%2Fus-east-1%2Fs3%2Faws4_request"
    put = _request("POST", "/b/k", query + "&uploads", content_type="application/x-www-form-urlencoded")
    assert _name(put) == "s3.CreateMultipartUpload rest-xml"


def test_only_streamed_bodies_are_left_to_the_operation() -> None:
    assert protocols.route(_request("PUT", "/b/k", service="s3")).streams
    assert protocols.route(_request("PUT", "/b/k", "partNumber=1&uploadId=u", service="s3")).streams
    assert not protocols.route(_request("POST", "/b", "delete", service="s3")).streams
    assert not protocols.route(_request(x_amz_target="Logs_20140328.PutLogEvents")).streams


def test_rest_paths_prefer_literals_and_decode_labels() -> None:
    arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af"
    route = protocols.route(_request("GET", f"/2015-03-31/functions/{arn}/policy", service="lambda"))
    assert route.operation.name == "GetPolicy"
    assert route.found.labels == {"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:f"}
    by_arn = protocols.route(_request("GET", "/2018-10-31/layers", "find=LayerVersion&Arn=a", service="lambda"))
    assert by_arn.operation.name == "GetLayerVersionByArn"
    assert protocols.route(_request("GET", "/2018-10-31/layers", service="lambda")).operation.name == "ListLayers"


UNKNOWN = [
    (_request(x_amz_target="Logs_20140328.NoSuchThing"), "UnknownOperationException", 400, "json", "logs"),
    (_request(x_amz_target="DynamoDB_20120810.ListTables"), "UnknownOperationException", 400, "json", "logs"),
    (
        _request(
            service="iam", body=b"Action=Nothing&Version=2010-05-08", content_type="application/x-www-form-urlencoded"
        ),
        "InvalidAction",
        400,
        "query",
        "iam",
    ),
    (
        _request(service="ec2", body=b"Action=Nothing", content_type="application/x-www-form-urlencoded"),
        "InvalidAction",
        400,
        "ec2",
        "ec2",
    ),
    (
        _request(
            service="iam", body=b"Action=GetUser&Version=2001-01-01", content_type="application/x-www-form-urlencoded"
        ),
        "NoSuchVersion",
        400,
        "query",
        "iam",
    ),
    (_request("GET", "/no/such/path", service="eks"), "UnknownOperationException", 400, "rest-json", "eks"),
    (_request("PATCH", "/b/k", service="s3"), "MethodNotAllowed", 405, "rest-xml", "s3"),
    (
        _request(path="/service/GraniteServiceVersion20100801/operation/No", smithy_protocol="rpc-v2-cbor"),
        "UnknownOperationException",
        400,
        "smithy-rpc-v2-cbor",
        "cloudwatch",
    ),
]


@pytest.mark.parametrize(("request_", "code", "status", "protocol", "service"), UNKNOWN)
async def test_what_cannot_be_routed_is_refused_in_the_protocol_of_the_request(
    request_: Request, code: str, status: int, protocol: str, service: str
) -> None:
    with pytest.raises(AwsError) as raised:
        protocols.route(request_)
    response = protocols.failure(request_, None, raised.value, "id-1")
    operation = next(iter(botocore_client.service(service).operation_names))
    found = await botocore_client.parsed(service, operation, response, protocol)
    assert (found["Error"]["Code"], response.status) == (code, status)
    assert found["ResponseMetadata"]["RequestId"] == "id-1"


def test_services_outside_the_catalog_are_named_so_that_they_can_be_forwarded() -> None:
    with pytest.raises(protocols.UnknownService) as raised:
        protocols.route(_request("GET", "/2012/things", service="elasticfilesystem"))
    assert raised.value.service == "elasticfilesystem"
    request = _request("GET", "/2012/things", service="elasticfilesystem")
    response = protocols.failure(request, None, raised.value, "id-1")
    assert dict(response.headers)["x-amzn-errortype"] == "UnknownOperationException"
