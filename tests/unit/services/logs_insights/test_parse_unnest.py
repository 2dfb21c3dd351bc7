"""parse in all its modes, json, unnest, expand.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Parse.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Unnest.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Expand.html
"""

import pytest
from tests.unit.services.logs_insights.asking import ask, column

from trunkline.services.logs.insights import MalformedQuery

_LINE = "user=bob, method:GET, latency := 42"
_FLOW = "2 123456789012 eni-0a1b2c 10.0.0.1 10.0.0.2 443 5000 6 10 840 1418530010 1418530070 ACCEPT OK"


# The examples of AWS's pages.
def test_a_glob_takes_out_what_the_stars_stand_for():
    query = """parse @message "user=*, method:*, latency := *" as @user,
        @method, @latency | stats avg(@latency) by @method, @user"""
    assert ask(query, [_LINE, "user=bob, method:GET, latency := 44"]) == [
        {"@method": "GET", "@user": "bob", "avg(@latency)": "43"}
    ]


def test_a_glob_over_another_field_and_chained():
    query = 'parse @logStream "*/*" as env, instance | stats count(*) by env, instance'
    assert ask(query, ["x"]) == [{"env": "web", "instance": "1", "count(*)": "1"}]
    query = (
        'parse @message "url=*" as url | parse url "/api/*/users/*" as apiVersion, userId | display apiVersion, userId'
    )
    assert ask(query, ["GET url=/api/v2/users/77"]) == [{"apiVersion": "v2", "userId": "77"}]


def test_named_groups_of_a_regular_expression():
    query = r"parse @message /user=(?<user2>.*?), method:(?<method2>.*?), latency := (?<latency2>\d+)/"
    query += " | stats avg(latency2) by method2, user2"
    assert ask(query, [_LINE]) == [{"method2": "GET", "user2": "bob", "avg(latency2)": "42"}]
    query = "parse @message /(?<NetworkInterface>eni-.*?) /\n| display NetworkInterface, @message"
    assert ask(query, [_FLOW]) == [{"NetworkInterface": "eni-0a1b2c", "@message": _FLOW}]


def test_an_event_that_does_not_match_stays_without_the_fields():
    rows = ask('parse @message "user=*," as u | sort @timestamp asc', [_LINE, "nobody"])
    assert [row.get("u") for row in rows] == ["bob", None]
    assert list(rows[0]) == ["@timestamp", "@message", "u"]


def test_every_match_is_a_row_of_its_own():
    query = (
        r"parse @message /(\d+\.\d+\.\d+\.\d+)/ as ip_addr multi | stats count(*) as n by ip_addr | sort ip_addr asc"
    )
    rows = ask(query, ["from 10.0.0.1 to 10.0.0.2", "from 10.0.0.1", "no address"])
    assert rows == [{"ip_addr": "10.0.0.1", "n": "2"}, {"ip_addr": "10.0.0.2", "n": "1"}, {"n": "1"}]


def test_logfmt_is_a_map():
    events = ['level=error msg="it \\"broke\\"" duration=12', "level=info msg=fine duration=1"]
    query = 'parse @message logfmt as lf | filter lf.level = "error" | display lf.msg, lf.duration'
    assert ask(query, events) == [{"lf.msg": 'it "broke"', "lf.duration": "12"}]
    assert column(ask("parse @message logfmt as lf | stats sum(lf.duration) as s", events), "s") == ["13"]


def test_csv_goes_to_the_fields_in_order():
    query = 'parse @message csv as timestamp, level, message | filter level = "ERROR" | display timestamp, message'
    events = ['12:00,ERROR,"a, ""b"""', "12:01,INFO,x"]
    assert ask(query, events) == [{"timestamp": "12:00", "message": 'a, "b"'}]


def test_json_within_a_field():
    query = r"parse @message /(?<payload>\{.*\})/ as payload"
    query += '| json field=payload "user.name" as username | display username'
    assert ask(query, ['got {"user": {"name": "Ann"}} there']) == [{"username": "Ann"}]
    query = 'json field=requestContext "identity.sourceIp" as caller_ip | stats count(*) by caller_ip'
    events = [{"requestContext": {"identity": {"sourceIp": "1.2.3.4"}}}]
    assert ask(query, events) == [{"caller_ip": "1.2.3.4", "count(*)": "1"}]


