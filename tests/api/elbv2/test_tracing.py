"""Load balancers as nodes of a trace."""

import json
import uuid

import pytest
from tests.api.elbv2.asking import fixed, forward, get, healthy, listen
from tests.support.server import wait_until

from trunkline.services.elbv2.model import LoadBalancer
from trunkline.services.elbv2.sampling import ORIGIN, samplings

PARENT = "53995c3f42cd8ad8"


@pytest.fixture
def trace_id():
    return f"1-67891233-{uuid.uuid4().hex[:24]}"


def segment(aws, trace_id):
    def stored():
        found = aws("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
        return found and json.loads(found[0]["Segments"][0]["Document"])

    return wait_until(stored, what="the segment")


def test_a_traced_request_has_a_segment_with_the_call_of_its_target(aws, elb, balancer, group, target, port, trace_id):
    one, blue = target("one"), group()
    elb.register_targets(TargetGroupArn=blue, Targets=[one.target])
    listen(elb, balancer, port, forward((blue, 1)))
    healthy(elb, blue)
    get(balancer, port, "/orders", **{"X-Amzn-Trace-Id": f"Root={trace_id};Parent={PARENT};Sampled=1"})
    told = segment(aws, trace_id)
    assert (told["name"], told["origin"], told["parent_id"]) == (balancer["LoadBalancerName"], ORIGIN, PARENT)
    assert told["http"]["request"]["method"] == "GET"
    assert told["http"]["request"]["url"] == f"http://{balancer['DNSName']}:{port}/orders"
    assert told["http"]["response"]["status"] == 200
    (call,) = told["subsegments"]
    assert call["namespace"] == "remote"
    assert blue.split("/")[1] == call["name"] == told["annotations"]["target_group"]


def test_what_the_load_balancer_answers_itself_is_told(aws, elb, balancer, port, trace_id):
    listen(elb, balancer, port, fixed(503))
    get(balancer, port, "/", **{"X-Amzn-Trace-Id": f"Root={trace_id};Sampled=1"})
    told = segment(aws, trace_id)
    assert told["fault"] is True
    assert "subsegments" not in told
    assert "parent_id" not in told


def rule(priority, **more):
    every = dict.fromkeys(("ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath", "ResourceARN"), "*")
    return {"RuleName": str(priority), "Priority": priority, "ReservoirSize": 1, "FixedRate": 0.05, **every, **more}


def test_sampling_rules_become_those_of_the_proxy():
    balancer = LoadBalancer("1", "us-east-1", "shop", "arn:shop", "x", "127.0.0.2", "", "", {}, [], 0)
    rules = [
        rule(1, ServiceName="other"),
        rule(2, ServiceName="SH?P", HTTPMethod="P*", URLPath="/orders/*", Host="*.example.com", FixedRate=1.0),
        rule(3, ReservoirSize=0),
        rule(4),
    ]
    first, rest = samplings(rules, balancer)
    assert {one.kind: one.values for one in first.conditions} == {
        "host-header": ("*.example.com",),
        "http-request-method": ("POST", "PUT", "PATCH"),
        "path-pattern": ("/orders/*",),
    }
    assert (first.rate, first.reservoir, rest.conditions, rest.rate, rest.reservoir) == (1.0, 1, (), 0.05, 0)
