"""The examples of AWS's documentation of processors, and what a transformer may not be.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Processors.html
"""

# ruff: noqa: E501  documented examples, a line each

import json

import pytest

from trunkline.aws.errors import Refused
from trunkline.services.logs.transform import InvalidTransformer, Metadata, compile_transformer

METADATA = Metadata("myLogGroupName", "myLogStreamName", "012345678912", "us-east-1")
OUTER = '{"outer_key": {"inner_key": "inner_value"}}'
LIST = json.dumps(
    {
        "outer_key": [
            {"inner_key": "a", "inner_value": "val-a"},
            {"inner_key": "b", "inner_value": "val-b1"},
            {"inner_key": "b", "inner_value": "val-b2"},
            {"inner_key": "c", "inner_value": "val-c"},
        ]
    }
)
SPLIT = {"source": "outer_key", "key": "inner_key", "valueKey": "inner_value"}
SUBSTITUTED = json.dumps(
    {
        "one": "[]",
        "two": "123-345-567",
        "three": "A cat takes a catnap.",
        "four": "Tom, Dick, and Harry",
        "five": "arn:aws:sts::123456789012:assumed-role/MyImportantRole/MySession",
    }
)
ROLE = r"^arn:aws:sts::(?P<account_id>\d{12}):assumed-role/(?P<role_name>[\w+=,.@-]+)/(?P<session>[\w+=,.@-]+)$"
CLOUDFRONT = (
    "2019-12-04  21:02:31   LAX1   392    192.0.2.24    GET    d111111abcdef8.cloudfront.net  /index.html    200    -"
    "  Mozilla/5.0%20(Windows%20NT%2010.0)  -  -  Hit    SOX4xwn4XV6Q==   d111111abcdef8.cloudfront.net  https  23"
    " 0.001  -  TLSv1.2    ECDHE-RSA-AES128-GCM-SHA256    Hit    HTTP/2.0   -  -  11040  0.001  Hit    text/html  78 -"
    "  -"
)


def transformed(message: str, *processors: dict) -> dict | None:
    found = compile_transformer(processors).apply(message, METADATA)
    return None if found is None else json.loads(found)


def mutated(message: str, kind: str, config: dict) -> dict | None:
    return transformed(message, {"parseJSON": {}}, {kind: config})


@pytest.mark.parametrize(
    ("message", "processor", "found"),
    [
        (OUTER, {"parseJSON": {"destination": "new_key"}}, {"new_key": {"outer_key": {"inner_key": "inner_value"}}}),
        (
            "'Akua Mansa':28:'New York: USA'",
            {"csv": {"delimiter": ":", "quoteCharacter": "'"}},
            {"column_1": "Akua Mansa", "column_2": "28", "column_3": "New York: USA"},
        ),
        (
            "key1:value1!key2:value2!key3:value3!key4",
            {
                "parseKeyValue": {
                    "destination": "new_key",
                    "fieldDelimiter": "!",
                    "keyValueDelimiter": ":",
                    "nonMatchValue": "defaultValue",
                    "keyPrefix": "parsed_",
                }
            },
            {
                "new_key": {
                    "parsed_key1": "value1",
                    "parsed_key2": "value2",
                    "parsed_key3": "value3",
                    "parsed_key4": "defaultValue",
                }
            },
        ),
        (
            "2 123456789010 eni-abc123de 192.0.2.0 192.0.2.24 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
            {"parseVPC": {}},
            {
                "version": 2, "accountId": "123456789010", "interfaceId": "eni-abc123de", "srcAddr": "192.0.2.0",
                "dstAddr": "192.0.2.24", "srcPort": 20641, "dstPort": 22, "protocol": 6, "packets": 20, "bytes": 4249,
                "start": 1418530010, "end": 1418530070, "action": "ACCEPT", "logStatus": "OK",
            },
        ),
        (
            "1.0 2017-12-13T08:15:50.235Z Z123412341234 example.com AAAA NOERROR TCP IAD12 192.0.2.0 198.51.100.0/24",
            {"parseRoute53": {}},
            {
                "version": 1.0, "queryTimestamp": "2017-12-13T08:15:50.235Z", "hostZoneId": "Z123412341234",
                "queryName": "example.com", "queryType": "AAAA", "responseCode": "NOERROR", "protocol": "TCP",
                "edgeLocation": "IAD12", "resolverIp": "192.0.2.0", "ednsClientSubnet": "198.51.100.0/24",
            },
        ),
        (
            "2019-03-10 03:54:59 UTC:10.0.0.123(52834):postgres@logtestdb:[20175]:ERROR: column does not exist",
            {"parsePostgres": {}},
            {
                "logTime": "2019-03-10 03:54:59 UTC", "srcIp": "10.0.0.123(52834)", "userName": "postgres",
                "dbName": "logtestdb", "processId": "20175", "logLevel": "ERROR",
            },
        ),
        (
            '{"httpRequest": {"headers": [{"name": "Host", "value": "localhost:1989"}]}, "labels": [{"name": "value"}]}',
            {"parseWAF": {}},
            {"httpRequest": {"headers": {"Host": "localhost:1989"}}, "labels": {"name": "value"}},
        ),
    ],
)  # fmt: skip
def test_parses_as_documented(message, processor, found):
    assert transformed(message, processor) == found


