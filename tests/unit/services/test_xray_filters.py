"""Filter expressions: every example of AWS's documentation, and the corners of the language.

Examples: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html
"""

import json

import pytest

from trunkline.services.xray.filters import BadFilter, matches, parse
from trunkline.services.xray.segments.trace import assemble

TRACE = "1-5759e988-bd862e3fe1be46a994272793"
T = 1_700_000_000.0


def entity(name, number, *, at=0.0, seconds=1.0, **more):
    return {"name": name, "id": f"{number:016x}", "start_time": T + at, "end_time": T + at + seconds, **more}


def segment(name, number, **more):
    return entity(name, number, trace_id=TRACE, **more)


def trace(*documents):
    return assemble(TRACE, [json.dumps(one) for one in documents], "000000000000")


def groups(by, value):
    known = {"high_response_time": "responseTime > 3", "loop": 'group.name = "loop"'}
    return parse(known[value])


def holds(expression, on):
    return matches(parse(expression), on, groups)


def status(code):
    return {"http": {"response": {"status": code}}}


def request(url, code=200):
    return {"http": {"request": {"url": url, "method": "GET"}, "response": {"status": code}}}


def annotated(**annotations):
    return trace(segment("web", 1, annotations=annotations))


FINE = trace(segment("web", 1, **status(200)))
NOT_FOUND = trace(segment("web", 1, **status(404)))
BROKEN = trace(segment("web", 1, fault=True))
SLOW = trace(segment("web", 1, seconds=6))
ON_EC2 = trace(segment("web", 1, aws={"ec2": {"instance_id": "i-1", "availability_zone": "us-east-1a"}}))
PARTIAL = trace({**segment("web", 1), "in_progress": True})
GAME = trace(segment("web", 1, **request("http://host/api/game/1"), user="alice", annotations={"gameid": "817DL6VO"}))


def fault_of(*entities, **root):
    """A trace whose root fails because of what is inside."""
    return trace(segment("web", 1, fault=True, subsegments=list(entities), **root))


DESERIALIZE = fault_of(entity("deserialize", 2, fault=True))
AUTH = trace(
    segment("web", 1, fault=True, subsegments=[entity("call", 2, fault=True, namespace="remote")]),
    segment("Auth", 3, parent_id=f"{2:016x}", fault=True),
)
TABLE = fault_of(entity("DynamoDB", 2, fault=True, namespace="aws"))
TRACES_TABLE = trace(
    segment("web", 1, fault=True, subsegments=[entity("traces", 2, fault=True, namespace="aws")]),
    segment("traces", 3, parent_id=f"{2:016x}", fault=True, inferred=True, origin="AWS::DynamoDB"),
)
TRACES_SLOW = trace(segment("web", 1, seconds=10, subsegments=[entity("traces", 2, seconds=9, namespace="remote")]))
HALF_SLOW = trace(segment("web", 1, seconds=10, subsegments=[entity("traces", 2, seconds=6, namespace="remote")]))
DENIED = fault_of(
    entity("work", 2, fault=True, cause={"exceptions": [{"message": "Access Denied for account_id: 1234567890"}]})
)
API = trace(
    segment("api.example.com", 1, subsegments=[entity("backend.example.com", 2, namespace="remote", error=True)]),
    segment("backend.example.com", 3, parent_id=f"{2:016x}", error=True),
)
API_BROKEN = trace(segment("api.example.com", 1, fault=True))
INNER_FAULT = trace(
    segment("web", 1, subsegments=[entity("x", 2, namespace="remote")]),
    segment("inner", 3, parent_id=f"{2:016x}", fault=True),
)
FUNCTION = trace(segment("random-name", 1, origin="AWS::Lambda::Function", error=True))
FUNCTION_SERVICE = trace(segment("random-name", 1, origin="AWS::Lambda", error=True))
V2 = trace(segment("web", 1, **request("http://api.example.com/v2/x")))
V2_API = trace(segment("api.example.com", 1, **request("http://api.example.com/v2/x")))
AGED = trace(segment("web", 1, subsegments=[entity("in", 2, annotations={"age": 30})]))
SIX = fault_of(entity("a", 2))  # a fault whose chain has one service
WEATHER = trace(
    segment("GetWeatherData", 1, seconds=10, subsegments=[entity("get_temperature", 2, seconds=9, namespace="remote")]),
    segment("GetTemperature", 3, seconds=9, parent_id=f"{2:016x}"),
)
BEGINS = 'http.url BEGINSWITH "http://api.example.com/" AND http.url CONTAINS "/v2/" AND !service("api.example.com")'
JSON = """rootcause.json = #[{ "Services": [ { "Name": "GetWeatherData", "EntityPath": [{ "Name": "GetWeatherData" },
 { "Name": "get_temperature" } ] }, { "Name": "GetTemperature", "EntityPath": [ { "Name": "GetTemperature" } ] } ] }]"""


