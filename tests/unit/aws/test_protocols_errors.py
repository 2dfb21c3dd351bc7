"""What a client is told: broken constraints in AWS's words, errors in each protocol's form."""

import json
from typing import Any

import cbor2
import pytest
from tests.support import botocore_client

from trunkline.aws import models, protocols
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.http import Request, Response


def _refusal(service: str, operation: str, params: dict[str, Any], protocol: str = "json") -> AwsError:
    request = botocore_client.request(service, operation, params, protocol)
    return _refused(request)


def _refused(request: Request) -> AwsError:
    with pytest.raises(AwsError) as raised:
        protocols.route(request).parse(request)
    return raised.value


def _json(target: str, doc: Any) -> Request:
    return Request(
        "POST", "/", "", {"x-amz-target": target}, doc if isinstance(doc, bytes) else json.dumps(doc).encode()
    )


def test_several_broken_constraints_are_told_at_once_in_aws_words() -> None:
    error = _refusal("ssm", "PutParameter", {"Name": "n" * 2049, "Type": "Strange"})
    assert error.code == "ValidationException"
    assert error.message == (
        "3 validation errors detected: "
        f"Value '{'n' * 1024}…' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 2048; "
        "Value null at 'value' failed to satisfy constraint: Member must not be null; "
        "Value 'Strange' at 'type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [String, StringList, SecureString]"
    )


def test_paths_name_list_elements_as_aws_does() -> None:
    events = [{"timestamp": 1, "message": "m"}, {"timestamp": -1, "message": "m"}]
    error = _refusal("logs", "PutLogEvents", {"logGroupName": "g", "logStreamName": "s", "logEvents": events})
    assert error.code == "InvalidParameterException"
    assert error.message == (
        "1 validation error detected: Value '-1' at 'logEvents.2.member.timestamp' failed to satisfy constraint: "
        "Member must have value greater than or equal to 0"
    )


def test_broken_elements_are_told_at_their_list() -> None:
    error = _refusal("logs", "UntagResource", {"resourceArn": "arn:aws:logs:x", "tagKeys": [""]})
    assert "Value '[]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [" in error.message


def test_secrets_are_not_repeated() -> None:
    error = _refusal("secretsmanager", "CreateSecret", {"Name": "n", "SecretString": ""})
    assert error.message.endswith(
        "Value at 'secretString' failed to satisfy constraint: Member must have length greater than or equal to 1"
    )


@pytest.mark.parametrize(
    ("service", "operation", "params", "protocol", "code", "message"),
    [
        ("codecommit", "CreateRepository", {}, "json", "RepositoryNameRequiredException", ""),
        ("codecommit", "CreateRepository", {"repositoryName": "a b"}, "json", "InvalidRepositoryNameException", ""),
        ("codedeploy", "CreateApplication", {}, "json", "ApplicationNameRequiredException", ""),
        ("codebuild", "StartBuild", {}, "json", "InvalidInputException", "at 'projectName'"),
        ("ecs", "CreateService", {}, "json", "InvalidParameterException", "at 'serviceName'"),
        (
            "ecr",
            "CreateRepository",
            {"repositoryName": "A"},
            "json",
            "InvalidParameterException",
            "Invalid parameter at",
        ),
        ("iam", "CreateRole", {}, "query", "ValidationError", "at 'roleName'"),
        ("elbv2", "CreateTargetGroup", {}, "query", "ValidationError", "at 'name'"),
        ("ec2", "CreateSubnet", {}, "ec2", "MissingParameter", "The request must contain the parameter vpcId"),
        ("sns", "Publish", {"TopicArn": "t"}, "query", "InvalidParameter", "Invalid parameter: Message"),
        ("sqs", "CreateQueue", {}, "json", "MissingParameter", "The request must contain the parameter QueueName"),
        ("cloudwatch", "PutMetricData", {}, "query", "MissingParameter", "The parameter Namespace is required."),
        ("xray", "PutTraceSegments", {}, "rest-json", "InvalidRequestException", ""),
        ("eks", "CreateCluster", {"name": "-"}, "rest-json", "InvalidParameterException", "at 'name'"),
        ("lambda", "GetFunction", {"FunctionName": "a b"}, "rest-json", "ValidationException", "at 'functionName'"),
        ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{}]}}, "rest-xml", "MalformedXML", ""),
    ],
)
def test_each_service_has_its_code_for_broken_constraints(
    service: str, operation: str, params: dict[str, Any], protocol: str, code: str, message: str
) -> None:
    error = _refusal(service, operation, params, protocol)
    assert error.code == code
    assert message in error.message


@pytest.mark.parametrize(
    ("doc", "message"),
    [
        ({"Name": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"Name": "n", "Value": "v", "Overwrite": "yes"}, "STRING_VALUE can not be converted to a Boolean"),
        ({"Name": "n", "Value": "v", "Tags": {}}, "Expected list or null"),
        ({"Name": {}}, "Start of structure or map found where not expected."),
        ([], "Expected structure or null"),
        (b"{", ""),
        (b'{"Name": "\\ud800"}', "STRING_VALUE can not be converted to a String"),
    ],
)
def test_wrong_types_in_json_cannot_be_deserialised(doc: Any, message: str) -> None:
    error = _refused(_json("AmazonSSM.PutParameter", doc))
    assert (error.code, error.message) == ("SerializationException", message)


