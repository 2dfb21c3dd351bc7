"""Signatures made by botocore, checked by us."""

import hashlib
import time
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request
from trunkline.aws.identity import Credential
from trunkline.aws.service import Principal
from trunkline.aws.sigv4 import claim, open_door, verify

USER = Principal("user", "arn:aws:iam::111122223333:user/ann", "AIDAX", "ann")
KEY, SECRET, TOKEN = "AKIAEXAMPLE", "secret/+x", "token=="
KEYS = {
    KEY: Credential(KEY, SECRET, USER),
    "ASIALIVE": Credential("ASIALIVE", SECRET, USER, TOKEN, time.time() + 3600),
    "ASIADEAD": Credential("ASIADEAD", SECRET, USER, TOKEN, time.time() - 1),
}


def signed(
    method="POST",
    url="http://127.0.0.1:4566/",
    body=b"",
    service="sts",
    *,
    key=KEY,
    secret=SECRET,
    token=None,
    headers=None,
    query_expires=None,
):
    """A request as it would arrive, signed by botocore."""
    credentials = Credentials(key, secret, token)
    request = AWSRequest(method, url, headers=headers or {}, data=body)
    if query_expires:
        signer = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
        signer(credentials, service, "eu-west-1", expires=query_expires).add_auth(request)
    else:
        (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, "eu-west-1").add_auth(request)
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    lower = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in prepared.headers.items()
    }
    lower.setdefault("host", parts.netloc)
    return Request(method, parts.path, parts.query, lower, body)


def check(request, protocol="query", now=None):
    return verify(request, claim(request), KEYS.get, time.time() if now is None else now, protocol)


def refusal(request, protocol="query", now=None):
    with pytest.raises(AwsError) as caught:
        check(request, protocol, now)
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4566/",
        "http://127.0.0.1:4566/?b=2&a=1&a=0&empty=&flag",
        "http://127.0.0.1:4566/2015-03-31/functions/arn%3Aaws%3Alambda/invocations",
        "http://127.0.0.1:4566/a//b/./c/../d/",
        "http://127.0.0.1:4566/?q=%C3%BC%20%2F%3D",
    ],
)
def test_accepts_what_botocore_signs(url):
    verified = check(signed(url=url, body=b"Action=GetCallerIdentity"))
    assert verified.principal == USER
    assert (verified.claim.service, verified.region, verified.account) == ("sts", "eu-west-1", "111122223333")


@pytest.mark.parametrize(
    "path", ["/b/k", "/b/a%20b//c/./d", "/b/%C3%BC%2Bx%3D", "/b?uploads", "/b?list-type=2&prefix=a%2Fb"]
)
def test_s3_signs_the_path_as_sent(path):
    request = signed("PUT", "http://h:1" + path, b"data", "s3")
    assert check(request, "rest-xml").payload == hashlib.sha256(b"data").hexdigest()


def test_s3_takes_a_path_that_was_signed_encoded_and_sent_as_it_is():
    request = signed("GET", "http://h:1/b/a%2Bb%40c", b"", "s3")
    request.path = "/b/a+b@c"
    assert check(request, "rest-xml").principal == USER


def test_s3_presigned_url_does_not_cover_the_body():
    request = signed("PUT", "http://h:1/b/k%20x?versionId=1", b"", "s3", query_expires=60)
    assert check(request, "rest-xml").payload == "UNSIGNED-PAYLOAD"


def test_s3_presigned_url_expires():
    request = signed("GET", "http://h:1/b/k", b"", "s3", query_expires=60)
    assert check(request, "rest-xml", time.time() + 55)
    error = refusal(request, "rest-xml", time.time() + 65)
    assert (error.code, error.message, error.status) == ("AccessDenied", "Request has expired", 403)


def test_s3_refuses_a_header_added_to_a_presigned_url():
    request = signed("PUT", "http://h:1/b/k", b"", "s3", query_expires=60)
    request.headers["x-amz-tagging"] = "a=b"
    error = refusal(request, "rest-xml")
    assert (error.code, error.members["HeadersNotSigned"]) == ("AccessDenied", "x-amz-tagging")


def test_presigned_sts_url():
    url = "http://h:1/?Action=GetCallerIdentity&Version=2011-06-15"
    assert check(signed("GET", url, query_expires=60)).principal == USER


def test_s3_version_two_presigned_url_from_boto3():
    import boto3

    s3 = boto3.client(
        "s3", endpoint_url="http://h:1", region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )
    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "a b/ü", "VersionId": "v"}))
    assert "X-Amz-Signature" not in url.query
    request = Request("GET", url.path, url.query, {"host": url.netloc})
    assert check(request, "rest-xml").principal == USER
    assert refusal(request, "rest-xml", time.time() + 4000).message == "Request has expired"
    request.path = "/b/other"
    assert refusal(request, "rest-xml").code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("protocol", "service", "code", "status"),
    [
        ("query", "sts", "SignatureDoesNotMatch", 403),
        ("json", "logs", "InvalidSignatureException", 400),
        ("rest-json", "lambda", "InvalidSignatureException", 403),
        ("rest-xml", "s3", "SignatureDoesNotMatch", 403),
        ("ec2", "ec2", "AuthFailure", 401),
    ],
)
def test_wrong_secret(protocol, service, code, status):
    error = refusal(signed(service=service, secret="other"), protocol)
    assert (error.code, error.status) == (code, status)


