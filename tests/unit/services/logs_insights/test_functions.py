"""Every function with what AWS says it gives.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-hash-functions.html
"""

import pytest
from tests.unit.services.logs_insights.asking import START_MS, ask

from trunkline.services.logs.insights import MalformedQuery

EVENT = {"s": "xyZfooxyZ", "n": 7.5, "neg": -3, "list": ["a", "admin"], "ip": "10.1.2.3", "ms": START_MS, "text": "é b"}

_NUMBERS = [
    ("n + 1", "8.5"), ("n - 1", "6.5"), ("n * 2", "15"), ("n / 2", "3.75"), ("2 ^ 3", "8"), ("10 % 3", "1"),
    ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("-n", "-7.5"), ("1 / 3", "0.3333"), ("1 / 0", None), ("s + 1", None),
    ("abs(neg)", "3"), ("ceil(n)", "8"), ("floor(n)", "7"), ("greatest(1, n, 3)", "7.5"), ("least(1, n)", "1"),
    ("log(1)", "0"), ("log(-1)", None), ("round(2.5678, 2)", "2.57"), ("round(2.4)", "2"), ("sqrt(16)", "4"),
    ("sqrt(-1)", None), ("haversine(52.52, 13.405, 48.8566, 2.3522)", "877.4633"), ("toNumber('12.5')", "12.5"),
    ("toInt('12.9')", "12"), ("toLong('9007199254740991')", "9007199254740991"), ("toDouble('x')", None),
    ("toInt('99999999999')", None),
]  # fmt: skip
_STRINGS = [
    ('ltrim("xyZxyfooxyZ","xyZ")', "fooxyZ"), ('rtrim("xyZfooxyxyZ","xyZ")', "xyZfoo"),
    ('trim("xyZxyfooxyxyZ","xyZ")', "foo"), ("trim('  a ')", "a"), ("ltrim(' a ')", "a "), ("rtrim(' a ')", " a"),
    ("strlen(text)", "3"), ("messageSize(text)", "4"), ("toupper(s)", "XYZFOOXYZ"), ("tolower(s)", "xyzfooxyz"),
    ('substr("xyZfooxyZ",3, 3)', "foo"), ("substr(s, 6)", "xyZ"), ('replace(s,"foo","-")', "xyZ-xyZ"),
    (r"regexReplace('a1b22', '\d+', '#')", "a#b#"), ("regex_replace('a1', /[0-9]/, '')", "a"),
    ("concat('a', n, 'b')", "a7.5b"), ("isempty(s)", "0"), ("isempty('')", "1"), ("isempty(missing)", "1"),
    ("isblank(' ')", "1"), ("isblank(missing)", "1"), ("isblank(s)", "0"), ("strcontains(s, 'foo')", "1"),
    ("strcontains(s, 'FOO')", "0"), ("strcontains(s, 'FOO', true)", "1"), ("startsWith(s, 'xyZ')", "1"),
    ("endsWith(s, 'foo')", "0"), ("urlencode('a b&')", "a%20b%26"), ("urldecode('a%20b')", "a b"),
    ("base64encode('hi')", "aGk="), ("base64decode('aGk=')", "hi"), ("base64decode('???')", None),
    ("split('a,b', ',')", '["a","b"]'), ('hexToAscii("48656c6c6f")', "Hello"), ('hexToDec("0xff")', "255"),
    ("decToHex(255)", "0xff"), ("decToHex(-255)", "-0xff"), ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ("substr(sha256('a'), 0, 8)", "ca978112"),
]  # fmt: skip
_TIMES = [
    ("datefloor(fromMillis(1642195111000), 1h)", "2022-01-14 21:00:00.000"),
    ("dateceil(fromMillis(1642195111000), 1h)", "2022-01-14 22:00:00.000"),
    ("toMillis(@timestamp)", str(START_MS)), ("fromMillis(ms)", "2026-11-23 00:00:00.000"),
    ("bin(1d)", "2026-11-23 00:00:00.000"), ("bin(1mo)", "2026-11-01 00:00:00.000"),
    ("bin(1w)", "2026-11-23 00:00:00.000"), ("bin(1qtr)", "2026-10-01 00:00:00.000"),
    ("bin(1yr)", "2026-01-01 00:00:00.000"),
    ("dateceil(fromMillis(1642195111000), 1mo)", "2022-02-01 00:00:00.000"),
    ("now()", str(START_MS // 1000 + 3600)), ("queryStartTime()", str(START_MS)), ("queryTimeRange()", "3600000"),
    ('parseDate("2024-01-02", "yyyy-MM-dd", "UTC")', "1704153600000"),
    ("parseDate('2024-01-02T03:04:05.678Z', \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")", "1704164645678"),
    ('formatDate(@timestamp, "%Y-%m-%d", "UTC")', "2026-11-23"),
    ('strftime(@timestamp, "%H:%M", "Asia/Tokyo")', "09:00"),
]  # fmt: skip
_GENERAL = [
    ("ispresent(s)", "1"), ("ispresent(missing)", "0"), ("coalesce(missing, s)", "xyZfooxyZ"),
    ("if(n > 7, 'big', 'small')", "big"), ("case(n > 100, 'a', n > 7, 'b', 'c')", "b"),
    ("case(n > 100, 'a')", None),
    ("isNumeric(n)", "1"), ("isNumeric(s)", "0"), ("jsonStringify(jsonParse('{\"a\":1}'))", '{"a":1}'),
    ("jsonParse('5')", None), ("toupper(jsonStringify(jsonParse('[1]')))", "[1]"), ("jsonArraySize(list)", "2"),
    ('jsonArrayContains(list, "admin")', "1"), ('jsonArrayContains(s, "admin")', "0"),
    ("isValidIp(ip)", "1"), ("isValidIp('::1')", "1"), ("isValidIp('1.2.3.256')", "0"), ("isValidIpV4('::1')", "0"),
    ("isValidIpV6('2001:db8::1')", "1"), ("isValidIpV6('1::2::3')", "0"), ('isIpInSubnet(ip, "10.0.0.0/8")', "1"),
    ('isIpv4InSubnet(ip, "192.0.2.0/24")', "0"), ('isIpv6InSubnet("2001:db8::1", "2001:db8::/32")', "1"),
    ('isIpv6InSubnet("2001:db9::1", "2001:db8::/32")', "0"), ("ipv4ToNumber('1.0.0.1')", "16777217"),
    ("isPrivateIP(ip)", "1"), ("isPublicIP(ip)", "0"), ("isPublicIP('8.8.8.8')", "1"),
    ("isReservedIP('127.0.0.1')", "1"),
    ("isPublicIP(s)", "0"),
]  # fmt: skip


@pytest.fixture(scope="module")
def values():
    """What every expression gives, asked in one query."""
    expressions = [expression for expression, _ in _NUMBERS + _STRINGS + _TIMES + _GENERAL]
    row = ask("fields " + ", ".join(f"{one} as x{place}" for place, one in enumerate(expressions)), [EVENT])[0]
    return {one: row.get(f"x{place}") for place, one in enumerate(expressions)}


@pytest.mark.parametrize(("expression", "expected"), _NUMBERS)
def test_arithmetic_and_numbers(values, expression, expected):
    assert values[expression] == expected


@pytest.mark.parametrize(("expression", "expected"), _STRINGS)
def test_strings(values, expression, expected):
    assert values[expression] == expected


@pytest.mark.parametrize(("expression", "expected"), _TIMES)
def test_times(values, expression, expected):
    assert values[expression] == expected


@pytest.mark.parametrize(("expression", "expected"), _GENERAL)
def test_general_json_and_addresses(values, expression, expected):
    assert values[expression] == expected


@pytest.mark.parametrize(
    "expression",
    ["nosuch(1)", "abs()", "abs(1, 2)", "bin(5)", "datefloor(@timestamp, 5)", "isIpInSubnet(ip, 'x')",
     "regexReplace(s, '(', '')",
     "formatDate(@timestamp, '%Q')", "parseDate(s, 'bbb')", "formatDate(@timestamp, '%Y', 'Mars/Olympus')"],
)  # fmt: skip
def test_calls_that_cannot_be_are_malformed(expression):
    with pytest.raises(MalformedQuery):
        ask(f"fields {expression}", [])