def test_parses_cloudfront_as_documented():
    found = transformed(CLOUDFRONT, {"parseCloudfront": {}})
    assert found is not None
    assert (found["date"], found["sc-bytes"], found["time-taken"]) == ("2019-12-04", 392, 0.001)
    assert found["cs(User-Agent)"] == "Mozilla/5.0 (Windows NT 10.0)" and found["sc-range-end"] == "-"


@pytest.mark.parametrize(
    ("message", "kind", "config", "found"),
    [
        (OUTER, "addKeys", {"entries": [{"key": "outer_key.new_key", "value": "new_value"}]},
         {"outer_key": {"inner_key": "inner_value", "new_key": "new_value"}}),
        (OUTER, "addKeys", {"entries": [{"key": "outer_key.inner_key", "value": "no"}]}, json.loads(OUTER)),
        (OUTER, "deleteKeys", {"withKeys": ["outer_key.inner_key"]}, {"outer_key": {}}),
        ('{"outer_key1": {"inner_key1": "inner_value1"}, "outer_key2": {"inner_key2": "inner_value2"}}', "moveKeys",
         {"entries": [{"source": "outer_key1.inner_key1", "target": "outer_key2"}]},
         {"outer_key1": {}, "outer_key2": {"inner_key2": "inner_value2", "inner_key1": "inner_value1"}}),
        (OUTER, "renameKeys", {"entries": [{"key": "outer_key", "renameTo": "new_key"}]},
         {"new_key": {"inner_key": "inner_value"}}),
        (OUTER, "copyValue", {"entries": [
            {"source": "outer_key.inner_key", "target": "new_key"},
            {"source": "@logGroupName", "target": "log_group_name"},
            {"source": "@logGroupStream", "target": "log_group_stream"},
            {"source": "@accountId", "target": "account_id"},
            {"source": "@regionName", "target": "region_name"}]},
         {"outer_key": {"inner_key": "inner_value"}, "new_key": "inner_value", "log_group_name": "myLogGroupName",
          "log_group_stream": "myLogStreamName", "account_id": "012345678912", "region_name": "us-east-1"}),
        (LIST, "listToMap", SPLIT | {"flatten": False},
         json.loads(LIST) | {"a": ["val-a"], "b": ["val-b1", "val-b2"], "c": ["val-c"]}),
        (LIST, "listToMap", SPLIT | {"flatten": True, "flattenedElement": "first"},
         json.loads(LIST) | {"a": "val-a", "b": "val-b1", "c": "val-c"}),
        (LIST, "listToMap", SPLIT | {"flatten": True, "flattenedElement": "last"},
         json.loads(LIST) | {"a": "val-a", "b": "val-b2", "c": "val-c"}),
        ('{"a": {"b": "INNER"}}', "lowerCaseString", {"withKeys": ["a.b"]}, {"a": {"b": "inner"}}),
        ('{"a": {"b": "inner"}}', "upperCaseString", {"withKeys": ["a.b"]}, {"a": {"b": "INNER"}}),
        ('{"a": {"b": "  inner "}}', "trimString", {"withKeys": ["a.b"]}, {"a": {"b": "inner"}}),
        ('{"a": "item1, item2, item3"}', "splitString", {"entries": [{"source": "a", "delimiter": ", "}]},
         {"a": ["item1", "item2", "item3"]}),
        (SUBSTITUTED, "substituteString", {"entries": [
            {"source": "one", "from": r"\[\]", "to": "value1"},
            {"source": "two", "from": "[0-9]{3}-[0-9]{3}-[0-9]{3}", "to": "xxx-xxx-xxx"},
            {"source": "three", "from": "cat", "to": "dog"},
            {"source": "four", "from": r"(\w+), (\w+), and (\w+)", "to": "$1 and $3"},
            {"source": "five", "from": ROLE, "to": "${account_id}:${role_name}:${session}"}]},
         {"one": "value1", "two": "xxx-xxx-xxx", "three": "A dog takes a dognap.", "four": "Tom and Harry",
          "five": "123456789012:MyImportantRole:MySession"}),
        ('{"name": "value", "status": "200"}', "typeConverter", {"entries": [{"key": "status", "type": "integer"}]},
         {"name": "value", "status": 200}),
        ('{"at": "2024-11-23 16:03:12"}', "dateTimeConverter",
         {"source": "at", "target": "then", "matchPatterns": ["dd/MM/yyyy", "yyyy-MM-dd HH:mm:ss"]},
         {"at": "2024-11-23 16:03:12", "then": "2024-11-23T16:03:12.000Z"}),
        ('{"at": "1732377792"}', "dateTimeConverter",
         {"source": "at", "target": "at", "matchPatterns": ["epoch"], "targetTimezone": "America/New_York",
          "targetFormat": "EEE, d MMM yyyy HH:mm:ss XXX"},
         {"at": "Sat, 23 Nov 2024 11:03:12 -05:00"}),
    ],
)  # fmt: skip
def test_changes_as_documented(message, kind, config, found):
    assert mutated(message, kind, config) == found