@pytest.mark.parametrize(
    ("expression", "match", "other"),
    [
        ("responsetime > 5", SLOW, FINE),
        ("duration >= 5 AND duration <= 8", SLOW, FINE),
        ("ok", FINE, NOT_FOUND),
        ("!ok", NOT_FOUND, FINE),
        ("ok = false", BROKEN, FINE),
        ('rootcause.fault.entity { last and name = "deserialize" }', DESERIALIZE, AUTH),
        ('rootcause.responsetime.entity { remote and coverage > 0.7 and name = "traces" }', TRACES_SLOW, SLOW),
        (
            'rootcause.fault.service { inferred and name = traces and type = "AWS::DynamoDB" }',
            TRACES_TABLE,
            TABLE,
        ),
        ('service("data-plane") {root = true and fault = true}', trace(segment("data-plane", 1, fault=True)), BROKEN),
        ("http.status != 200", NOT_FOUND, FINE),
        ("ok !partial duration <3", FINE, PARTIAL),
        ("rootcause.responsetime.entity { last and coverage > 0.8 }", TRACES_SLOW, HALF_SLOW),
        ('http.url CONTAINS "/api/game/"', GAME, V2),
        ('user CONTAINS ""', GAME, FINE),
        ('rootcause.fault.service { name = "Auth" }', AUTH, TABLE),
        (
            'rootcause.responsetime.service { last and type = "AWS::DynamoDB" }',
            trace(segment("web", 1, seconds=5, subsegments=[entity("DynamoDB", 2, seconds=4, namespace="aws")])),
            TRACES_SLOW,
        ),
        # AWS's page leaves the closing brace of this one out.
        ('rootcause.fault.exception { last and message = "Access Denied for account_id: 1234567890" }', DENIED, AUTH),
        ('service("api.example.com") { fault }', API_BROKEN, API),
        ("service() { fault }", INNER_FAULT, FINE),
        ('edge("api.example.com", "backend.example.com") { error }', API, API_BROKEN),
        (BEGINS, V2, V2_API),
        ("http.url AND responseTime > 2", trace(segment("web", 1, seconds=3, **request("http://x/"))), SLOW),
        ('annotation.gameid = "817DL6VO"', GAME, AGED),
        ('annotation[gameid] = "817DL6VO"', GAME, AGED),
        ("annotation.age", AGED, GAME),
        ("!annotation.age", GAME, AGED),
        ("annotation.age > 29", AGED, GAME),
        ("annotation[age] > 29", AGED, GAME),
        ('group.name = "high_response_time" AND user = "alice"', trace(segment("w", 1, seconds=4, user="alice")), GAME),
        (JSON, WEATHER, SLOW),
        ('service("random-name") { error }', FUNCTION_SERVICE, FINE),
        ('service(id(name: "random-name", type: "AWS::Lambda::Function")) { error }', FUNCTION, FUNCTION_SERVICE),
        ('service(id(type: "AWS::Lambda::Function")) { error }', FUNCTION, FUNCTION_SERVICE),
        (
            'edge(id(name: "api.example.com", type: "service::type"), id(name: "service-two", type:"service::type"))',
            trace(
                segment("api.example.com", 1, origin="service::type", subsegments=[entity("x", 2, namespace="remote")]),
                segment("service-two", 3, parent_id=f"{2:016x}", origin="service::type"),
            ),
            API,
        ),
        ('service(id(account.id: "123456789012"))', trace(segment("w", 1, aws={"account_id": "123456789012"})), FINE),
        # Beyond the page's examples.
        ("http.status IN (404, 500)", NOT_FOUND, FINE),
        ("NOT ok OR partial", PARTIAL, FINE),
        ("(error OR fault) AND !partial", BROKEN, PARTIAL),
        ('edge(id(type: "client"), "api.example.com")', API, FINE),
        ('annotation.gameid ENDSWITH "VO"', GAME, AGED),
        ('annotation.age = "30"', annotated(age="30"), AGED),
        ("annotation.on", annotated(on=True), annotated(on=False)),
        ("annotation.n = 1", annotated(n=1), annotated(n=True)),
        ("inferred", TABLE, FINE),
        ('service("inner") { fault } AND ok', INNER_FAULT, BROKEN),
        ('rootcause.fault.json != #{"Services": [{"Name": "web"}]}', AUTH, BROKEN),
        ('instance.id = "i-1"', ON_EC2, FINE),
        ('availabilityzone = "us-east-1a"', ON_EC2, FINE),
    ],
)
def test_an_expression_selects_one_trace_and_not_the_other(expression, match, other):
    assert holds(expression, match)
    assert not holds(expression, other)


def test_an_index_counts_services_along_the_way_from_zero():
    chain = [segment("s0", 10, fault=True, subsegments=[entity("c", 100, fault=True, namespace="remote")])]
    for place in range(1, 7):
        inside = [entity("c", 100 + place, fault=True, namespace="remote")] if place < 6 else []
        parent = f"{99 + place:016x}"
        chain.append(segment(f"s{place}", 10 + place, parent_id=parent, fault=True, subsegments=inside))
    assert holds("rootcause.fault.service { index > 5 }", trace(*chain))
    assert not holds("rootcause.fault.service { index > 6 }", trace(*chain))
    assert not holds("rootcause.fault.service { index > 5 }", SIX)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "nothing",
        "responsetime >",
        "responsetime CONTAINS 5",
        'responsetime = "5"',
        "ok > true",
        "http.url > 5",
        "(ok",
        "ok)",
        "service(",
        'service("x") { ok',
        'edge("x")',
        "id(name: x)",
        'service(id(colour: "x"))',
        "rootcause.fault",
        "rootcause.colour.service",
        "rootcause.json = #[",
        "rootcause.json = 1",
        'user = "open',
        "annotation. = 1",
        "annotation[] = 1",
        "ok AND",
        "OR ok",
        "ok ; ok",
        "http.status IN ()",
        "(" * 5000,
        "!" * 5000,
        "ok " * 5000,
    ],
)
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(BadFilter):
        parse(expression)


def test_groups_that_refer_to_one_another_end():
    with pytest.raises(BadFilter):
        holds('group.name = "loop"', FINE)