def test_what_aws_takes_is_taken() -> None:
    request = _json("Logs_20140328.PutRetentionPolicy", {"logGroupName": "g", "retentionInDays": 7.0, "extra": [1]})
    assert protocols.route(request).parse(request) == {"logGroupName": "g", "retentionInDays": 7}
    request = _json("Logs_20140328.CreateLogGroup", {"logGroupName": "g", "tags": None})
    assert protocols.route(request).parse(request) == {"logGroupName": "g"}
    request = _json("Logs_20140328.DescribeLogGroups", b"")
    assert protocols.route(request).parse(request) == {}


def test_special_numbers_go_both_ways_in_json() -> None:
    body = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": "NaN"}]}
    request = _json("GraniteServiceVersion20100801.PutMetricData", body)
    value = protocols.route(request).parse(request)["MetricData"][0]["Value"]
    assert value != value
    wire = protocols.wire_of(models.load("cloudwatch").operations["GetMetricStatistics"], "json")
    answer = wire.answer({"Label": None, "Datapoints": [{"Sum": float("inf"), "Average": None}]}, "id")
    assert json.loads(answer.body) == {"Datapoints": [{"Sum": "Infinity"}]}


COMMON = [
    ("logs", "CreateLogGroup", "json", "AccessDenied", "AccessDeniedException", 400),
    ("iam", "GetUser", "query", "AccessDeniedException", "AccessDenied", 403),
    ("ec2", "DescribeVpcs", "ec2", "AccessDenied", "UnauthorizedOperation", 403),
    ("s3", "GetObject", "rest-xml", "AccessDeniedException", "AccessDenied", 403),
    ("xray", "PutTraceSegments", "rest-json", "AccessDenied", "AccessDeniedException", 403),
    ("logs", "CreateLogGroup", "json", "SignatureDoesNotMatch", "InvalidSignatureException", 400),
    ("s3", "GetObject", "rest-xml", "UnrecognizedClientException", "InvalidAccessKeyId", 403),
    ("s3", "GetObject", "rest-xml", "RequestTimeTooSkewed", "RequestTimeTooSkewed", 403),
    ("sts", "GetCallerIdentity", "query", "ExpiredTokenException", "ExpiredToken", 403),
    ("s3", "GetObject", "rest-xml", "NoSuchKey", "NoSuchKey", 404),
    ("s3", "PutBucketPolicy", "rest-xml", "NoSuchBucket", "NoSuchBucket", 404),
    ("iam", "GetRole", "query", "NoSuchEntityException", "NoSuchEntity", 404),
    ("iam", "GetRole", "query", "NoSuchEntity", "NoSuchEntity", 404),
    ("elbv2", "DescribeTargetHealth", "query", "TargetGroupNotFoundException", "TargetGroupNotFound", 400),
]


@pytest.mark.parametrize(("service", "operation", "protocol", "raised", "code", "status"), COMMON)
async def test_errors_have_the_name_that_the_protocol_gives_them(
    service: str, operation: str, protocol: str, raised: str, code: str, status: int
) -> None:
    wire = protocols.wire_of(models.load(service).operations[operation], protocol)
    response = wire.failure(AwsError(raised, "m"), "id-1")
    found = await botocore_client.parsed(service, operation, response, protocol)
    assert (found["Error"]["Code"], response.status) == (code, status)


@pytest.mark.parametrize(("name", "protocol"), [(n, p) for n, e in models.CATALOG.items() for p in e.protocols])
async def test_refusals_can_be_read_in_every_protocol(name: str, protocol: str) -> None:
    operation = next(iter(models.load(name).operations.values()))
    response = protocols.wire_of(operation, protocol).failure(Refused("not supported"), "id-1")
    found = await botocore_client.parsed(name, operation.name, response, protocol)
    assert found["Error"]["Code"] == "NotImplemented"
    assert found["Error"]["Message"] == "not supported"
    assert response.status == 501


def test_query_compatible_services_keep_the_old_code_in_a_header() -> None:
    operation = models.load("cloudwatch").operations["DescribeAlarmHistory"]
    response = protocols.wire_of(operation, "json").failure(AwsError("InvalidNextToken", "m"), "id")
    assert dict(response.headers)["x-amzn-query-error"] == "InvalidNextToken;Sender"
    cbor = protocols.wire_of(operation, "smithy-rpc-v2-cbor").failure(AwsError("InvalidNextToken", "m"), "id")
    assert isinstance(cbor.body, bytes)
    assert cbor2.loads(cbor.body)["__type"] == "InvalidNextToken"


def _body(response: Response) -> bytes:
    assert isinstance(response.body, bytes)
    return response.body


def test_s3_errors_have_their_own_form_and_none_for_head() -> None:
    operations = models.load("s3").operations
    request = Request("GET", "/b/a%20<", "", {})
    response = protocols.wire_of(operations["GetObject"], "rest-xml").failure(
        AwsError("NoSuchKey", "The specified key does not exist.", Key="a <"), "id-1", request
    )
    assert _body(response) == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>'
        b"<Message>The specified key does not exist.</Message><Key>a &lt;</Key><Resource>/b/a%20&lt;</Resource>"
        b"<RequestId>id-1</RequestId><HostId>id-1</HostId></Error>"
    )
    head = protocols.wire_of(operations["HeadObject"], "rest-xml").failure(AwsError("NoSuchKey"), "id-1")
    assert (head.status, head.body) == (404, b"")
    unchanged = protocols.wire_of(operations["GetObject"], "rest-xml").failure(AwsError("NotModified"), "id-1")
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_control_characters_never_break_an_answer() -> None:
    wire = protocols.wire_of(models.load("iam").operations["GetUser"], "query")
    for response in (
        wire.failure(AwsError("X", "a\x00b\ud800<"), "id"),
        wire.answer({"User": {"UserName": "\x01"}}, "id"),
    ):
        assert "\ufffd".encode() in _body(response)