@pytest.mark.parametrize(
    ("message", "match", "found"),
    [
        ('293750 server-01.internal-network.local OK "[Thread-000] token generated"',
         "%{NUMBER:version} %{HOSTNAME:hostname} %{NOTSPACE:status} %{QUOTEDSTRING:logMsg}",
         {"version": "293750", "hostname": "server-01.internal-network.local", "status": "OK",
          "logMsg": "[Thread-000] token generated"}),
        ("23/Nov/2024:10:25:15 -0900 172.16.0.1 200",
         "%{HTTPDATE:timestamp} %{IPORHOST:clientip} %{NUMBER:response_status}",
         {"timestamp": "23/Nov/2024:10:25:15 -0900", "clientip": "172.16.0.1", "response_status": "200"}),
        ("192.168.1.1 GET /index.html?param=value 200 1234",
         "%{IP:client.ip} %{WORD:method} %{URIPATHPARAM:request.uri} %{NUMBER:response.status} %{NUMBER:response.bytes}",
         {"client": {"ip": "192.168.1.1"}, "method": "GET", "request": {"uri": "/index.html?param=value"},
          "response": {"status": "200", "bytes": "1234"}}),
        ('1629860738.123456 [0 127.0.0.1:6379] "SET" "key1" "value1"',
         "%{NUMBER:timestamp} [%{NUMBER:db} %{IP:client_ip}:%{NUMBER:client_port}] %{GREEDYDATA:data}",
         {"timestamp": "1629860738.123456", "db": "0", "client_ip": "127.0.0.1", "client_port": "6379",
          "data": '"SET" "key1" "value1"'}),
        ('127.0.0.1 - - [03/Aug/2023:12:34:56 +0000] "GET /page.html HTTP/1.1" 200 1234', "%{APACHE_ACCESS_LOG}",
         {"request": "/page.html", "http_method": "GET", "status_code": 200, "http_version": "1.1",
          "response_size": 1234, "remote_host": "127.0.0.1", "timestamp": "2023-08-03T12:34:56Z"}),
        ('192.168.1.100 - Foo [03/Aug/2023:12:34:56 +0000] "GET /account/login.html HTTP/1.1" 200 42'
         ' "https://www.amazon.com/" "Mozilla/5.0"', "%{NGINX_ACCESS_LOG}",
         {"request": "/account/login.html", "referrer": "https://www.amazon.com/", "agent": "Mozilla/5.0",
          "http_method": "GET", "status_code": 200, "auth_user": "Foo", "http_version": "1.1", "response_size": 42,
          "remote_host": "192.168.1.100", "timestamp": "2023-08-03T12:34:56Z"}),
        ('<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3"]'
         '[examplePriority@32473 class="high"]', "%{SYSLOG5424}",
         {"pri": 165, "version": 1, "timestamp": "2003-10-11T22:14:15.003Z", "hostname": "mymachine.example.com",
          "app": "evntslog", "msg_id": "ID47", "structured_data": 'exampleSDID@32473 iut="3"',
          "message": '[examplePriority@32473 class="high"]'}),
        ("abc def ghi", "%{DATA:x} %{DATA:y}", {"x": "abc", "y": "def ghi"}),
        ("abc def ghi", "%{GREEDYDATA:x} %{GREEDYDATA:y}", {"x": "abc def", "y": "ghi"}),
        ("192.168.1.1:8080", "%{HOSTPORT:ip}", {"ip": "192.168.1.1:8080", "PORT": "8080"}),
        ("<13.6>", "%{SYSLOGFACILITY:syslog}", {"syslog": "<13.6>", "facility": "13", "priority": "6"}),
        ("user.profile/settings-page[1234]", "%{SYSLOGPROG:it}",
         {"it": "user.profile/settings-page[1234]", "program": "user.profile/settings-page", "pid": "1234"}),
    ],
)  # fmt: skip
def test_groks_as_documented(message, match, found):
    assert transformed(message, {"grok": {"match": match}}) == found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("USERNAME", "user123.name-TEST"), ("INT", "-456"), ("BASE10NUM", "-0.67"), ("BASE16NUM", "+0xA1B2"),
        ("POSINT", "123"), ("NONNEGINT", "007"), ("WORD", "user_123"), ("UUID", "550e8400-e29b-41d4-a716-446655440000"),
        ("URN", "urn:isbn:0451450523"), ("ARN", "arn:aws:iam:us-east-1:123456789012:user/johndoe"),
        ("CISCOMAC", "0123.4567.89AB"), ("WINDOWSMAC", "01-23-45-67-89-AB"), ("MAC", "01:23:45:67:89:AB"),
        ("IPV6", "2001:db8:3333:4444:5555:6666:7777:8888"), ("IP", "192.168.0.1"), ("UNIXPATH", "/search?q=regex"),
        ("WINPATH", "C:\\Users\\John\\Documents\\file.txt"), ("TTY", "/dev/tty1"), ("URIPROTO", "web+transformer"),
        ("URIPATH", "/category/sub-category/product_name"), ("URIPARAM", "?param1=value1&param2=value2"),
        ("URI", "https://user:password@example.com/path/to/resource?param1=value1&param2=value2"), ("MONTH", "January"),
        ("MONTHNUM", "05"), ("MONTHDAY", "31"), ("YEAR", "2024"), ("DAY", "Tuesday"), ("HOUR", "22"), ("SECOND", "30.5"),
        ("TIME", "09:45:32"), ("DATE_US", "1-01-24"), ("DATE_EU", "23/11/2024"), ("ISO8601_TIMEZONE", "-530"),
        ("TIMESTAMP_ISO8601", "23-5-1T1:25+5:30"), ("TIMESTAMP_ISO8601", "2023-05-15T14:30:00+05:30"),
        ("DATE", "29.11.2024"), ("DATESTAMP", "29-11-2024 14:30:00"), ("DATESTAMP_RFC822", "Monday Jan 5 23 1:30:00 CDT"),
        ("DATESTAMP_RFC2822", "Mon, 15 May 2023 14:30:00 +0530"), ("DATESTAMP_OTHER", "Mon May 15 14:30:00 PST 2023"),
        ("DATESTAMP_EVENTLOG", "20230515143000"), ("LOGLEVEL", "WARNING"), ("HTTPDATE", "23/Nov/2024:14:30:00 +0640"),
        ("SYSLOGTIMESTAMP", "Nov 29 14:30:00"), ("PROG", "user.profile/settings-page"),
    ],
)  # fmt: skip
def test_every_grok_pattern_finds_its_documented_example(pattern, text):
    assert transformed(text, {"grok": {"match": f"%{{{pattern}:found}}"}}) == {"found": text}


