"""Queries made to hurt: they are refused, or cost what others cost."""

import time

import pytest
from tests.unit.services.logs_insights.asking import ask

from trunkline.services.logs.insights import MalformedQuery, compile_query

_LONG = ["a" * 100_000 + "!"]


def _compile(query):
    return compile_query(query, now_s=0, start_ms=0, end_ms=1000)


@pytest.mark.parametrize(
    "query",
    [
        "filter " + "(" * 500 + "a" + ")" * 500,
        "fields " + "abs(" * 500 + "1" + ")" * 500,
        "fields " + "-" * 5000 + "1",
        "fields " + "^".join("2" * 2000),
        "filter @message like /" + "a" * 3000 + "/",
        "filter @message like /(?=a)/",
        "filter @message like /a{1,1000000}{1,1000000}/",
        "filter @message like /[/",
        "parse @message /(?<a>" + "(" * 200 + "x" + ")" * 199 + ")/",
        "fields @message" + " | limit 5" * 101,
        "stats count(*)" + " | stats count(*)" * 10,
        "fields " + "+".join("1" * 4000),
        "filterIndex " + " or ".join(["a=1"] * 2000),
        "relevantfields where a > 1",
        "limit 0",
        "limit 1000001",
        "stats count(*) by bin(99999999999999999d)",
        "fields '\ud800'",
        "",
        "   # only a comment",
        "|",
        "\x00",
    ],
    ids=lambda query: ascii(query[:30]),
)
def test_what_cannot_be_is_malformed_at_once(query):
    begun = time.monotonic()
    with pytest.raises(MalformedQuery) as caught:
        _compile(query)
    assert 0 <= caught.value.start <= caught.value.end
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "query",
    [
        "filter @message like /(a+)+$/",
        "filter @message like /(a|a)*b/",
        "parse @message /(?<x>(a*)*b)/",
        'parse @message "' + "a*" * 50 + '" as ' + ", ".join(f"f{n}" for n in range(50)),
        "filter " + " or ".join(f"a{n} = {n}" for n in range(400)),
        "filter " + "not " * 1000 + "a = 1",
        "fields " + "replace(" * 30 + "@message" + ", 'a', 'b')" * 30 + " as x",
        "fields " + "jsonParse(" * 30 + "@message" + ")" * 30 + " as x",
        "fields " + "substr(base64decode(" * 15 + "@message" + "), 1)" * 15 + " as x",
        "fields pow, 10 ^ 400 as x, 0 / 0 as y, log(0) as z, fromMillis(9e18) as t, substr('a', -9e18, 9e18) as s",
        "fields '; DROP TABLE logs0; --' as x, `\"; --` as y, @message as `a\"b`",
        "filter @message = '$1 $2 ?'",
        "stats count(*) as `x\"y` by `k'; --`",
    ],
    ids=lambda query: query[:30],
)
def test_what_can_be_costs_no_more_than_others(query):
    begun = time.monotonic()
    ask(query, _LONG)
    assert time.monotonic() - begun < 10


def test_nesting_does_not_multiply_the_statement():
    deep = "fields " + "coalesce(trim(substr(tolower(" * 9 + "a" + "), 0)), 'x')" * 9 + " as x"
    assert len(_compile(deep).sql) < 20_000


def test_values_reach_the_statement_as_parameters_only():
    compiled = _compile("filter a = 'needle-1' and @message like /needle-2/ | fields needle3.b, 'needle-4' as x")
    assert "needle" not in compiled.sql
    assert len(compiled.values) >= 4
