"""Filter patterns: the examples of AWS's documentation, and what AWS's TestMetricFilter answered."""

import pytest

from trunkline.services.logs.pattern import InvalidPattern, compile_pattern

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
TEXT = [
    ("ERROR", "[ERROR 400] BAD REQUEST", True),
    ("ERROR", "[error 400] bad request", False),
    ("ERROR Exception", "[ERROR] Caught IllegalArgumentException", True),
    ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
    ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", False),
    ("?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", True),
    ("?ERROR ?ARGUMENTS", "MISSING ARGUMENTS", True),
    ("?ERROR ?ARGUMENTS", "[INFO] fine", False),
    ("INFO ?ERROR", "[INFO] fine", True),
    ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
    ('"INTERNAL SERVER ERROR"', "ERROR SERVER INTERNAL", False),
    (r'"say \"hi\""', 'they say "hi" twice', True),
    ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", True),
    ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
    ('-"not found"', "all is well", True),
    ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
    (r"%10\.10\.0\.1%", "from 10.10.0.1", True),
    ("%^[hc]at%", "a cat", False),
    ("%colou?r%", "no color", True),
    ("%a{3,5}%", "aa", False),
    ("%gray|grey%", "grey", True),
    ("", "anything", True),
    (" ", "anything", True),
    ('" "', "anything", True),
]

EVENT = """{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],
"objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "cluster.name": "c", "yes": true,
"someInt": 123, "someFloat": 12.34, "someArray": [], "someEscaped": "error \\"message\\"", "tiny": 0.001,
"user": {"id": 1, "email": "John.Stiles@example.com"}, "users": [{"id": 2, "email": "John.Doe@example.com"}],
"actions": ["GET", "PUT", "DELETE"], "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]}""".replace("\n", " ")

JSON = [
    ('{ $.eventType = "UpdateTrail" }', True),
    ("{ $.eventType = UpdateTrail }", True),
    ("{ $.sourceIPAddress != 123.123.* }", True),
    ("{ $.sourceIPAddress = *111* }", True),
    ('{ $.sourceIPAddress = "11*1" }', False),
    ('{ $.arrayKey[0] = "value" }', True),
    ("{ $.objectList[1].id = 2 }", True),
    ('{ $.objectList[*].name = "b" }', True),
    ("{ $.SomeObject IS NULL }", True),
    ("{ $.SomeOtherObject NOT EXISTS }", True),
    ("{ $.eventType NOT EXISTS }", False),
    ("{ $.yes IS TRUE }", True),
    ("{ $.yes IS FALSE }", False),
    ("{ $.['cluster.name'] = \"c\" }", True),
    ("{ $.someInt > 75 }", True),
    ("{ $.someInt <= 122.9 }", False),
    ("{ $.tiny = 1e-3 }", True),
    ("{ $.tiny != 1e+3 }", True),
    ("{ $.someInt = 123 }", True),
    ('{ $.someInt = "123" }', False),
    ('{ $.someInt != "123" }', True),
    ("{ $.someArray != someString }", True),
    ("{ $.someArray = someString }", False),
    ('{ $.notExisted != "UpdateTrail" }', False),
    (r'{ $.someEscaped = "error \"message\"" }', True),
    ("{ $.someInt = 1* }", True),
    ('{ $.eventType = "*" }', True),
    ("{ $.eventType = %Trail$% }", True),
    ("{ $.eventType = %Trail% }", True),
    ("{ $.arrayKey[*] = %val.{2}% }", True),
    (r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", True),
    ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', False),
    ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
    ('{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "x" && $.actions[2] = "x" }', True),
    ('{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "x") && $.actions[2] = "x" }', False),
    ("{ $.coordinates[1][2] = 6 && $.actions[9] NOT EXISTS }", True),
]

LINE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
DELIMITED = [
    ("[ip, user, username, timestamp, request, status_code, bytes]", True),
    ("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", True),
    (r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", True),
    ("[ip, user, username, timestamp, request, status_code = 404 || status_code = 500, bytes > 1000]", True),
    ("[ip, user, username, timestamp, request, status_code, bytes > 1000 && bytes < 1500]", False),
    ("[..., status_code=4*, bytes]", True),
    ("[ip, ..., bytes=1534]", True),
    ("[ip!=10.*, ...]", True),
    ('[ip, user="Prod", ...]', True),
    ("[ip, user=Test, ...]", False),
    ("[a, b, c, d, e, f, g, h]", False),
    ("[ip, rest=*html*]", True),
]


@pytest.mark.parametrize(("pattern", "message", "expected"), TEXT)
def test_matches_unstructured_text(pattern: str, message: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(message) is expected


@pytest.mark.parametrize(("pattern", "expected"), JSON)
def test_matches_json(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(EVENT) is expected


@pytest.mark.parametrize(("pattern", "expected"), DELIMITED)
def test_matches_space_delimited_fields(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(LINE) is expected


def test_json_patterns_never_match_what_is_no_json() -> None:
    assert not compile_pattern("{ $.a NOT EXISTS }").matches("plain text")
    assert not compile_pattern("{ $.a NOT EXISTS }").matches("{broken")


def test_extracts_the_named_fields() -> None:
    found = compile_pattern("[ip, user, username, timestamp, request, status_code, bytes]").extract(LINE)
    assert found["$timestamp"] == "10/Oct/2000:13:25:15 -0700"
    assert found["$request"] == "GET /index.html HTTP/1.0"
    assert compile_pattern("{ $.someInt > 1 }").extract(EVENT) == {"$.someInt": "123"}
    assert compile_pattern("{ $.someInt > 1 }").value(EVENT, "$.user.id") == "1"


def test_the_last_field_takes_the_rest_of_the_message() -> None:
    found = compile_pattern('[timestamp=*Z, request_id="*-*", event]').extract("2024Z a-b the whole rest")
    assert found == {"$timestamp": "2024Z", "$request_id": "a-b", "$event": "the whole rest"}


@pytest.mark.parametrize(
    "pattern",
    [
        "some-thing", '"open', "%something!%", "%(group)%", "%[%",
        "{ $.a = ", "{ a = 1 }", "{ $.a > x }", '{ $.a >= "1" }', "{ $.a = 1 && }", "{ ($.a = 1 }", "{ $.a = 1 } x",
        "{ $.a IS NOT NULL }", "{ $.a EXISTS }", "{ $.a[*].b[*] = 1 }",
        "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }", "{ $.a = %x% && $.b = %y% && $.c = %z% }",
        "[a=%x%, b=%y%, c=%z%]",
        "{ $.a IS MAYBE }", "{}", "{ $.a = 1 $.b = 2 }", "{" + "(" * 100 + "$.a=1" + ")" * 100 + "}",
        "[a, b", "[a, ..., b, ...]", "[a=]", "[a=1 && ]",
    ],
)  # fmt: skip
def test_refuses_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)
