"""join, subqueries, lookup, cidrlookup, appendcols, SOURCE.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Join.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Subqueries.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Lookup.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Cidrlookup.html
"""

import pytest
from tests.unit.services.logs_insights.asking import ask, column

from trunkline.services.logs.insights import MalformedQuery
from trunkline.services.logs.insights.parser import parse

_API = [{"requestId": "r1", "status": 500, "latency": 30}, {"requestId": "r2", "status": 503, "latency": 90}]
_LAMBDA = [{"requestId": "r2", "duration": 85, "memoryUsed": 64}, {"requestId": "r3", "duration": 1}]
_OTHERS = {"others": {"/aws/lambda/my-function": _LAMBDA}}


def test_requests_joined_with_their_executions():
    query = """filter status >= 500
    | join type=inner left=api right=lambda
        where api.requestId=lambda.requestId
        (SOURCE '/aws/lambda/my-function')
    | fields api.requestId, api.status, api.latency, lambda.duration, lambda.memoryUsed
    | sort api.latency desc"""
    assert ask(query, _API, **_OTHERS) == [
        {
            "api.requestId": "r2",
            "api.status": "503",
            "api.latency": "90",
            "lambda.duration": "85",
            "lambda.memoryUsed": "64",
        }
    ]


def test_a_left_join_keeps_what_has_no_partner():
    query = """join type=left left=a right=b where a.requestId=b.requestId (SOURCE '/aws/lambda/my-function'
        | filter duration > 10) | fields a.requestId, b.duration | sort requestId asc"""
    assert ask(query, _API, **_OTHERS) == [{"a.requestId": "r1"}, {"a.requestId": "r2", "b.duration": "85"}]


def test_a_field_called_like_the_other_side_is_a_field():
    query = (
        "join left=a right=b where a.requestId=b.requestId (SOURCE '/aws/lambda/my-function') | fields b, b.duration"
    )
    assert ask(query, [{"requestId": "r2", "b": 5}], **_OTHERS) == [{"b": "5", "b.duration": "85"}]


def test_a_filter_by_what_a_subquery_finds():
    query = """filter requestId in (
        SOURCE '/aws/lambda/my-function'
        | filter duration > 10
        | fields requestId
    )
    | fields @timestamp, requestId | sort @timestamp desc"""
    assert column(ask(query, _API, **_OTHERS), "requestId") == ["r2"]
    query = """filter requestId not in (SOURCE '/aws/lambda/my-function' | stats count(*) as n by requestId
        | filter n > 0 | fields requestId) | fields requestId"""
    assert column(ask(query, _API, **_OTHERS), "requestId") == ["r1"]


def test_subqueries_do_not_nest():
    with pytest.raises(MalformedQuery, match="nested subqueries"):
        parse("filter a in (SOURCE x | filter b in (SOURCE y | fields b) | fields a)")


_USERS = {"user_data": [("id", "name", "email"), ("7", "Ann", "ann@example.com")]}


def test_lookup_adds_columns_by_an_exact_match():
    query = "lookup user_data id as userId OUTPUT name, email as mail | display userId, name, mail"
    rows = ask(query, [{"userId": 7}, {"userId": 8}], lookups=_USERS)
    assert rows == [{"userId": "8"}, {"userId": "7", "name": "Ann", "mail": "ann@example.com"}]


def test_outputnew_fills_only_what_is_missing():
    events = [{"id": 7, "name": "mine"}]
    assert column(ask("lookup user_data id OUTPUT name", events, lookups=_USERS), "name") == ["Ann"]
    assert column(ask("lookup user_data id OUTPUTNEW name", events, lookups=_USERS), "name") == ["mine"]


def test_a_table_or_column_that_is_not_there_is_malformed():
    for query in (
        "lookup nobody id OUTPUT name",
        "lookup user_data id OUTPUT shoe",
        "lookup user_data key OUTPUT name",
    ):
        with pytest.raises(MalformedQuery):
            ask(query, [], lookups=_USERS)


def test_addresses_find_the_narrowest_network():
    table = {"net_table": [("cidr", "region"), ("10.0.0.0/8", "all"), ("10.1.0.0/16", "one"), ("bad", "x")]}
    events = [{"srcAddr": "10.1.2.3"}, {"srcAddr": "10.9.9.9"}, {"srcAddr": "8.8.8.8"}, {"srcAddr": "none"}]
    rows = ask(
        "fields srcAddr | cidrlookup net_table srcAddr OUTPUT region | sort @timestamp asc", events, lookups=table
    )
    assert column(rows, "region") == ["one", "all", None, None]


def test_columns_of_another_query_beside_these():
    query = "stats count(*) as cnt by status | appendcols ( SOURCE /aws | stats avg(duration) as avgLat )"
    query = query.replace("/aws", "'/aws/lambda/my-function'")
    assert ask(query, _API, **_OTHERS) == [
        {"status": "500", "cnt": "1", "avgLat": "43"},
        {"status": "503", "cnt": "1"},
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("SOURCE logGroups()", {"log_class": "STANDARD"}),
        ("SOURCE logGroups(accountIdentifiers:['111122223333'])", {"accounts": ("111122223333",)}),
        ("SOURCE logGroups(namePrefix: ['a', 'b'])", {"prefixes": ("a", "b")}),
        ("SOURCE logGroups(class: ['INFREQUENT_ACCESS'])", {"log_class": "INFREQUENT_ACCESS"}),
        ("SOURCE lg start=-1d end=now", {"names": ("lg",), "start": "-1d", "end": "now"}),
    ],
)
def test_sources(source, found):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html"""
    read = parse(f"{source} | fields @message").source
    assert {name: getattr(read, name) for name in found} == found
