"""Whatever stands in the headers and the query: a signer, or a refusal; never an exception of ours."""

from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request
from trunkline.aws.identity import Credential
from trunkline.aws.service import Principal
from trunkline.aws.sigv4 import claim, verify, verify_git_password

WHO = Credential("AK", "s", Principal("user", "arn:aws:iam::000000000000:user/a", "AIDA", "a"))
TEXT = st.text(max_size=60)
PARTS = st.sampled_from(
    [
        "AWS4-HMAC-SHA256 ",
        "Credential=",
        "AK/20260101/us-east-1/s3/aws4_request",
        "SignedHeaders=host",
        "Signature=",
        "0" * 64,
        ", ",
        ";",
        "/",
        "20260101T000000Z",
        "99999999T999999Z",
        "host",
    ]
)
MIXED = st.lists(st.one_of(PARTS, TEXT), max_size=8).map("".join)
NAMES = st.sampled_from(
    [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "X-Amz-Expires",
        "AWSAccessKeyId",
        "Signature",
        "Expires",
        "X-Amz-Security-Token",
    ]
)
VALUES = st.one_of(PARTS, TEXT, st.sampled_from(["AWS4-HMAC-SHA256", "1", "-1", "604801", "AK", "%2F", "%zz"]))
QUERY = st.lists(st.tuples(NAMES, VALUES), max_size=9).map(lambda pairs: "&".join(f"{n}={v}" for n, v in pairs))
HEADERS = st.dictionaries(
    st.sampled_from(["authorization", "x-amz-date", "date", "host", "x-amz-content-sha256", "x-amz-security-token"]),
    MIXED,
)
PROTOCOLS = st.sampled_from(["query", "ec2", "json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"])


@settings(max_examples=400, deadline=None)
@given(HEADERS, QUERY, TEXT, PROTOCOLS)
def test_never_our_fault(headers, query, path, protocol):
    request = Request("POST", "/" + path, query, headers, b"")
    try:
        verified = verify(request, claim(request), {"AK": WHO}.get, 1_767_225_600.0, protocol)
    except AwsError as error:
        assert error.status in (400, 401, 403), error
    else:
        raise AssertionError(f"let in: {verified}")


@settings(max_examples=200, deadline=None)
@given(MIXED, MIXED, TEXT)
def test_git_passwords_never_our_fault(user, password, path):
    found = verify_git_password(
        user, password, host="h:1", path=path, regions=["us-east-1"], lookup={"AK": WHO}.get, now=1_767_225_600.0
    )
    assert found is None
