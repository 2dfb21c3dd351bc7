"""Cross-origin requests to buckets, as browsers send them."""

import http.client

import pytest
from botocore.exceptions import ClientError

PAGE = "https://app.example.com"
RULES = [
    {
        "ID": "uploads",
        "AllowedOrigins": ["https://*.example.com"],
        "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": ["x-amz-*", "Content-Type"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 600,
    },
    {"AllowedOrigins": ["*"], "AllowedMethods": ["HEAD"]},
]


@pytest.fixture
def rules(s3, bucket):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    return bucket


@pytest.fixture
def ask(s3):
    def send(method, path, **headers):
        connection = http.client.HTTPConnection(s3.meta.endpoint_url.partition("://")[2], timeout=10)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    return send


def test_rules_are_kept(s3, rules):
    assert s3.get_bucket_cors(Bucket=rules)["CORSRules"] == RULES
    s3.delete_bucket_cors(Bucket=rules)
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=rules)


def test_a_browser_that_asks_before_is_told_what_it_may(rules, ask):
    wanted = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "X-Amz-Date, content-type"}
    answer = ask("OPTIONS", f"/{rules}/key", Origin=PAGE, **wanted)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Allow-Methods"] == "PUT, GET"
    assert answer.headers["Access-Control-Allow-Headers"] == "x-amz-date, content-type"
    assert answer.headers["Access-Control-Max-Age"] == "600"


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"Access_Control_Request_Method": "PUT"}, 400, "Origin request header needed"),
        ({"Origin": PAGE}, 400, "Invalid Access-Control-Request-Method: null"),
        ({"Origin": "https://evil.test", "Access_Control_Request_Method": "PUT"}, 403, "not allowed"),
        (
            {"Origin": PAGE, "Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "x-other"},
            403,
            "not allowed",
        ),
    ],
)
def test_what_no_rule_allows_is_refused_beforehand(rules, ask, headers, status, words):
    answer = ask("OPTIONS", f"/{rules}/key", **headers)
    assert answer.status == status
    assert words in answer.text
    assert answer.text.startswith("<?xml")


def test_without_rules_nothing_is_allowed(bucket, ask):
    answer = ask("OPTIONS", f"/{bucket}/key", Origin=PAGE, Access_Control_Request_Method="GET")
    assert (answer.status, "CORS is not enabled" in answer.text) == (403, True)


def test_answers_say_which_pages_may_read_them(rules, ask):
    mine = ask("GET", f"/{rules}/key", Origin=PAGE)
    assert mine.headers["Access-Control-Allow-Origin"] == PAGE
    assert mine.headers["Access-Control-Expose-Headers"] == "ETag"
    assert ask("GET", f"/{rules}/key", Origin="https://evil.test").headers["Access-Control-Allow-Origin"] is None
    assert ask("HEAD", f"/{rules}/key", Origin="https://evil.test").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"AllowedMethods": ["PATCH"]}, "Unsupported method is PATCH"),
        ({"AllowedOrigins": ["https://*.*"]}, "more than one wildcard"),
        ({"ExposeHeaders": ["x-*"]}, "wildcard for ExposeHeader"),
    ],
)
def test_rules_that_cannot_be_are_refused(s3, bucket, change, words):
    with pytest.raises(ClientError, match="InvalidRequest") as caught:
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULES[0] | change]})
    assert words in str(caught.value)