@pytest.mark.parametrize(
    ("protocol", "code"),
    [("query", "InvalidClientTokenId"), ("json", "UnrecognizedClientException"), ("rest-xml", "InvalidAccessKeyId")],
)
def test_unknown_key(protocol, code):
    assert refusal(signed(key="AKIANOBODY"), protocol).code == code


@pytest.mark.parametrize(
    ("protocol", "code"),
    [("query", "MissingAuthenticationToken"), ("json", "MissingAuthenticationTokenException")],
)
def test_unsigned(protocol, code):
    assert refusal(Request("POST", "/", "", {"host": "h"}), protocol).code == code


def test_changed_body_changed_header_changed_query():
    request = signed(body=b"a=b", headers={"x-amz-target": "T.Op"})
    request.body = b"a=c"
    assert refusal(request).code == "SignatureDoesNotMatch"
    request.body = b"a=b"
    request.headers["x-amz-target"] = "T.Other"
    assert refusal(request).code == "SignatureDoesNotMatch"
    request.headers["x-amz-target"] = "T.Op"
    assert check(request)
    request.query = "x=1"
    assert refusal(request).code == "SignatureDoesNotMatch"


def test_clock_skew():
    request = signed()
    now = time.time()
    assert check(request, now=now + 290)
    late = refusal(request, now=now + 310)
    assert late.code == "SignatureDoesNotMatch"
    assert late.message.startswith("Signature expired: ")
    assert late.message.endswith("- 5 min.)")
    assert refusal(request, now=now - 310).message.startswith("Signature not yet current: ")
    assert refusal(request, "json", now + 310).code == "InvalidSignatureException"
    s3 = signed("GET", "http://h:1/b", service="s3")
    assert check(s3, "rest-xml", now + 600)
    assert refusal(s3, "rest-xml", now + 1000).code == "RequestTimeTooSkewed"


def test_session_tokens():
    assert check(signed(key="ASIALIVE", token=TOKEN)).principal == USER
    assert refusal(signed(key="ASIALIVE", token="wrong")).code == "InvalidClientTokenId"
    assert refusal(signed(key="ASIALIVE")).code == "InvalidClientTokenId"
    assert refusal(signed(key="ASIADEAD", token=TOKEN)).code == "ExpiredToken"
    assert refusal(signed(key="ASIADEAD", token=TOKEN), "json").code == "ExpiredTokenException"
    assert refusal(signed(key="ASIADEAD", token=TOKEN), "rest-xml").code in ("ExpiredToken", "InvalidRequest")


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 Credential=a/b",
        "AWS4-HMAC-SHA256 Credential=A/20260101/r/s/aws4_request",
        "AWS4-HMAC-SHA256",
        "AWS AKIA:sig",
        "AWS4-ECDSA-P256-SHA256 Credential=x, SignedHeaders=host, Signature=y",
        "AWS4-HMAC-SHA256 Credential=/20260101/r/s/aws4_request, SignedHeaders=;;, Signature=0",
        "",
        "\x00ü",
    ],
)
def test_malformed_authorization_is_refused_not_crashed_on(authorization):
    request = Request("POST", "/", "", {"host": "h", "authorization": authorization, "x-amz-date": "20260101T000000Z"})
    assert refusal(request).status in (400, 403)


def test_order_of_the_authorization_parts_does_not_matter():
    request = signed()
    kind, _, rest = request.headers["authorization"].partition(" ")
    request.headers["authorization"] = kind + " " + ",".join(reversed(rest.split(", ")))
    assert check(request).principal == USER


def test_open_door_takes_account_ids_and_known_keys():
    assert open_door(None, KEYS.get, "000000000000").account == "000000000000"
    assert open_door(claim(signed(key="123456789012")), KEYS.get, "000000000000").account == "123456789012"
    assert open_door(claim(signed(secret="wrong")), KEYS.get, "000000000000").principal == USER


def test_verification_is_fast():
    request = signed(body=b"Action=GetCallerIdentity&Version=2011-06-15")
    now = time.time()
    check(request)
    best = min(_elapsed(request, now) for _ in range(5))
    assert best < 200e-6  # about 20 µs on an idle machine


def _elapsed(request, now):
    start = time.perf_counter()
    for _ in range(200):
        verify(request, claim(request), KEYS.get, now, "query")
    return (time.perf_counter() - start) / 200
