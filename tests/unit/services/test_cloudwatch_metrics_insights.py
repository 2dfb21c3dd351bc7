"""Metrics Insights queries. Those marked so are AWS's own samples, from
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-queryexamples.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

import pytest

from trunkline.engines.telemetry import Bucket, Metric
from trunkline.services.cloudwatch.expressions import ExpressionError, Window
from trunkline.services.cloudwatch.metrics_insights import answer, parse

_WINDOW = Window(0, 120_000, 60)


def metric(name, namespace="AWS/EC2", account="111122223333", **dimensions):
    return Metric(account, "us-east-1", namespace, name, tuple(sorted(dimensions.items())))


@pytest.mark.parametrize(
    "text",
    [
        'SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer) GROUP BY LoadBalancer'
        " ORDER BY SUM() DESC LIMIT 10",
        'SELECT MAX(ActiveConnectionCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer) GROUP BY LoadBalancer'
        " ORDER BY SUM() DESC LIMIT 10",
        """SELECT COUNT(CallCount) FROM SCHEMA("AWS/Usage", Class, Resource, Service, Type)
        WHERE Type = 'API' GROUP BY Service, Resource ORDER BY COUNT() DESC LIMIT 20""",
        'SELECT SUM(ConsumedReadCapacityUnits) FROM SCHEMA("AWS/DynamoDB", TableName)'
        " GROUP BY TableName ORDER BY SUM() DESC LIMIT 10",
        'SELECT MAX(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId'
        " ORDER BY MAX() DESC LIMIT 10",
        'SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/ECS", ClusterName, ServiceName)'
        " GROUP BY ClusterName, ServiceName ORDER BY AVG() DESC",
        'SELECT SUM(Invocations) FROM SCHEMA("AWS/Lambda", FunctionName) GROUP BY FunctionName'
        " ORDER BY SUM() DESC LIMIT 10",
        'SELECT AVG("CPUUtilization") FROM "AWS/EC2"',
        "select avg(CPUUtilization) from \"AWS/EC2\" where InstanceId = 'i-1' and AutoScalingGroupName != 'a'",
        'SELECT MAX("disk used") FROM "My Namespace" GROUP BY "host name"',
    ],
)
def test_the_documented_samples_are_read(text):
    assert parse(text).metric


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT p99(x) FROM y", "expected one of AVG"),
        ("SELECT AVG(x)", "expected FROM"),
        ("SELECT AVG(x) FROM AWS/EC2", "unexpected '/'"),
        ("SELECT AVG(x) FROM y WHERE a = b", "single quotes"),
        ("SELECT AVG(x) FROM y WHERE a = 'b' OR c = 'd'", "unexpected OR"),
        ("SELECT AVG(x) FROM y LIMIT 501", "from 1 to 500"),
        ("SELECT AVG(x) FROM y ORDER BY AVG", "expected '\\('"),
        ("SELECT AVG(select) FROM y", "expected a metric"),
    ],
)
def test_what_is_no_query_is_refused(text, complaint):
    with pytest.raises(ExpressionError, match=complaint):
        parse(text)


def test_a_schema_means_its_dimensions_and_no_others():
    wanted = parse('SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId)').wants
    assert wanted(metric("CPUUtilization", InstanceId="i-1"))
    assert not wanted(metric("CPUUtilization", InstanceId="i-1", ImageId="ami-1"))
    assert parse('SELECT AVG(x) FROM SCHEMA("AWS/EC2")').wants(metric("x"))


def test_conditions_need_their_label():
    query = parse("SELECT AVG(x) FROM y WHERE Stage != 'test' AND AWS.AccountId = '111122223333'")
    assert query.wants(metric("x", Stage="live"))
    assert not query.wants(metric("x", Stage="test"))
    assert not query.wants(metric("x"))
    assert not query.wants(metric("x", Stage="live", account="444455556666"))


def test_groups_are_put_together_and_in_order():
    query = parse("SELECT AVG(x) FROM y GROUP BY Stage ORDER BY MAX() DESC LIMIT 2")
    buckets = {
        metric("x", Stage="a", Host="1"): [Bucket(0, 1, 10, 10, 10)],
        metric("x", Stage="a", Host="2"): [Bucket(0, 3, 50, 5, 30), Bucket(60_000, 1, 1, 1, 1)],
        metric("x", Stage="b", Host="1"): [Bucket(0, 1, 99, 99, 99)],
        metric("x", Stage="c", Host="1"): [Bucket(0, 1, 1, 1, 1)],
    }
    first, second = answer(query, _WINDOW, buckets.items())
    assert (first.label, first.points) == ("b", {0: 99.0})
    assert (second.label, second.points) == ("a", {0: 15.0, 60_000: 1.0})


@pytest.mark.parametrize(("function", "expected"), [("COUNT", 4), ("SUM", 60), ("MIN", 5), ("MAX", 30), ("AVG", 15)])
def test_without_groups_all_metrics_make_one_series(function, expected):
    found = [(metric("x", H="1"), [Bucket(0, 1, 10, 10, 10)]), (metric("x", H="2"), [Bucket(0, 3, 50, 5, 30)])]
    assert answer(parse(f"SELECT {function}(x) FROM y"), _WINDOW, found).points == {0: expected}