@pytest.mark.parametrize(
    "config",
    [
        [],
        [{"addKeys": {"entries": []}}],
        [{"parseJSON": {}, "grok": {"match": "%{INT:a}"}}],
        [{"parseJSON": {}}, {"parseVPC": {}}],
        [{"parseJSON": {"source": "field"}}],
        [{"parseJSON": {}}, {"copyValue": {"entries": []}}, {"copyValue": {"entries": []}}],
        [{"parseJSON": {}}, {"addKeys": {"entries": [{"key": "a.b.c.d", "value": "x"}]}}],
        [{"parseJSON": {}}, {"listToMap": {"source": "a", "key": "b", "flatten": True}}],
        [{"parseJSON": {}}, {"substituteString": {"entries": [{"source": "a", "from": "(", "to": ""}]}}],
        [{"grok": {"match": "%{APACHE_ACCESS_LOG} %{SYSLOG5424}"}}],
        [{"grok": {"match": "%{NGINX_ACCESS_LOG} %{NUMBER:num}"}}],
        [{"grok": {"match": "%{GREEDYDATA:logMsg} %{SYSLOG5424}"}}],
        [{"grok": {"match": "%{NOTHING:x}"}}],
        [{"grok": {"match": "%{INT:x:int}"}}],
        [{"grok": {"match": "%{DATA:x}" * 6}}],
        [{"parseJSON": {}}, {"dateTimeConverter": {"source": "a", "target": "b", "matchPatterns": ["QQQ"]}}],
        [{"parseJSON": {}}, {"dateTimeConverter": {"source": "a", "target": "b", "matchPatterns": ["d"], "locale": "de"}}],
    ],
)  # fmt: skip
def test_refuses_what_is_no_transformer(config):
    with pytest.raises(InvalidTransformer):
        compile_transformer(config)


def test_refuses_by_name_what_it_does_not_know():
    with pytest.raises(Refused, match="parseToOCSF"):
        compile_transformer([{"parseToOCSF": {"eventSource": "VPCFlow", "ocsfVersion": "V1.1"}}])


def test_an_event_that_does_not_fit_is_left_alone():
    assert transformed("no json", {"parseJSON": {}}) is None
    for odd in ('{"labels": [7]}', '{"httpRequest": {"headers": [null]}}', "[]", '{"labels": [[]]}'):
        assert transformed(odd, {"parseWAF": {}}) is None
    assert mutated('{"a": "x"}', "typeConverter", {"entries": [{"key": "a", "type": "integer"}]}) is None