def test_unnest_makes_a_row_of_each_item():
    event = {"events": [{"name": "exception"}, {"name": "user action"}]}
    query = "fields jsonParse(@message) as json_message | unnest json_message.events into event | display event.name"
    assert sorted(column(ask(query, [event]), "event.name")) == ["exception", "user action"]
    accounts = {"accounts": [{"type": "internal", "id": 1}, {"type": "external", "id": 2}]}
    query = "fields jsonParse(@message) as js | unnest js.accounts into account | filter account.type = 'internal'"
    assert len(ask(query, [accounts])) == 1
    spans = [{"accountId": "a", "droppedSpans": 2}, {"accountId": "a", "droppedSpans": 3}]
    query = """fields jsonParse(trimmedData) as accounts | unnest accounts into account
    | stats sum(account.droppedSpans) as n by account.accountId | sort n desc | limit 10"""
    assert ask(query, [{"trimmedData": spans}]) == [{"account.accountId": "a", "n": "5"}]


def test_what_is_no_list_is_one_item_and_an_empty_list_none():
    events = [{"v": "one"}, {"v": []}, {"v": {"k": 1}}]
    assert sorted(column(ask("unnest v into item | display item", events), "item")) == ["one", '{"k":1}']


def test_expand_repeats_the_other_fields():
    rows = ask("expand items | stats count(*) by items, host", [{"items": ["apple", "banana"], "host": "web-01"}])
    assert rows == [
        {"items": "apple", "host": "web-01", "count(*)": "1"},
        {"items": "banana", "host": "web-01", "count(*)": "1"},
    ]


def test_maps_and_lists_read_by_path_and_index():
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html"""
    event = {"status_code": 200, "users": [{"action": "GetData"}, {"action": "PutData"}], "user.id": "123"}
    query = "fields jsonParse(@message) as json_message | "
    assert ask(query + "stats count() by json_message.status_code", [event])[0]["json_message.status_code"] == "200"
    assert len(ask(query + 'filter json_message.users[1].action = "PutData"', [event])) == 1
    assert len(ask(query + 'filter json_message.`user.id` = "123"', [event])) == 1
    assert ask(query + 'filter json_message = "x"', [event]) == []


@pytest.mark.parametrize(
    "query",
    [
        'parse @message "* *" as one',
        "parse @message /(a)(b)/ as one",
        "parse @message /abc/",
        "parse @message /(?<a>x(?=y))/",
        "parse @message /(?<a>x/",
        'parse @message "*"',
    ],
)
def test_a_parse_that_cannot_be_is_malformed(query):
    with pytest.raises(MalformedQuery):
        ask(query, ["x"])


def test_fields_of_aws_own_logs_are_discovered():
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html"""
    row = ask("fields srcAddr, dstPort, bytes, action, interfaceId", [_FLOW])[0]
    assert row == {
        "srcAddr": "10.0.0.1",
        "dstPort": "5000",
        "bytes": "840",
        "action": "ACCEPT",
        "interfaceId": "eni-0a1b2c",
    }
    dns = "1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -"
    assert ask("fields queryName, queryType, edgeLocation", [dns])[0]["queryName"] == "example.com"
    report = (
        "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 102.25 ms\tBilled Duration: 103 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 65 MB\tInit Duration: 200.50 ms\t"
    )
    row = ask("fields @type, @duration, @billedDuration, @memorySize, @maxMemoryUsed, @initDuration", [report])[0]
    assert list(row.values()) == ["REPORT", "102.25", "103", "128000000", "65000000", "200.5"]


def test_lambdas_lines_show_the_json_within_them():
    line = '2024-01-01T00:00:00Z\tINFO\t{"order": 7}'
    assert column(ask("fields order", [line], lambda_logs=True), "order") == ["7"]
    assert column(ask("fields order", [line]), "order") == [None]
