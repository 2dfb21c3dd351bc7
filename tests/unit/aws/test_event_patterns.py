"""Event patterns: what they match, and which cannot be."""

import orjson
import pytest

from trunkline.aws.event_patterns import PatternError, compile_document, compile_pattern

EVENT = {
    "source": "aws.ec2",
    "detail-type": "State Change",
    "detail": {
        "state": "running",
        "count": 5,
        "price": 2.50,
        "ok": True,
        "nothing": None,
        "empty": "",
        "list": ["a", "b"],
        "ip": "10.0.0.7",
        "name": "Report-2026.PNG",
        "things": [{"kind": "x", "size": 1}, {"kind": "y", "size": 9}],
    },
}

MATCHES = [
    '{"source":["aws.ec2"]}',
    '{"source":["aws.s3","aws.ec2"]}',
    '{"detail":{"state":["running"],"count":[5]}}',
    '{"detail":{"price":[2.5]}}',
    '{"detail":{"ok":[true]}}',
    '{"detail":{"nothing":[null]}}',
    '{"detail":{"empty":[""]}}',
    '{"detail":{"list":["b"]}}',
    '{"detail":{"state":[{"prefix":"run"}]}}',
    '{"detail":{"name":[{"prefix":{"equals-ignore-case":"report-"}}]}}',
    '{"detail":{"name":[{"suffix":".PNG"}]}}',
    '{"detail":{"name":[{"suffix":{"equals-ignore-case":".png"}}]}}',
    '{"detail":{"state":[{"equals-ignore-case":"RUNNING"}]}}',
    '{"detail":{"name":[{"wildcard":"Rep*2026*"}]}}',
    '{"detail":{"state":[{"anything-but":"stopped"}]}}',
    '{"detail":{"state":[{"anything-but":["stopped","stopping"]}]}}',
    '{"detail":{"count":[{"anything-but":[1,2]}]}}',
    '{"detail":{"state":[{"anything-but":{"prefix":"stop"}}]}}',
    '{"detail":{"state":[{"anything-but":{"prefix":["a","b"]}}]}}',
    '{"detail":{"name":[{"anything-but":{"wildcard":"*.txt"}}]}}',
    '{"detail":{"list":[{"anything-but":"a"}]}}',
    '{"detail":{"count":[{"numeric":["=",5]}]}}',
    '{"detail":{"count":[{"numeric":[">",0,"<=",5]}]}}',
    '{"detail":{"state":[{"exists":true}]}}',
    '{"detail":{"absent":[{"exists":false}]}}',
    '{"other":{"deep":[{"exists":false}]}}',
    '{"detail":{"ip":[{"cidr":"10.0.0.0/24"}]}}',
    '{"detail":{"things":{"kind":["y"],"size":[9]}}}',
    '{"detail":{"$or":[{"state":["stopped"]},{"count":[{"numeric":["<",10]}]}]}}',
    '{"source":["aws.ec2"],"$or":[{"detail":{"ok":[true]}},{"detail":{"ok":[false]}}]}',
    '{"detail":{"absent":["x",{"exists":false}]}}',
]

MISSES = [
    '{"source":["aws"]}',
    '{"detail":{"state":["running"],"count":[6]}}',
    '{"detail":{"ok":[1]}}',
    '{"detail":{"count":[true]}}',
    '{"detail":{"count":["5"]}}',
    '{"detail":{"nothing":["null"]}}',
    '{"detail":{"list":["c"]}}',
    '{"detail":{"state":[{"prefix":"unn"}]}}',
    '{"detail":{"name":[{"suffix":".png"}]}}',
    '{"detail":{"name":[{"wildcard":"Rep*2025*"}]}}',
    '{"detail":{"state":[{"anything-but":"running"}]}}',
    '{"detail":{"absent":[{"anything-but":"running"}]}}',
    '{"detail":{"state":[{"anything-but":{"suffix":"ing"}}]}}',
    '{"detail":{"count":[{"numeric":[">",5]}]}}',
    '{"detail":{"state":[{"numeric":["=",5]}]}}',
    '{"detail":{"state":[{"exists":false}]}}',
    '{"detail":{"absent":[{"exists":true}]}}',
    '{"detail":{"ip":[{"cidr":"10.0.1.0/24"}]}}',
    '{"detail":{"state":[{"cidr":"10.0.1.0/24"}]}}',
    '{"detail":{"things":{"kind":["x"],"size":[9]}}}',
    '{"detail":{"$or":[{"state":["stopped"]},{"count":[{"numeric":[">",10]}]}]}}',
    '{"detail":{"absent":{"deep":["x"]}}}',
    '{"detail":["x"]}',
]

BROKEN = [
    "",
    "[]",
    "{}",
    '"x"',
    '{"a":"b"}',
    '{"a":[]}',
    '{"a":{}}',
    '{"a":[{"no-such":1}]}',
    '{"a":[{"prefix":1}]}',
    '{"a":[{"prefix":"a","suffix":"b"}]}',
    '{"a":[{"exists":"yes"}]}',
    '{"a":[{"numeric":["~",1]}]}',
    '{"a":[{"numeric":[">"]}]}',
    '{"a":[{"numeric":[">",5,"<",1]}]}',
    '{"a":[{"cidr":"no"}]}',
    '{"a":[{"anything-but":[]}]}',
    '{"a":[{"anything-but":{"numeric":["=",1]}}]}',
    '{"a":[{"wildcard":"a**b"}]}',
    '{"a":[["x"]]}',
]


@pytest.mark.parametrize("pattern", MATCHES)
def test_matches(pattern):
    assert compile_pattern(pattern).matches(EVENT)


@pytest.mark.parametrize("pattern", MISSES)
def test_does_not_match(pattern):
    assert not compile_pattern(pattern).matches(EVENT)


@pytest.mark.parametrize("pattern", BROKEN)
def test_refuses(pattern):
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "result"), [("a*b", "axxb", True), ("a\\*b", "a*b", True), ("a\\*b", "axb", False)]
)
def test_wildcards_and_their_escape(pattern, text, result):
    compiled = compile_pattern(orjson.dumps({"a": [{"wildcard": pattern}]}).decode())
    assert compiled.matches({"a": text}) is result


@pytest.mark.parametrize(
    ("matcher", "why"),
    [
        ({"numeric": [["<"], 5]}, "range operator"),
        ({"numeric": [">", 1, {}, 3]}, "range operator"),
        ({"cidr": 5}, "CIDR"),
        ({"cidr": ["10.0.0.0/8"]}, "CIDR"),
        ({"wildcard": "ab**"}, "characters at pos 2"),
    ],
)
def test_operands_of_the_wrong_kind_are_refused_by_name(matcher, why):
    with pytest.raises(PatternError, match=why):
        compile_document({"detail": {"k": [matcher]}})
